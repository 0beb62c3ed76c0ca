//! The `rtl` engine: the rust-hdl blocks of the switch, driven directly.
//!
//! rust-hdl's own simulation runs every testbench in a thread of its own; here the clock is set, and the blocks updated
//! until nothing changes any more, which is some twenty times faster.

use std::thread;

use lightswitch_hdl::config::Config;
use lightswitch_hdl::cosim::settle;
use lightswitch_hdl::prelude::*;
use lightswitch_hdl::switch::Switch;
use lightswitch_hdl::table::{minimum_ageing_period, set_of_address};
use lightswitch_hdl::target::Target;
use lightswitch_hdl::with_config;

use crate::beat::Beat;
use crate::engine::{Cause, Engine, Outcome, Settings};
use crate::frame::Mac;
use crate::Error;

/// Stack of the thread that puts a switch together: blocks are made on the stack, and the largest is several megabytes.
const STACK_BYTES: usize = 256 << 20;

/// Cycles the table needs after reset beside one for each set.
const CLEAR_CYCLES: usize = 8;

/// A switch of const-generic shape and the state of its bench.
struct Rtl<
    const PORTS: usize,
    const INDEX_W: usize,
    const WORDS: usize,
    const KEEP_W: usize,
    const DEPTH_W: usize,
    const LEVEL_W: usize,
    const TABLE_W: usize,
    const LOOKAHEAD: usize,
> {
    switch: Box<Switch<PORTS, INDEX_W, WORDS, KEEP_W, DEPTH_W, LEVEL_W, TABLE_W, LOOKAHEAD>>,
    cycle: u64,
}

/// Builds the switch of `config`, reset and ready to learn.
///
/// # Errors
/// [`Error::Invalid`] if the ageing period is too short, [`Error::Engine`] if the blocks do not settle.
pub fn build(config: &Config, settings: &Settings) -> Result<Box<dyn Engine>, Error> {
    let shortest = minimum_ageing_period(config.ports, config.table_w);
    if (1..shortest).contains(&settings.ageing_period) {
        return Err(Error::invalid(
            "the ageing period",
            settings.ageing_period.to_string(),
            format!("0, or {shortest} cycles or more, in which the table is swept once"),
        ));
    }
    macro_rules! engine {
        ($ports:literal, $index_w:literal, $words:literal, $keep_w:literal, $dest_w:literal, $depth_w:literal, $level_w:literal, $table_w:literal, $lookahead:literal) => {{
            let max_frame_bytes = config.max_frame_bytes;
            let switch = on_large_stack(move || {
                let mut switch = Box::new(Switch::<
                    $ports,
                    $index_w,
                    $words,
                    $keep_w,
                    $depth_w,
                    $level_w,
                    $table_w,
                    $lookahead,
                >::new(max_frame_bytes, Target::Generic));
                switch.connect_all();
                switch
            });
            let mut engine = Rtl { switch, cycle: 0 };
            engine.configure(settings);
            engine.reset()?;
            Ok(Box::new(engine))
        }};
    }
    with_config!(config, engine)
}

/// Runs `make` where there is room for it.
fn on_large_stack<T: Send + 'static>(make: impl FnOnce() -> T + Send + 'static) -> T {
    thread::Builder::new()
        .stack_size(STACK_BYTES)
        .spawn(make)
        .expect("a thread can be started")
        .join()
        .expect("the configurations' numbers fit their blocks")
}

impl<
        const PORTS: usize,
        const INDEX_W: usize,
        const WORDS: usize,
        const KEEP_W: usize,
        const DEPTH_W: usize,
        const LEVEL_W: usize,
        const TABLE_W: usize,
        const LOOKAHEAD: usize,
    > Rtl<PORTS, INDEX_W, WORDS, KEEP_W, DEPTH_W, LEVEL_W, TABLE_W, LOOKAHEAD>
{
    fn configure(&mut self, settings: &Settings) {
        self.switch.cfg_lossy.next = settings.lossy;
        self.switch.cfg_gap_limit.next = u64::from(settings.gap_limit).into();
        self.switch.cfg_ageing_period.next = u64::from(settings.ageing_period).into();
        for (ingress, mask) in settings.store_and_forward.iter().enumerate() {
            self.switch.cfg_store_forward[ingress].next = (*mask).into();
        }
    }

    fn settle(&mut self) -> Result<(), Error> {
        settle(self.switch.as_mut()).map_err(|error| Error::Engine {
            engine: "rtl",
            cycle: self.cycle,
            reason: error.to_string(),
        })
    }

    fn clock(&mut self) -> Result<(), Error> {
        for clk in [true, false] {
            self.switch.clock.next = Clock { clk };
            self.settle()?;
        }
        self.cycle += 1;
        Ok(())
    }

    fn offer(&mut self, ingress: usize, beat: Option<Beat>) {
        let sink = &mut self.switch.ingress[ingress];
        sink.tvalid.next = beat.is_some();
        let Some(beat) = beat else { return };
        for (word, bytes) in sink.tdata.iter_mut().zip(beat.data.chunks(4)) {
            let value = u32::from_le_bytes(bytes.try_into().expect("four bytes a word"));
            word.next = u64::from(value).into();
        }
        sink.tkeep.next = beat.keep.into();
        sink.tlast.next = beat.last;
        sink.tuser.next = beat.user;
    }

    fn offered(&self, egress: usize) -> Option<Beat> {
        let source = &self.switch.egress[egress];
        if !source.tvalid.val() {
            return None;
        }
        let mut beat = Beat::new(&[], source.tlast.val(), source.tuser.val());
        beat.keep = u64::from(source.tkeep.val());
        for (word, bytes) in source.tdata.iter().zip(beat.data.chunks_mut(4)) {
            bytes.copy_from_slice(&(u64::from(word.val()) as u32).to_le_bytes());
        }
        Some(beat)
    }

    fn pulses(&self, outcome: &mut Outcome) {
        let switch = &self.switch;
        for (cause, pins) in [
            (Cause::Accepted, switch.stat_accepted.val()),
            (Cause::FcsError, switch.stat_fcs_error.val()),
            (Cause::PoisonedIn, switch.stat_poisoned_in.val()),
            (Cause::Malformed, switch.stat_malformed.val()),
            (Cause::TooLong, switch.stat_too_long.val()),
            (Cause::RuntDropped, switch.stat_runt_dropped.val()),
            (Cause::RuntPoisoned, switch.stat_runt_poisoned.val()),
            (Cause::GapClosed, switch.stat_gap_closed.val()),
            (Cause::FilteredReserved, switch.stat_filtered_reserved.val()),
            (Cause::FilteredSelf, switch.stat_filtered_own.val()),
            (Cause::FilteredControl, switch.stat_filtered_control.val()),
            (Cause::Flooded, switch.stat_flooded.val()),
            (Cause::LearnMissed, switch.stat_learn_missed.val()),
        ] {
            if pins.any() {
                for ingress in (0..PORTS).filter(|port| pins.get_bit(*port)) {
                    outcome.pulse(cause, ingress);
                }
            }
        }
        for (ingress, full) in switch.stat_full.iter().enumerate() {
            for egress in (0..PORTS).filter(|egress| full.val().get_bit(*egress)) {
                outcome.drop_full(ingress, egress);
            }
        }
    }
}

impl<
        const PORTS: usize,
        const INDEX_W: usize,
        const WORDS: usize,
        const KEEP_W: usize,
        const DEPTH_W: usize,
        const LEVEL_W: usize,
        const TABLE_W: usize,
        const LOOKAHEAD: usize,
    > Engine for Rtl<PORTS, INDEX_W, WORDS, KEEP_W, DEPTH_W, LEVEL_W, TABLE_W, LOOKAHEAD>
{
    fn name(&self) -> &'static str {
        "rtl"
    }

    fn ports(&self) -> usize {
        PORTS
    }

    fn beat_bytes(&self) -> usize {
        KEEP_W
    }

    fn table_set(&self, address: Mac) -> Option<usize> {
        Some(set_of_address(address.0, TABLE_W))
    }

    fn reset(&mut self) -> Result<(), Error> {
        for port in 0..PORTS {
            self.switch.ingress[port].tvalid.next = false;
            self.switch.egress[port].tready.next = false;
        }
        self.switch.reset.next = true;
        self.clock()?;
        self.switch.reset.next = false;
        for _ in 0..(1 << TABLE_W) + CLEAR_CYCLES {
            self.clock()?;
        }
        Ok(())
    }

    fn cycle(
        &mut self,
        offered: &[Option<Beat>],
        egress_ready: &[bool],
        outcome: &mut Outcome,
    ) -> Result<(), Error> {
        for port in 0..PORTS {
            self.offer(port, offered[port]);
            self.switch.egress[port].tready.next = egress_ready[port];
        }
        self.settle()?;
        outcome.clear();
        for port in 0..PORTS {
            outcome.ingress_ready[port] = self.switch.ingress[port].tready.val();
            outcome.egress[port] = self.offered(port);
        }
        self.pulses(outcome);
        self.clock()
    }
}
