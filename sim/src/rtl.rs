//! The `rtl` engine: the rust-hdl blocks of the switch or of a fabric, driven directly.
//!
//! rust-hdl's own simulation runs every testbench in a thread of its own; here inputs and clock are set, and the blocks
//! settle (`evaluate` of `lightswitch-hdl`).

use lightswitch_hdl::config::Config;
use lightswitch_hdl::cosim::settle;
use lightswitch_hdl::fabric::{Fabric, FabricMc};
use lightswitch_hdl::prelude::*;
use lightswitch_hdl::switch::Switch;
use lightswitch_hdl::table::set_of_address;
use lightswitch_hdl::target::Target;
use lightswitch_hdl::tops::{on_large_stack, Top};
use lightswitch_hdl::with_config;

use crate::beat::Beat;
use crate::engine::{idle_cycles_after_reset, Cause, Engine, Outcome, Settings, TableRequest};
use crate::frame::Mac;
use crate::port_mask::PortMask;
use crate::Error;

/// Builds `top` of `config`, reset and, if it is a switch, ready to learn.
///
/// # Errors
/// [`Error::Invalid`] if the masks do not fit, [`Error::Engine`] if the blocks do not settle.
pub fn build(config: &Config, top: Top, settings: &Settings) -> Result<Box<dyn Engine>, Error> {
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
        tap: false,
        sampled: Vec::new(),
    };
    engine.configure(settings)?;
    engine.reset()?;
    Ok(Box::new(engine))
}

/// A top and the state of its bench.
struct Rtl<P> {
    pins: Box<P>,
    config: Config,
    cycle: u64,
    tap: bool,
    /// The output pins of the last cycle, if there is a tap.
    sampled: Vec<u64>,
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

    /// The table port, of a top that has one.
    fn request(&mut self, request: Option<TableRequest>) {
        let _ = request;
    }

    /// Every output pin, in the order of [`pins::outputs`](crate::pins::outputs).
    fn sample(&self, pins: &mut Vec<u64>);
}

/// What the tops have in common; after it the pins of one bit an ingress, each with what it counts, in the order of the
/// exported pins, and the output pins that only this top has: those of all ingresses, and those of the table port.
macro_rules! common_pins {
    ($($cause:ident: $pin:ident,)* ; $($own:ident)* ; $($table:ident)*) => {
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

        fn sample(&self, pins: &mut Vec<u64>) {
            pins.clear();
            pins.extend(self.ingress.iter().map(|sink| u64::from(sink.tready.val())));
            for source in &self.egress {
                let words = source.tdata.iter().enumerate();
                pins.extend([
                    words.map(|(n, word)| u64::from(word.val()) << (32 * n)).sum::<u64>(),
                    source.tkeep.val().into(),
                    source.tvalid.val().into(),
                    source.tlast.val().into(),
                    source.tuser.val().into(),
                ]);
            }
            $(pins.push(self.$pin.value());)*
            $(pins.push(self.$own.value());)*
            pins.extend(self.stat_full.iter().map(Value::value));
            $(pins.push(self.$table.value());)*
        }
    };
}

/// What an output pin carries, as a number.
trait Value {
    fn value(&self) -> u64;
}

impl Value for Signal<Out, Bit> {
    fn value(&self) -> u64 {
        self.val().into()
    }
}

impl<const WIDTH: usize> Value for Signal<Out, Bits<WIDTH>> {
    fn value(&self) -> u64 {
        self.val().into()
    }
}

/// A pin of two fields.
impl Value for [Signal<Out, Bit>; 2] {
    fn value(&self) -> u64 {
        self[0].value() | self[1].value() << 1
    }
}

/// Sets the pins of [`Settings`] that every top has.
macro_rules! configure {
    ($pins:ident, $settings:ident) => {
        $pins.cfg_lossy.next = $settings.lossy;
        $pins.cfg_gap_limit.next = u64::from($settings.gap_limit).into();
        for (ingress, pin) in $pins.cfg_store_forward.iter_mut().enumerate() {
            pin.next = $settings.stored(ingress).low().into();
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
        RuntDropped: stat_runt_dropped,
        FilteredReserved: stat_filtered_reserved,
        FilteredSelf: stat_filtered_own,
        FilteredControl: stat_filtered_control,
        Flooded: stat_flooded,
        GapClosed: stat_gap_closed,
        TooLong: stat_too_long,
        Malformed: stat_malformed,
        RuntPoisoned: stat_runt_poisoned,
        PoisonedIn: stat_poisoned_in,
        FcsError: stat_fcs_error,
        LearnMissed: stat_learn_missed,
        ;
        stat_learned stat_moved stat_learn_full stat_aged
        ;
        table_ready table_done table_found table_found_mask table_found_static table_full table_open
    );

    fn configure(&mut self, settings: &Settings) {
        configure!(self, settings);
        self.cfg_ageing_period.next = u64::from(settings.ageing_period).into();
    }

    fn request(&mut self, request: Option<TableRequest>) {
        self.table_valid.next = request.is_some();
        let Some(request) = request else { return };
        self.table_op.next = (request.op as u64).into();
        self.table_mask.next = (request.mask & PortMask::first(PORTS)).low().into();
        let address = request.address_bits();
        for (word, pin) in self.table_address.iter_mut().enumerate() {
            pin.next = (address >> (32 * word) & 0xffff_ffff).into();
        }
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
                Unroutable: stat_unroutable,
                GapClosed: stat_gap_closed,
                TooLong: stat_too_long,
                Malformed: stat_malformed,
                PoisonedIn: stat_poisoned,
                ;
                ;
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
        self.pins.request(None);
        self.pins.set_reset(true);
        self.settle()?;
        self.clock()?;
        self.pins.set_reset(false);
        self.settle()?;
        for _ in 0..idle_cycles_after_reset(&self.config, P::TOP) {
            self.clock()?;
        }
        Ok(())
    }

    fn set_reset(&mut self, high: bool) {
        self.pins.set_reset(high);
    }

    fn configure(&mut self, settings: &Settings) -> Result<(), Error> {
        settings.check(&self.config)?;
        self.pins.configure(settings);
        Ok(())
    }

    fn request(&mut self, request: Option<TableRequest>) {
        self.pins.request(request);
    }

    fn tap(&mut self, on: bool) {
        self.tap = on;
        self.sampled.clear();
    }

    fn pins(&self) -> &[u64] {
        &self.sampled
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
        if self.tap {
            self.pins.sample(&mut self.sampled);
        }
        self.clock()
    }
}

#[cfg(test)]
mod tests {
    use lightswitch_hdl::cosim::{Random, Recorder};
    use lightswitch_hdl::tops;

    use super::*;
    use crate::engine::{self, EngineKind, TableOp};
    use crate::frame;
    use crate::model::MAX_PORTS;
    use crate::pins;
    use crate::traffic::Stamp;

    const SEED: u64 = 1;

    /// The place of a pin among the recorded ones.
    fn place(config: &Config, top: Top, name: &str) -> usize {
        let pins = pins::outputs(config, top);
        pins.iter().position(|pin| pin.name == name).unwrap()
    }

    /// Offers random beats and compares the samples with the signals of the block.
    fn check_samples<P: Pins>(config: &Config, pins: P) {
        let mut pins = Box::new(pins);
        pins.connect_all();
        let mut random = Random::new(SEED);
        let mut recorder = Recorder::new();
        let listed = pins::outputs(config, P::TOP);
        let tops = tops::pins(config, P::TOP);
        let fields = |name: &str| &tops.iter().find(|pin| pin.name == name).unwrap().fields;
        let mut sampled = Vec::new();
        let mut seen = vec![0; listed.len()];
        let settings = Settings {
            lossy: true,
            gap_limit: 2,
            ..Settings::default()
        };
        pins.configure(&settings);
        for cycle in 0..3_000 {
            pins.set_reset(cycle < 2);
            for port in 0..config.ports {
                let mut beat = Beat::new(&[], random.one_in(12), random.one_in(9));
                beat.data[..config.beat_bytes()].fill_with(|| random.bits(8) as u8);
                beat.keep = random.bits(config.beat_bytes()) as u8;
                beat.dest = random.bits(config.ports);
                pins.offer(port, (!random.one_in(4)).then_some(beat));
                pins.set_ready(port, random.one_in(7));
            }
            pins.request(random.bit().then(|| TableRequest {
                op: [TableOp::Read, TableOp::WriteStatic][random.below(2) as usize],
                address: Mac([2, 0, 0, 0, 0, random.bits(8) as u8]),
                mask: random.bits(64).into(),
            }));
            recorder
                .cycle(pins.as_mut(), |pins, level| {
                    if level {
                        pins.sample(&mut sampled);
                    }
                    pins.set_clock(level);
                })
                .unwrap();
            assert_eq!(sampled.len(), listed.len());
            for ((pin, value), seen) in listed.iter().zip(&sampled).zip(&mut seen) {
                let (mut wanted, mut low) = (0, 0);
                let fields = fields(&pin.name);
                let rows = pin.row.map_or(0..fields.len(), |row| row..row + 1);
                for field in &fields[rows] {
                    wanted |= recorder.last(field).unwrap() << low;
                    low += pin.width / fields.len();
                }
                assert_eq!(
                    u128::from(*value),
                    wanted,
                    "{} in cycle {cycle}, seed {SEED}",
                    pin.name
                );
                *seen |= value;
            }
        }
        let dull: Vec<_> = listed
            .iter()
            .zip(&seen)
            .filter(|(_, seen)| **seen == 0)
            .map(|(pin, _)| pin.name.as_str())
            .collect();
        // What needs frames that random bytes are not.
        let rare = [
            "filtered",
            "too_long",
            "_poisoned",
            "fcs",
            "learn",
            "moved",
            "aged",
        ];
        let unexpected = dull
            .iter()
            .find(|pin| !rare.iter().any(|rare| pin.contains(rare)));
        assert!(unexpected.is_none(), "always low: {dull:?}");
    }

    #[test]
    fn samples_every_pin_of_every_top() {
        on_large_stack(|| {
            let config = Config::named("2x32").unwrap();
            let longest = config.max_frame_bytes;
            check_samples(
                config,
                Switch::<2, 1, 1, 4, 9, 10, 4, 1>::new(longest, Target::Generic),
            );
            check_samples(
                config,
                Fabric::<2, 1, 1, 4, 2, 9, 10>::new(longest, Target::Generic),
            );
            check_samples(
                config,
                FabricMc::<2, 1, 1, 4, 9, 10>::new(longest, Target::Generic),
            );
        });
    }

    #[test]
    fn pins_come_with_a_tap_and_go_with_it() {
        let config = Config::named("2x32").unwrap();
        let settings = Settings::default();
        let mut engine =
            engine::build_top(EngineKind::Rtl, config, Top::Switch, &settings).unwrap();
        let mut outcome = Outcome::new(2);
        let mut cycle = |engine: &mut Box<dyn Engine>| {
            engine.cycle(&[None; 2], &[true; 2], &mut outcome).unwrap();
            engine.pins().to_vec()
        };
        assert!(cycle(&mut engine).is_empty());
        engine.tap(true);
        assert!(engine.pins().is_empty(), "no cycle since");
        let pins = cycle(&mut engine);
        assert_eq!(pins.len(), pins::outputs(config, Top::Switch).len());
        assert_eq!(pins[place(config, Top::Switch, "table_open")], 1);
        engine.tap(false);
        assert!(engine.pins().is_empty());
        assert!(cycle(&mut engine).is_empty());
    }

    #[test]
    fn the_reset_pin_forgets_what_was_written() {
        let config = Config::named("2x32").unwrap();
        let settings = Settings::default();
        let mut engine =
            engine::build_top(EngineKind::Rtl, config, Top::Switch, &settings).unwrap();
        let mut outcome = Outcome::new(2);
        engine.tap(true);
        let [ready, done, found, mask, open] = ["ready", "done", "found", "found_mask", "open"]
            .map(|pin| place(config, Top::Switch, &format!("table_{pin}")));
        let mut ask = |engine: &mut Box<dyn Engine>, op| {
            let request = TableRequest {
                op,
                address: Mac([2, 3, 4, 5, 6, 7]),
                mask: PortMask::first(MAX_PORTS),
            };
            engine.request(Some(request));
            for _ in 0..100 {
                engine.cycle(&[None; 2], &[true; 2], &mut outcome).unwrap();
                let pins = engine.pins().to_vec();
                if pins[ready] == 1 {
                    engine.request(None);
                }
                if pins[done] == 1 {
                    return [pins[found], pins[mask]];
                }
            }
            panic!("no answer");
        };
        assert_eq!(ask(&mut engine, TableOp::WriteStatic), [0, 0]);
        assert_eq!(ask(&mut engine, TableOp::Read), [1, 3]);
        engine.set_reset(true);
        let idle = |engine: &mut Box<dyn Engine>| {
            let mut outcome = Outcome::new(2);
            engine.cycle(&[None; 2], &[true; 2], &mut outcome).unwrap();
            engine.pins()[open]
        };
        idle(&mut engine);
        engine.set_reset(false);
        let closed = (0..100).take_while(|_| idle(&mut engine) == 0).count();
        let enough = idle_cycles_after_reset(config, Top::Switch);
        assert!((enough - 8..=enough).contains(&closed), "{closed} cycles");
        assert_eq!(ask(&mut engine, TableOp::Read), [0, 0]);
    }

    #[test]
    fn settings_change_between_cycles_and_shorter_masks_cut_through() {
        let config = Config::named("2x32").unwrap();
        let settings = Settings {
            store_and_forward: vec![PortMask::NONE, PortMask::first(2)],
            ..Settings::default()
        };
        let mut engine =
            engine::build_top(EngineKind::Rtl, config, Top::Fabric, &settings).unwrap();
        let mut outcome = Outcome::new(2);
        let stamp = Stamp {
            source: 1,
            destination: 0,
            sequence: 0,
            length: 400,
        };
        let bytes = stamp.frame_for(Top::Fabric);
        let mut first_beat_after = |engine: &mut Box<dyn Engine>| {
            let beats = frame::beats(bytes.len(), 4);
            let mut first = None;
            for index in 0..3 * beats {
                let beat = (index < beats).then(|| frame::beat(&bytes, index, 4, false));
                engine
                    .cycle(&[None, beat], &[true; 2], &mut outcome)
                    .unwrap();
                if outcome.egress[0].is_some() {
                    first = first.or(Some(index));
                }
            }
            first.unwrap()
        };
        assert!(first_beat_after(&mut engine) >= 100);
        engine.configure(&Settings::default()).unwrap();
        assert!(first_beat_after(&mut engine) < 10);
        let wrong = Settings {
            store_and_forward: vec![PortMask::one(2)],
            ..Settings::default()
        };
        assert!(engine.configure(&wrong).is_err());
        assert!(first_beat_after(&mut engine) < 10, "nothing has changed");
    }
}
