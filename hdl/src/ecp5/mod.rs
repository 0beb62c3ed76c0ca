//! Cells of Lattice ECP5: how blocks instantiate them, and the simulation models that are shipped beside an export.
//!
//! The models are plain Verilog-2005 and say at each rule where it is documented: [`DP16KD`], [`PFUMX`], [`LUT4`]. They are for
//! simulation and lint; synthesis takes its own cells.

use std::fmt::Write as _;

use rust_hdl::prelude::{Verilog, Wrapper};

#[cfg(test)]
mod tests;

/// Model of the block RAM.
pub const DP16KD: &str = include_str!("dp16kd.v");

/// Model of the multiplexer between the two LUT4 of a slice.
pub const PFUMX: &str = include_str!("pfumx.v");

/// Model of the four-input function.
pub const LUT4: &str = include_str!("lut4.v");

/// Bits of a block RAM.
const RAM_BITS: usize = 18_432;

/// Bits of a block RAM's widest port.
const WIDEST_PORT: usize = 36;

/// Data pins of one port.
const DATA_PINS: usize = 18;

/// Address pins of one port.
const ADDRESS_PINS: usize = 14;

/// A memory of `2^depth_w` words of `width` bits: as many [`DP16KD`] side by side as that takes, pseudo dual port, with
/// output registers. `write` and `read` are the words as Verilog concatenates them.
///
/// The block's ports are `clock`, `write_enable`, `write_address`, `read_enable`, `read_address` and `output_enable`.
/// Latency is 2 cycles: an edge with `read_enable` takes the word from `read_address` into the latch, one with
/// `output_enable` the latch into the register. A read at the edge that writes its word gives an undefined word.
///
/// Port A writes and port B reads. At 36 bits a word's lower half travels on the A data pins and its upper half on the B
/// pins, in both directions, and both halves of the output register are port B's, with `OCEB` as their enable: see the
/// model. `OCEA` has the same net and `CEA` is high, so nothing of the write port could hold the lower half back.
///
/// # Panics
/// If `depth_w` is not 2 to 14: no RAM is deeper, and one bit of address cannot be selected from.
#[must_use]
pub fn block_ram(depth_w: usize, width: usize, write: &str, read: &str) -> Verilog {
    assert!(
        (2..=ADDRESS_PINS).contains(&depth_w),
        "a memory of DP16KD has 2^2 to 2^14 words, not 2^{depth_w}"
    );
    let port_w = WIDEST_PORT.min(RAM_BITS >> depth_w);
    let rams = width.div_ceil(port_w);
    let spare = rams * port_w - width;
    let (mut write, mut read) = (write.to_owned(), read.to_owned());
    let mut code = String::new();
    if spare > 0 {
        write.insert_str(0, &format!("{spare}'d0, "));
        read.insert_str(0, "unused_read, ");
        let _ = writeln!(code, "wire [{}:0] unused_read;", spare - 1);
    }
    let _ = write!(
        code,
        "wire [{msb}:0] write_word = {{{write}}};\n\
         wire [{msb}:0] read_word;\n\
         assign {{{read}}} = read_word;\n",
        msb = rams * port_w - 1,
    );
    for ram in 0..rams {
        let _ = write!(code, "\n{}", one_ram(ram, depth_w, port_w));
    }
    Verilog::Wrapper(Wrapper {
        code,
        cores: DP16KD.into(),
    })
}

/// The `DP16KD` that holds bits `ram * port_w ..` of every word.
fn one_ram(ram: usize, depth_w: usize, port_w: usize) -> String {
    let bit = |net: &str, bit: usize| format!("{net}[{}]", ram * port_w + bit);
    let mut lines = Vec::new();
    let mut line = |pins: Vec<String>| lines.push(pins.join(", "));
    let mut unused = 0;
    for (port, first, clock_enable, write_enable, address) in [
        ("A", 0, "1'b1", "write_enable", "write_address"),
        ("B", DATA_PINS, "read_enable", "1'b0", "read_address"),
    ] {
        line(vec![
            format!(".CLK{port}(clock), .CE{port}({clock_enable}), .WE{port}({write_enable})"),
            format!(".OCE{port}(output_enable), .RST{port}(1'b0)"),
        ]);
        line(vec![format!(
            ".CS{port}0(1'b0), .CS{port}1(1'b0), .CS{port}2(1'b0)"
        )]);
        // The address stands on the highest pins; byte enables of a wide write port on the lowest.
        let spare = ADDRESS_PINS - depth_w;
        line(
            (0..ADDRESS_PINS)
                .map(|pin| {
                    let net = match pin {
                        pin if pin >= spare => format!("{address}[{}]", pin - spare),
                        pin if port == "A" && port_w > 9 && pin < port_w / 9 => "1'b1".into(),
                        _ => "1'b0".into(),
                    };
                    format!(".AD{port}{pin}({net})")
                })
                .collect(),
        );
        line(
            (0..DATA_PINS)
                .map(|pin| {
                    let net = match first + pin {
                        place if place < port_w => bit("write_word", place),
                        _ => "1'b0".into(),
                    };
                    format!(".DI{port}{pin}({net})")
                })
                .collect(),
        );
        // A 36-bit word leaves through the pins of both ports, a narrower one through those of port B.
        line(
            (0..DATA_PINS)
                .map(|pin| {
                    let place = match (port_w, port) {
                        (WIDEST_PORT, _) => Some(first + pin),
                        (_, "B") => Some(pin).filter(|pin| *pin < port_w),
                        _ => None,
                    };
                    let net = place.map_or_else(
                        || {
                            unused += 1;
                            format!("unused_{ram}[{}]", unused - 1)
                        },
                        |place| bit("read_word", place),
                    );
                    format!(".DO{port}{pin}({net})")
                })
                .collect(),
        );
    }
    let wire = match unused {
        0 => String::new(),
        count => format!("wire [{}:0] unused_{ram};\n", count - 1),
    };
    format!(
        "{wire}\
         DP16KD #(\n\
         \x20   .DATA_WIDTH_A({port_w}), .DATA_WIDTH_B({port_w}), .REGMODE_A(\"OUTREG\"), .REGMODE_B(\"OUTREG\"),\n\
         \x20   .RESETMODE(\"SYNC\"), .ASYNC_RESET_RELEASE(\"SYNC\"), .WRITEMODE_A(\"NORMAL\"), .WRITEMODE_B(\"NORMAL\"),\n\
         \x20   .CSDECODE_A(\"0b000\"), .CSDECODE_B(\"0b000\"), .GSR(\"DISABLED\")\n\
         ) ram_{ram} (\n    {}\n);\n",
        lines.join(",\n    ")
    )
}
