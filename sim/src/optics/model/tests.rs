//! The whole model against the whole RTL.

use lightswitch_hdl::link::LinkConfig;

use super::Model;
use crate::optics::lockstep::{run, End};
use crate::optics::{rtl, PULSES};

#[test]
fn follows_the_rtl() {
    let mut pulses = [0; PULSES.len()];
    for (seed, link) in LinkConfig::ALL.iter().enumerate() {
        let link = LinkConfig {
            marker_period: 16,
            ..*link
        };
        let end = || -> End { vec![Box::new(Model::new(&link)), rtl::build(&link).unwrap()] };
        let cycles = 25_000;
        let report = run(
            &link,
            &mut [end(), end()],
            cycles,
            seed as u64,
            &mut |_, _| (),
        )
        .unwrap();
        assert_eq!(report.mismatch, None, "{}", link.name);
        assert!(report.up_cycles > 100, "{}: {report:?}", link.name);
        for (times, name) in pulses.iter_mut().zip(PULSES) {
            *times += report.pulses[name];
        }
    }
    for (times, name) in pulses.iter().zip(PULSES) {
        if name == "rx_duplicate" {
            continue; // rare; see the test of `LosslessRx`
        }
        assert!(*times > 0, "{name}: {pulses:?}");
    }
}
