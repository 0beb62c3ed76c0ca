//! The `rtl` engine: the rust-hdl blocks of the switch or of a fabric, driven directly.
//!
//! rust-hdl's own simulation runs every testbench in a thread of its own; here inputs and clock are set, and the blocks
//! settle (`evaluate` of `lightswitch-hdl`).

use lightswitch_hdl::config::Config;
use lightswitch_hdl::cosim::settle;
use lightswitch_hdl::fabric::{Fabric, FabricMc};
use lightswitch_hdl::prelude::*;
use lightswitch_hdl::switch::Switch;
use lightswitch_hdl::table::{minimum_ageing_period, set_of_address};
use lightswitch_hdl::target::Target;
use lightswitch_hdl::tops::{on_large_stack, Top};
use lightswitch_hdl::with_config;

use crate::beat::Beat;
use crate::engine::{Cause, Engine, Outcome, Settings};
use crate::frame::Mac;
use crate::Error;

/// Cycles the table needs after reset beside one for each set.
const CLEAR_CYCLES: usize = 8;

/// Builds `top` of `config`, reset and, if it is a switch, ready to learn.
///
/// # Errors
/// [`Error::Invalid`] if the ageing period is too short, [`Error::Engine`] if the blocks do not settle.
pub fn build(config: &Config, top: Top, settings: &Settings) -> Result<Box<dyn Engine>, Error> {
    let shortest = minimum_ageing_period(config.ports, config.table_w);
    if (1..shortest).contains(&settings.ageing_period) {
        return Err(Error::invalid(
            "the ageing period",
            settings.ageing_period.to_string(),
            format!("0, or {shortest} cycles or more, in which the table is swept once"),
        ));
    }
    let max_frame_bytes = config.max_frame_bytes;
    macro_rules! engine {
        ($ports:literal, $index_w:literal, $words:literal, $keep_w:literal, $dest_w:literal, $depth_w:literal, $level_w:literal, $table_w:literal, $lookahead:literal) => {
            match top {
                Top::Switch => start(config, settings, move || {
                    Switch::<
                        $ports,
                        $index_w,
                        $words,
                        $keep_w,
                        $depth_w,
                        $level_w,
                        $table_w,
                        $lookahead,
                    >::new(max_frame_bytes, Target::Generic)
                }),
                Top::Fabric => start(config, settings, move || {
                    Fabric::<$ports, $index_w, $words, $keep_w, $dest_w, $depth_w, $level_w>::new(
                        max_frame_bytes,
                        Target::Generic,
                    )
                }),
                Top::FabricMc => start(config, settings, move || {
                    FabricMc::<$ports, $index_w, $words, $keep_w, $depth_w, $level_w>::new(
                        max_frame_bytes,
                        Target::Generic,
                    )
                }),
            }
        };
    }
    with_config!(config, engine)
}

/// An engine for what `make` makes, where there is room for it.
fn start<P: Pins + Send + 'static>(
    config: &Config,
    settings: &Settings,
    make: impl FnOnce() -> P + Send + 'static,
) -> Result<Box<dyn Engine>, Error> {
    let pins = on_large_stack(move || {
        let mut pins = Box::new(make());
        pins.connect_all();
        pins
    });
    let mut engine = Rtl {
        pins,
        config: *config,
        cycle: 0,
    };
    engine.pins.configure(settings);
    engine.reset()?;
    Ok(Box::new(engine))
}

/// A top and the state of its bench.
struct Rtl<P> {
    pins: Box<P>,
    config: Config,
    cycle: u64,
}

/// The pins of a top, whatever its shape.
trait Pins: Block {
    const TOP: Top;

    fn set_clock(&mut self, clk: bool);

    fn set_reset(&mut self, reset: bool);

    fn configure(&mut self, settings: &Settings);

    fn offer(&mut self, ingress: usize, beat: Option<Beat>);

    fn takes(&self, ingress: usize) -> bool;

    fn set_ready(&mut self, egress: usize, ready: bool);

    fn offered(&self, egress: usize) -> Option<Beat>;

    fn pulses(&self, outcome: &mut Outcome);
}

/// What the tops have in common; after it the pins of one bit an ingress, each with what it counts.
macro_rules! common_pins {
    ($($cause:ident: $pin:ident,)*) => {
        fn set_clock(&mut self, clk: bool) {
            self.clock.next = Clock { clk };
        }

        fn set_reset(&mut self, reset: bool) {
            self.reset.next = reset;
        }

        fn takes(&self, ingress: usize) -> bool {
            self.ingress[ingress].tready.val()
        }

        fn set_ready(&mut self, egress: usize, ready: bool) {
            self.egress[egress].tready.next = ready;
        }

        fn offered(&self, egress: usize) -> Option<Beat> {
            let source = &self.egress[egress];
            if !source.tvalid.val() {
                return None;
            }
            let mut beat = Beat::new(&[], source.tlast.val(), source.tuser.val());
            beat.keep = u64::from(source.tkeep.val()) as u8;
            for (word, bytes) in source.tdata.iter().zip(beat.data.chunks_mut(4)) {
                bytes.copy_from_slice(&(u64::from(word.val()) as u32).to_le_bytes());
            }
            Some(beat)
        }

        fn pulses(&self, outcome: &mut Outcome) {
            for (cause, pins) in [$((Cause::$cause, self.$pin.val())),*] {
                if pins.any() {
                    for ingress in (0..PORTS).filter(|port| pins.get_bit(*port)) {
                        outcome.pulse(cause, ingress);
                    }
                }
            }
            for (ingress, full) in self.stat_full.iter().enumerate() {
                for egress in (0..PORTS).filter(|egress| full.val().get_bit(*egress)) {
                    outcome.drop_full(ingress, egress);
                }
            }
        }
    };
}

/// Sets the pins of [`Settings`] that every top has.
macro_rules! configure {
    ($pins:ident, $settings:ident) => {
        $pins.cfg_lossy.next = $settings.lossy;
        $pins.cfg_gap_limit.next = u64::from($settings.gap_limit).into();
        for (ingress, mask) in $settings.store_and_forward.iter().enumerate() {
            $pins.cfg_store_forward[ingress].next = (*mask).into();
        }
    };
}

/// Puts a beat on a sink's pins, all but its destination; without one only `tvalid` changes.
macro_rules! offer {
    ($sink:expr, $beat:ident) => {
        let sink = $sink;
        sink.tvalid.next = $beat.is_some();
        let Some(beat) = $beat else { return };
        for (word, bytes) in sink.tdata.iter_mut().zip(beat.data.chunks(4)) {
            let value = u32::from_le_bytes(bytes.try_into().expect("four bytes a word"));
            word.next = u64::from(value).into();
        }
        sink.tkeep.next = u64::from(beat.keep).into();
        sink.tlast.next = beat.last;
        sink.tuser.next = beat.user;
    };
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
    > Pins for Switch<PORTS, INDEX_W, WORDS, KEEP_W, DEPTH_W, LEVEL_W, TABLE_W, LOOKAHEAD>
{
    const TOP: Top = Top::Switch;

    common_pins!(
        Accepted: stat_accepted,
        FcsError: stat_fcs_error,
        PoisonedIn: stat_poisoned_in,
        Malformed: stat_malformed,
        TooLong: stat_too_long,
        RuntDropped: stat_runt_dropped,
        RuntPoisoned: stat_runt_poisoned,
        GapClosed: stat_gap_closed,
        FilteredReserved: stat_filtered_reserved,
        FilteredSelf: stat_filtered_own,
        FilteredControl: stat_filtered_control,
        Flooded: stat_flooded,
        LearnMissed: stat_learn_missed,
    );

    fn configure(&mut self, settings: &Settings) {
        configure!(self, settings);
        self.cfg_ageing_period.next = u64::from(settings.ageing_period).into();
    }

    fn offer(&mut self, ingress: usize, beat: Option<Beat>) {
        offer!(&mut self.ingress[ingress], beat);
    }
}

/// [`Pins`] of the two fabrics.
macro_rules! fabric_pins {
    ($fabric:ident<$($generic:ident),*>, $top:expr) => {
        impl<$(const $generic: usize),*> Pins for $fabric<$($generic),*> {
            const TOP: Top = $top;

            common_pins!(
                Accepted: stat_started,
                PoisonedIn: stat_poisoned,
                Malformed: stat_malformed,
                TooLong: stat_too_long,
                GapClosed: stat_gap_closed,
                Unroutable: stat_unroutable,
            );

            fn configure(&mut self, settings: &Settings) {
                configure!(self, settings);
            }

            fn offer(&mut self, ingress: usize, beat: Option<Beat>) {
                if let Some(beat) = &beat {
                    self.ingress[ingress].tdest.next = beat.dest.into();
                }
                offer!(&mut self.ingress[ingress], beat);
            }
        }
    };
}
fabric_pins!(Fabric<PORTS, INDEX_W, WORDS, KEEP_W, DEST_W, DEPTH_W, LEVEL_W>, Top::Fabric);
fabric_pins!(FabricMc<PORTS, INDEX_W, WORDS, KEEP_W, DEPTH_W, LEVEL_W>, Top::FabricMc);

impl<P: Pins> Rtl<P> {
    fn settle(&mut self) -> Result<(), Error> {
        settle(self.pins.as_mut()).map_err(|error| Error::Engine {
            engine: "rtl",
            cycle: self.cycle,
            reason: error.to_string(),
        })
    }

    fn clock(&mut self) -> Result<(), Error> {
        for clk in [true, false] {
            self.pins.set_clock(clk);
            self.settle()?;
        }
        self.cycle += 1;
        Ok(())
    }
}

impl<P: Pins> Engine for Rtl<P> {
    fn name(&self) -> &'static str {
        "rtl"
    }

    fn ports(&self) -> usize {
        self.config.ports
    }

    fn beat_bytes(&self) -> usize {
        self.config.beat_bytes()
    }

    fn top(&self) -> Top {
        P::TOP
    }

    fn table_set(&self, address: Mac) -> Option<usize> {
        (P::TOP == Top::Switch).then(|| set_of_address(address.0, self.config.table_w))
    }

    fn reset(&mut self) -> Result<(), Error> {
        for port in 0..self.config.ports {
            self.pins.offer(port, None);
            self.pins.set_ready(port, false);
        }
        self.pins.set_reset(true);
        self.clock()?;
        self.pins.set_reset(false);
        if P::TOP == Top::Switch {
            for _ in 0..(1 << self.config.table_w) + CLEAR_CYCLES {
                self.clock()?;
            }
        }
        Ok(())
    }

    fn cycle(
        &mut self,
        offered: &[Option<Beat>],
        egress_ready: &[bool],
        outcome: &mut Outcome,
    ) -> Result<(), Error> {
        for port in 0..self.config.ports {
            self.pins.offer(port, offered[port]);
            self.pins.set_ready(port, egress_ready[port]);
        }
        self.settle()?;
        outcome.clear();
        for port in 0..self.config.ports {
            outcome.ingress_ready[port] = self.pins.takes(port);
            outcome.egress[port] = self.pins.offered(port);
        }
        self.pins.pulses(outcome);
        self.clock()
    }
}
