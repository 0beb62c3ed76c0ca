//! A mismatch is found at its pin and cycle, repeats from the written plan, and shrinks to little.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "figures, to read with --nocapture; a failing test may panic"
)]

use lightswitch_hdl::config::Config;
use lightswitch_hdl::tops::Top;
use lightswitch_sim::beat::Beat;
use lightswitch_sim::engine::{Engine, Outcome, Settings, TableRequest};
use lightswitch_sim::lockstep::{self, Stimulus};
use lightswitch_sim::{model, pins, Error, PortMask};

/// A model that forgets to count the frames it floods once it has filtered one to a reserved address.
struct Faulty {
    inner: Box<dyn Engine>,
    pins: Vec<u64>,
    reserved: usize,
    flooded: usize,
    is_broken: bool,
}

impl Faulty {
    fn new(config: &Config) -> Self {
        let place = |wanted: &str| {
            let pins = pins::outputs(config, Top::Switch);
            pins.iter().position(|pin| pin.name == wanted).unwrap()
        };
        Self {
            inner: model::build(config, Top::Switch, &Settings::default()).unwrap(),
            pins: Vec::new(),
            reserved: place("stat_filtered_reserved"),
            flooded: place("stat_flooded"),
            is_broken: false,
        }
    }
}

impl Engine for Faulty {
    fn name(&self) -> &'static str {
        "faulty"
    }

    fn ports(&self) -> usize {
        self.inner.ports()
    }

    fn beat_bytes(&self) -> usize {
        self.inner.beat_bytes()
    }

    fn reset(&mut self) -> Result<(), Error> {
        self.inner.reset()
    }

    fn set_reset(&mut self, high: bool) {
        self.inner.set_reset(high);
    }

    fn configure(&mut self, settings: &Settings) -> Result<(), Error> {
        self.inner.configure(settings)
    }

    fn request(&mut self, request: Option<TableRequest>) {
        self.inner.request(request);
    }

    fn tap(&mut self, on: bool) {
        self.inner.tap(on);
    }

    fn pins(&self) -> &[u64] {
        &self.pins
    }

    fn cycle(
        &mut self,
        offered: &[Option<Beat>],
        egress_ready: &[bool],
        outcome: &mut Outcome,
    ) -> Result<(), Error> {
        self.inner.cycle(offered, egress_ready, outcome)?;
        self.pins.clear();
        self.pins.extend(self.inner.pins());
        self.is_broken |= self.pins[self.reserved] != 0;
        if self.is_broken {
            self.pins[self.flooded] = 0;
        }
        Ok(())
    }
}

#[test]
fn a_fault_is_found_repeated_and_shrunk() {
    let config = Config::named("4x64").unwrap();
    let build = || -> Result<Vec<Box<dyn Engine>>, Error> {
        Ok(vec![
            model::build(config, Top::Switch, &Settings::default())?,
            Box::new(Faulty::new(config)),
        ])
    };
    let pins = pins::outputs(config, Top::Switch);
    let mut stimulus = Stimulus::new(config, Top::Switch, 7, 20_000);
    let run = |stimulus: &mut Stimulus| {
        let mut made = build().unwrap();
        let mut engines = lockstep::borrowed(&mut made);
        lockstep::run(&mut engines, &pins, stimulus, &mut |_, _| {}).unwrap()
    };
    let report = run(&mut stimulus);
    let mismatch = report.mismatch.unwrap();
    assert_eq!(mismatch.pin.name, "stat_flooded");
    assert_eq!(mismatch.cycle + 1, report.cycles);
    assert!(mismatch.to_string().contains("0x0 in faulty"), "{mismatch}");

    let plan = stimulus.written();
    let again = run(&mut Stimulus::of(plan.clone()));
    assert_eq!(again.mismatch, Some(mismatch), "the plan repeats the run");

    let (small, mismatch) =
        lockstep::shrink(&plan, &pins, &mut || build(), &mut |_, _| {}).unwrap();
    let frames = |plan: &lockstep::Plan| plan.sources.iter().map(Vec::len).sum::<usize>();
    println!("{} frames of {} are left", frames(&small), frames(&plan));
    assert_eq!(mismatch.pin.name, "stat_flooded");
    // Two are enough; one in front may have to stay, for the order of the two to last.
    assert!((2..=5).contains(&frames(&small)), "{small:?}");
    assert!(small.requests.len() + small.resets.len() + small.settings.len() <= 2);
    assert!(small.stalls.iter().all(Vec::is_empty));
    let last = run(&mut Stimulus::of(small));
    assert_eq!(last.mismatch, Some(mismatch), "the small plan repeats it");
}

/// What makes a plan unfit.
type Spoil = fn(&mut lockstep::Plan);

#[test]
fn a_plan_that_does_not_fit_is_refused() {
    let config = Config::named("4x64").unwrap();
    let mut stimulus = Stimulus::new(config, Top::Switch, 1, 300);
    let mut made = [model::build(config, Top::Switch, &Settings::default()).unwrap()];
    let mut engines = lockstep::borrowed(&mut made);
    let pins = pins::outputs(config, Top::Switch);
    lockstep::run(&mut engines, &pins, &mut stimulus, &mut |_, _| {}).unwrap();
    let good = stimulus.written();
    assert!(good.check().is_ok());
    let refusals: [(&str, Spoil); 7] = [
        ("configuration is `5x5`", |plan| plan.config = "5x5".into()),
        ("top is `bottom`", |plan| plan.top = "bottom".into()),
        ("number of sources is `3`", |plan| plan.sources.truncate(3)),
        ("without a last beat", |plan| {
            plan.sources[0][0].beats.pop();
        }),
        ("store-and-forward", |plan| {
            plan.settings[0].store_and_forward = vec![PortMask::one(4)];
        }),
        ("mask is `0x8000", |plan| {
            plan.settings[0].store_and_forward = vec![PortMask::one(511)];
        }),
        ("dest_above is `0x10000000000000000`", |plan| {
            plan.sources[3][0].dest_above = PortMask::one(64);
        }),
    ];
    for (words, spoil) in refusals {
        let mut plan = good.clone();
        spoil(&mut plan);
        let error = plan.check().unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
    let error = lockstep::shrink(
        &good,
        &pins,
        &mut || {
            Ok(vec![
                model::build(config, Top::Switch, &Settings::default())?,
                model::build(config, Top::Switch, &Settings::default())?,
            ])
        },
        &mut |_, _| {},
    )
    .unwrap_err()
    .to_string();
    assert!(error.contains("without a mismatch"), "{error}");
}
