//! What a Verilog export is for.

/// Which cells the exported Verilog may use. Pins, cycles and the blocks' Rust simulation are the same for all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Target {
    /// Any tool: no vendor cell.
    #[default]
    Generic,
    /// Lattice ECP5: `DP16KD` with its output register, `PFUMX`, `LUT4`.
    Ecp5,
    /// Lattice iCE40: no vendor cell, memories that its block RAM can hold.
    Ice40,
}

impl Target {
    /// Every target.
    pub const ALL: [Target; 3] = [Target::Generic, Target::Ecp5, Target::Ice40];

    /// Its name on the command line and in folders.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Target::Generic => "generic",
            Target::Ecp5 => "ecp5",
            Target::Ice40 => "ice40",
        }
    }

    /// The target called `name`, or `None`.
    #[must_use]
    pub fn named(name: &str) -> Option<Target> {
        Self::ALL.into_iter().find(|target| target.name() == name)
    }
}
