//! The physical coding sublayer: 66-bit blocks from the MAC, over lanes with markers, and back.
//!
//! In the style of IEEE 802.3 Clause 82, with spare lanes and reduced widths of our own: `docs/link.md` describes it whole.
//!
//! ```text
//!   PcsTx
//!     SlotTimer LanePlan         where in the row, and what goes there
//!     Scrambler MarkerInsert     the beat for a lane
//!     BeatParity ParityRing      the lanes' BIP-8
//!     SpareStage                 the spare's block, a row behind
//!       ParityRing MarkerInsert
//!     Serializer                 one a physical lane
//!   PcsRx
//!     LaneBank LaneRx            one a physical lane
//!       BeatCount BlockLock      where its blocks begin
//!       MarkerLock MarkerMatch   which of them are markers
//!       BipCheck                 what was hit on the way
//!       DeskewFifo DeskewRam     waits for the other lanes
//!     LaneScan LaneStatus        which markers there are
//!     LaneRole                   which lane is which
//!     LaneChoice                 who is where in the row, and all go on together
//!       LaneTurn LaneRing WidthHunt
//!     Gather GatherStage         beats to blocks
//!     Descrambler BerMonitor     blocks
//!     ResetTimer Interval        lanes that are stuck
//! ```

pub mod beat_count;
pub mod beat_parity;
pub mod ber_monitor;
pub mod bip_check;
pub mod block;
pub mod block_lock;
pub mod descrambler;
pub mod deskew_fifo;
#[allow(
    clippy::used_underscore_binding,
    reason = "rust-hdl leaves fields out of the netlist whose name begins with an underscore"
)]
pub mod deskew_ram;
pub mod gather;
pub mod gather_stage;
pub mod interval;
pub mod lane_bank;
pub mod lane_choice;
pub mod lane_plan;
pub mod lane_ring;
pub mod lane_role;
pub mod lane_rx;
pub mod lane_scan;
pub mod lane_status;
pub mod lane_turn;
pub mod lfsr;
pub mod marker;
pub mod marker_insert;
pub mod marker_lock;
pub mod marker_match;
pub mod parity_ring;
pub mod pcs_rx;
pub mod pcs_tx;
pub mod reset_timer;
pub mod scrambler;
pub mod serializer;
pub mod slot_timer;
pub mod spare_stage;
#[cfg(test)]
mod tests;
pub mod width_hunt;
