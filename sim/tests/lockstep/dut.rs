//! The tops' input pins, under one trait.

use lightswitch_hdl::config::Config;
use lightswitch_hdl::fabric::{Fabric, FabricMc};
use lightswitch_hdl::prelude::*;
use lightswitch_hdl::switch::Switch;
use lightswitch_hdl::target::Target;
use lightswitch_hdl::tops::Top;
use lightswitch_sim::beat::Beat;
use lightswitch_sim::engine::{Settings, TableRequest};

/// A top whose input pins can be set.
pub trait Dut: Block {
    fn set_clock(&mut self, level: bool);
    fn set_reset(&mut self, level: bool);
    fn configure(&mut self, settings: &Settings);
    /// `None`: `tvalid` is low, and the other pins stay as they are.
    fn offer(&mut self, port: usize, beat: Option<&Beat>);
    fn set_ready(&mut self, port: usize, is_ready: bool);
    /// The switch's table port; `None`: `table_valid` is low.
    fn request(&mut self, _request: Option<&TableRequest>) {}
}

macro_rules! dut {
    ($block:ident <$($name:ident),*>, $($tdest:ident)?, $($period:ident)?, { $($more:tt)* }) => {
        impl<$(const $name: usize),*> Dut for $block<$($name),*> {
            fn set_clock(&mut self, level: bool) {
                self.clock.next = Clock { clk: level };
            }

            fn set_reset(&mut self, level: bool) {
                self.reset.next = level;
            }

            fn configure(&mut self, settings: &Settings) {
                self.cfg_lossy.next = settings.lossy;
                self.cfg_gap_limit.next = u64::from(settings.gap_limit).into();
                for (port, pins) in self.cfg_store_forward.iter_mut().enumerate() {
                    pins.next = settings.stored(port).low().into();
                }
                $(self.$period.next = u64::from(settings.ageing_period).into();)?
            }

            fn offer(&mut self, port: usize, beat: Option<&Beat>) {
                let sink = &mut self.ingress[port];
                sink.tvalid.next = beat.is_some();
                let Some(beat) = beat else { return };
                for (word, bytes) in sink.tdata.iter_mut().zip(beat.data.chunks(4)) {
                    let value = u32::from_le_bytes(bytes.try_into().expect("four bytes a word"));
                    word.next = u64::from(value).into();
                }
                sink.tkeep.next = u64::from(beat.keep).into();
                sink.tlast.next = beat.last;
                sink.tuser.next = beat.user;
                $(sink.$tdest.next = beat.dest.into();)?
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
    ,
    {}
);
dut!(
    FabricMc<PORTS, INDEX_W, WORDS, KEEP_W, DEPTH_W, LEVEL_W>,
    tdest,
    ,
    {}
);
dut!(
    Switch<PORTS, INDEX_W, WORDS, KEEP_W, DEPTH_W, LEVEL_W, TABLE_W, LOOKAHEAD>,
    ,
    cfg_ageing_period,
    {
        fn request(&mut self, request: Option<&TableRequest>) {
            self.table_valid.next = request.is_some();
            let Some(request) = request else { return };
            self.table_op.next = (request.op as u64).into();
            self.table_mask.next = request.mask.low().into();
            let address = request.address_bits();
            for (pins, word) in self.table_address.iter_mut().zip([address, address >> 32]) {
                pins.next = (word & 0xffff_ffff).into();
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
