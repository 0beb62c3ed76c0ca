//! The MAC table: which station is behind which port.
//!
//! ```text
//!  lookup[p] --->+-------------+ PORTS x          learn[p] --->+-------------+
//!                | TableLookup |<--- write bus ---------------| LearnEngine |<--- table_*, cfg_ageing_period
//!  hit, mask <---|  its copy   |<--- epoch, oldest, open -----|  its copy   |---> stat_*
//!                +-------------+                              +-------------+
//! ```
//!
//! [`MacTable`] is the whole; it only wires. One entry is 72 bits, two words of 32 bits and eight flags, kept in one
//! [`TableRam`] a way; two ways make a *set*, and [`AddressHash`] picks an address's set.
//!
//! | bits | field |
//! |--|--|
//! | `low` 31..0 | address bytes 0..3, byte 0 lowest |
//! | `high` 15..0 | address bytes 4..5 |
//! | `high` 16 + `PORTS` - 1 .. 16 | port mask |
//! | `flags` 3..0 | stamp: the epoch in which a dynamic entry was last learned |
//! | `flags` 4 | static: written through the table port; never aged, moved or replaced by a learn |
//! | `flags` 5 | valid |
//!
//! Ageing: an *epoch* lasts `cfg_ageing_period` cycles. A dynamic entry lives while its stamp is less than
//! [`AGE_EPOCHS`] epochs old, so it expires between `AGE_EPOCHS - 1` and `AGE_EPOCHS` periods after it was last
//! learned; from that cycle on no lookup returns it. A sweep, one pass an epoch, erases what has expired before the
//! 4-bit stamp can wrap: see [`minimum_ageing_period`].

mod entry_match;
mod epoch_clock;
mod hash;
mod learn;
mod learn_turn;
mod lookup;
mod lookup_answer;
mod mac_table;
mod maintenance;
mod operation;
mod operation_pipeline;
mod port;
mod read_collision;
#[cfg(test)]
mod reference;
mod set_compare;
mod set_decision;
mod set_update;
mod table_ram;
#[cfg(test)]
mod tests;
mod way_choice;

pub use entry_match::EntryMatch;
pub use epoch_clock::EpochClock;
pub use hash::{set_of_address, AddressHash};
pub use learn::LearnEngine;
pub use learn_turn::LearnTurn;
pub use lookup::TableLookup;
pub use lookup_answer::LookupAnswer;
pub use mac_table::MacTable;
pub use maintenance::Maintenance;
pub use operation::{Operation, OperationRegister, OperationSink, OperationSource};
pub use operation_pipeline::OperationPipeline;
pub use port::{LearnPort, LookupPort};
pub use read_collision::ReadCollision;
pub use set_compare::SetCompare;
pub use set_decision::SetDecision;
pub use set_update::SetUpdate;
pub use table_ram::TableRam;
pub use way_choice::WayChoice;

/// Epochs that a dynamic entry lives, the one it was learned in included.
///
/// With `cfg_ageing_period` = 300 s / 11.5 = 4 076 086 956 cycles at 156.25 MHz, which still fits its 32 bits, entries
/// live between 287 s and 313 s: the 300 s that IEEE 802.1Q-2022, table 8-6 recommends.
pub const AGE_EPOCHS: u32 = 12;

/// Entries in one set.
pub const WAYS: usize = 2;

/// The smallest legal `cfg_ageing_period` but 0, in cycles, for `ports` ports and `2^index_w` sets.
///
/// A pass over the table must end within its epoch. It visits one set each time its turn comes: every other rotation
/// at worst (the table port takes the ones between), a rotation is `ports + 1` operations, and an operation takes at
/// most 5 cycles (4 of them waiting for an earlier one of the same set).
#[must_use]
pub const fn minimum_ageing_period(ports: usize, index_w: usize) -> u32 {
    ((10 * (ports + 1) + 2) << index_w) as u32
}
