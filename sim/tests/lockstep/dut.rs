//! The tops' input pins, under one trait.

use lightswitch_hdl::config::Config;
use lightswitch_hdl::fabric::{Fabric, FabricMc};
use lightswitch_hdl::prelude::*;
use lightswitch_hdl::switch::Switch;
use lightswitch_hdl::target::Target;
use lightswitch_hdl::tops::Top;
use lightswitch_sim::beat::Beat;

/// A beat and the `tdest` beside it, which the switch does not have.
#[derive(Clone, Copy, Debug)]
pub struct Offer {
    pub beat: Beat,
    pub dest: u64,
}

/// The `cfg_*` pins that every top has.
#[derive(Clone, Debug)]
pub struct Controls {
    pub lossy: bool,
    pub store_forward: Vec<u64>,
    pub gap_limit: u16,
}

/// An operation of the table port.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    pub op: u64,
    pub address: [u32; 2],
    pub mask: u64,
}

/// A top whose input pins can be set.
pub trait Dut: Block {
    fn set_clock(&mut self, level: bool);
    fn set_reset(&mut self, level: bool);
    fn set_controls(&mut self, controls: &Controls);
    /// `None`: `tvalid` is low, and the other pins stay as they are.
    fn offer(&mut self, port: usize, offer: Option<&Offer>);
    fn set_ready(&mut self, port: usize, is_ready: bool);
    /// `cfg_ageing_period` of the switch.
    fn set_ageing_period(&mut self, _cycles: u32) {}
    /// The switch's table port; `None`: `table_valid` is low.
    fn set_table(&mut self, _request: Option<&Request>) {}
}

macro_rules! dut {
    ($block:ident <$($name:ident),*>, $($tdest:ident)?, { $($more:tt)* }) => {
        impl<$(const $name: usize),*> Dut for $block<$($name),*> {
            fn set_clock(&mut self, level: bool) {
                self.clock.next = Clock { clk: level };
            }

            fn set_reset(&mut self, level: bool) {
                self.reset.next = level;
            }

            fn set_controls(&mut self, controls: &Controls) {
                self.cfg_lossy.next = controls.lossy;
                self.cfg_gap_limit.next = u64::from(controls.gap_limit).into();
                for (pins, mask) in self.cfg_store_forward.iter_mut().zip(&controls.store_forward) {
                    pins.next = (*mask).into();
                }
            }

            fn offer(&mut self, port: usize, offer: Option<&Offer>) {
                let sink = &mut self.ingress[port];
                sink.tvalid.next = offer.is_some();
                let Some(offer) = offer else { return };
                for (word, bytes) in sink.tdata.iter_mut().zip(offer.beat.data.chunks(4)) {
                    let value = u32::from_le_bytes(bytes.try_into().expect("four bytes a word"));
                    word.next = u64::from(value).into();
                }
                sink.tkeep.next = u64::from(offer.beat.keep).into();
                sink.tlast.next = offer.beat.last;
                sink.tuser.next = offer.beat.user;
                $(sink.$tdest.next = offer.dest.into();)?
            }

            fn set_ready(&mut self, port: usize, is_ready: bool) {
                self.egress[port].tready.next = is_ready;
            }

            $($more)*
        }
    };
}

dut!(
    Fabric<PORTS, INDEX_W, WORDS, KEEP_W, DEST_W, DEPTH_W, LEVEL_W>,
    tdest,
    {}
);
dut!(
    FabricMc<PORTS, INDEX_W, WORDS, KEEP_W, DEPTH_W, LEVEL_W>,
    tdest,
    {}
);
dut!(
    Switch<PORTS, INDEX_W, WORDS, KEEP_W, DEPTH_W, LEVEL_W, TABLE_W, LOOKAHEAD>,
    ,
    {
        fn set_ageing_period(&mut self, cycles: u32) {
            self.cfg_ageing_period.next = u64::from(cycles).into();
        }

        fn set_table(&mut self, request: Option<&Request>) {
            self.table_valid.next = request.is_some();
            let Some(request) = request else { return };
            self.table_op.next = request.op.into();
            self.table_mask.next = request.mask.into();
            for (pins, word) in self.table_address.iter_mut().zip(request.address) {
                pins.next = u64::from(word).into();
            }
        }
    }
);

/// The block of a top, connected. Its Rust is the same for every target.
pub fn build(config: &Config, top: Top) -> Box<dyn Dut> {
    fn connected<D: Dut + 'static>(mut dut: Box<D>) -> Box<dyn Dut> {
        dut.connect_all();
        dut
    }
    macro_rules! tops {
        ($ports:literal, $index_w:literal, $words:literal, $keep_w:literal, $dest_w:literal, $depth_w:literal, $level_w:literal, $table_w:literal, $lookahead:literal) => {{
            type Index = Fabric<$ports, $index_w, $words, $keep_w, $dest_w, $depth_w, $level_w>;
            type Mask = FabricMc<$ports, $index_w, $words, $keep_w, $depth_w, $level_w>;
            type Ethernet =
                Switch<$ports, $index_w, $words, $keep_w, $depth_w, $level_w, $table_w, $lookahead>;
            let max_frame_bytes = config.max_frame_bytes;
            match top {
                Top::Fabric => connected(Box::new(Index::new(max_frame_bytes, Target::Generic))),
                Top::FabricMc => connected(Box::new(Mask::new(max_frame_bytes, Target::Generic))),
                Top::Switch => connected(Box::new(Ethernet::new(max_frame_bytes, Target::Generic))),
            }
        }};
    }
    lightswitch_hdl::with_config!(config, tops)
}
