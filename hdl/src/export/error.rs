//! What can be wrong with a block, each with the block and the field it is about.

/// Why a block cannot be printed as Verilog. `block` is the Rust type, `field` the path of a signal in it.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// A block has no `describe!` line, so neither a module name nor a header.
    #[error("block at `{path}` has no describe! line: add describe!(\"first line of its docs\") to its impl Logic")]
    Undescribed {
        /// Where the block stands, from the top.
        path: String,
    },
    /// A block has no `#[hdl_gen]` kernel.
    #[error("block `{block}` has no kernel: put #[hdl_gen] on its update, or list it as a leaf of the exporter")]
    NoKernel {
        /// The block's Rust type.
        block: String,
    },
    /// A kernel reads or writes a name that is no signal of the block.
    #[error(
        "block `{block}`: `{name}` is no signal: constants and const generics go through a Constant field, \
         field names do not start with `_`, structs are one level deep, and ports of a sub-block's sub-blocks \
         are out of reach"
    )]
    UnknownName {
        /// The block's Rust type.
        block: String,
        /// The name as the kernel has it.
        name: String,
    },
    /// A field's name does not survive rust-hdl's macros.
    #[error("block `{block}`: field `{field}` ends in `self`, which rust-hdl cuts out of names: rename it")]
    FieldName {
        /// The block's Rust type.
        block: String,
        /// The field.
        field: String,
    },
    /// An index of an array of signals is not made of loop variables and literals.
    #[error("block `{block}`: index `{index}` of `{name}` must be made of loop variables, literals and + - *")]
    Index {
        /// The block's Rust type.
        block: String,
        /// The name with its indices.
        name: String,
        /// The index that was refused.
        index: String,
    },
    /// Two widths that must be equal are not.
    #[error("block `{block}`: {what} is {got} bits wide where {want} are wanted: cast it")]
    Width {
        /// The block's Rust type.
        block: String,
        /// The expression.
        what: String,
        /// Its width.
        got: usize,
        /// The width of what it meets.
        want: usize,
    },
    /// A literal does not fit the signal it meets.
    #[error("block `{block}`: {value} does not fit in {width} bits at `{what}`")]
    LiteralTooWide {
        /// The block's Rust type.
        block: String,
        /// The value.
        value: i128,
        /// The width it must fit.
        width: usize,
        /// Where.
        what: String,
    },
    /// A number stands where nothing gives it a width.
    #[error(
        "block `{block}`: nothing gives {value} a width at `{what}`: write bits::<W>({value})"
    )]
    Unsized {
        /// The block's Rust type.
        block: String,
        /// The value.
        value: i128,
        /// Where.
        what: String,
    },
    /// A constant select reaches past the last bit.
    #[error("block `{block}`: bits {offset}..{} of `{field}` are past its {of} bits: select less", offset + width)]
    SelectPastEnd {
        /// The block's Rust type.
        block: String,
        /// What is selected from.
        field: String,
        /// The first bit.
        offset: usize,
        /// How many bits.
        width: usize,
        /// How many there are.
        of: usize,
    },
    /// A wire or output is read before it has a value in this evaluation.
    #[error("block `{block}`: `{field}` is read before it is written on every path: move its assignment up")]
    ReadBeforeWrite {
        /// The block's Rust type.
        block: String,
        /// The signal.
        field: String,
    },
    /// A signal keeps its old value on some path.
    #[error("block `{block}`: `{field}` is a latch: give it a value on every path, best at the top of update")]
    Latch {
        /// The block's Rust type.
        block: String,
        /// The signal.
        field: String,
    },
    /// Nothing drives a signal.
    #[error("block `{block}`: nothing drives `{field}`: assign it in update")]
    Undriven {
        /// The block's Rust type.
        block: String,
        /// The signal.
        field: String,
    },
    /// A kernel reads an input of something it contains.
    #[error("block `{block}`: `{field}` is an input of a sub-block and cannot be read: read `q`, or a wire")]
    ReadsInput {
        /// The block's Rust type.
        block: String,
        /// The signal.
        field: String,
    },
    /// A kernel writes what it does not drive.
    #[error("block `{block}`: `{field}` cannot be assigned here: it is driven from elsewhere")]
    NotDrivable {
        /// The block's Rust type.
        block: String,
        /// The signal.
        field: String,
    },
    /// A clock is used as data, or not connected straight to a clock.
    #[error("block `{block}`: clock `{field}` must be connected once, outside any `if`, straight to another clock")]
    Clock {
        /// The block's Rust type.
        block: String,
        /// The signal.
        field: String,
    },
    /// Something the exporter does not print.
    #[error("block `{block}`: {what}")]
    Unsupported {
        /// The block's Rust type.
        block: String,
        /// What, and the remedy.
        what: String,
    },
    /// A pasted body of Verilog is not admitted.
    #[error("block `{block}`: {what}")]
    Leaf {
        /// The block's Rust type.
        block: String,
        /// What is wrong.
        what: String,
    },
    /// The table of pins does not fit the top block.
    #[error("top `{top}`: {what}")]
    Pins {
        /// The top's name.
        top: String,
        /// What is wrong.
        what: String,
    },
}
