//! The AXI4-Stream ports that frames travel on, as rust-hdl interfaces.
//!
//! A *beat* is one transfer (`tvalid` and `tready` high at a clock edge), a *frame* ends at `tlast`. Byte 0 is bits
//! 7..0 of `tdata[0]`. `tdata` is carried as `WORDS` words of 32 bits, because rust-hdl simulates `Bits<32>` as one
//! integer and anything wider as an array of `bool`; the exported tops join the words into one `tdata` pin.

use rust_hdl::prelude::*;

/// Bits in one word of `tdata`.
pub const WORD_W: usize = 32;

/// Implements the rust-hdl traits for a set of signals that is a part of its block rather than a block of its own.
/// The crate's derive does not take arrays.
macro_rules! interface {
    ($(#[$doc:meta])* $name:ident<$($generic:ident),*> { $($(#[$field_doc:meta])* $field:ident: $kind:ty = $init:expr,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name<$(const $generic: usize),*> {
            $($(#[$field_doc])* pub $field: $kind,)*
        }

        impl<$(const $generic: usize),*> Default for $name<$($generic),*> {
            fn default() -> Self {
                Self { $($field: $init,)* }
            }
        }

        impl<$(const $generic: usize),*> Logic for $name<$($generic),*> {
            fn update(&mut self) {}
        }

        impl<$(const $generic: usize),*> Block for $name<$($generic),*> {
            fn connect_all(&mut self) {
                $(self.$field.connect_all();)*
            }

            fn update_all(&mut self) {
                $(self.$field.update_all();)*
            }

            fn has_changed(&self) -> bool {
                false $(|| self.$field.has_changed())*
            }

            fn accept(&self, name: &str, probe: &mut dyn Probe) {
                probe.visit_start_namespace(name, self);
                $(self.$field.accept(stringify!($field), probe);)*
                probe.visit_end_namespace(name, self);
            }
        }

        impl<$(const $generic: usize),*> $crate::evaluate::Evaluate for $name<$($generic),*> {
            fn enter(&mut self) -> bool {
                false $(| $crate::evaluate::Evaluate::enter(&mut self.$field))*
            }

            fn leave(&mut self) -> bool {
                false $(| $crate::evaluate::Evaluate::leave(&mut self.$field))*
            }

            fn has_left(&self) -> bool {
                false $(|| $crate::evaluate::Evaluate::has_left(&self.$field))*
            }

            fn is_started(&self) -> bool {
                false $(|| $crate::evaluate::Evaluate::is_started(&self.$field))*
            }

            fn start(&mut self) {
                $($crate::evaluate::Evaluate::start(&mut self.$field);)*
            }
        }
    };
}
pub(crate) use interface;

interface! {
    /// Where frames enter a block: `WORDS` x 32 bits of data, `KEEP_W` = 4 x `WORDS` byte enables, `DEST_W` bits of
    /// destination (an egress index or an egress mask, as the block says).
    StreamSink<WORDS, KEEP_W, DEST_W> {
        /// The beat's bytes, byte 0 lowest. Unused: any value.
        tdata: [Signal<In, Bits<32>>; WORDS] = std::array::from_fn(|_| Signal::default()),
        /// Which bytes count: contiguous from byte 0, all of them except on the last beat. Unused: any value.
        tkeep: Signal<In, Bits<KEEP_W>> = Signal::default(),
        /// A beat is offered; it holds, with everything beside it, until `tready`. Unused: 0.
        tvalid: Signal<In, Bit> = Signal::default(),
        /// The beat is taken at the next clock edge. Reset: 0.
        tready: Signal<Out, Bit> = Signal::default(),
        /// The frame's last beat. Unused: any value.
        tlast: Signal<In, Bit> = Signal::default(),
        /// Where the frame goes; read at its first beat. Unused: any value.
        tdest: Signal<In, Bits<DEST_W>> = Signal::default(),
        /// On the last beat: the frame is poisoned. Unused: any value.
        tuser: Signal<In, Bit> = Signal::default(),
    }
}

interface! {
    /// Where frames leave a block: `WORDS` x 32 bits of data, `KEEP_W` = 4 x `WORDS` byte enables.
    StreamSource<WORDS, KEEP_W> {
        /// The beat's bytes, byte 0 lowest. Reset: counts with `tvalid` only.
        tdata: [Signal<Out, Bits<32>>; WORDS] = std::array::from_fn(|_| Signal::default()),
        /// Which bytes count: contiguous from byte 0, all of them except on the last beat. Reset: counts with
        /// `tvalid` only.
        tkeep: Signal<Out, Bits<KEEP_W>> = Signal::default(),
        /// A beat is offered; it holds, with everything beside it, until `tready`. Reset: 0.
        tvalid: Signal<Out, Bit> = Signal::default(),
        /// The beat is taken at the next clock edge. Unused: 1, or lossless frames wait for ever.
        tready: Signal<In, Bit> = Signal::default(),
        /// The frame's last beat. Reset: counts with `tvalid` only.
        tlast: Signal<Out, Bit> = Signal::default(),
        /// On the last beat: the frame is poisoned. Reset: counts with `tvalid` only.
        tuser: Signal<Out, Bit> = Signal::default(),
    }
}

interface! {
    /// Where Ethernet frames enter the switch: a [`StreamSink`] without `tdest`, because a frame's own addresses say where
    /// it goes.
    FrameSink<WORDS, KEEP_W> {
        /// The beat's bytes, byte 0 lowest. Unused: any value.
        tdata: [Signal<In, Bits<32>>; WORDS] = std::array::from_fn(|_| Signal::default()),
        /// Which bytes count: contiguous from byte 0, all of them except on the last beat. Unused: any value.
        tkeep: Signal<In, Bits<KEEP_W>> = Signal::default(),
        /// A beat is offered; it holds, with everything beside it, until `tready`. Unused: 0.
        tvalid: Signal<In, Bit> = Signal::default(),
        /// The beat is taken at the next clock edge. Reset: to be ignored, no beat is taken.
        tready: Signal<Out, Bit> = Signal::default(),
        /// The frame's last beat. Unused: any value.
        tlast: Signal<In, Bit> = Signal::default(),
        /// On the last beat: the frame is poisoned. Unused: any value.
        tuser: Signal<In, Bit> = Signal::default(),
    }
}
