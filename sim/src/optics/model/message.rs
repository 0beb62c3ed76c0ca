//! Messages between the two ends of a link.

use lightswitch_hdl::link::message::{crc8, INITIAL, NIBBLE};

/// The twin of `MessageReader`: the message in an ordered set.
#[derive(Clone, Debug, Default)]
pub struct MessageReader {
    message: Option<u64>,
    damaged: bool,
}

impl MessageReader {
    /// The 44 bits of the message that was read.
    pub fn message(&self) -> Option<u64> {
        self.message
    }

    /// A message was damaged.
    pub fn damaged(&self) -> bool {
        self.damaged
    }

    /// The clock edge, with an ordered set.
    pub fn cycle(&mut self, set: Option<u64>, reset: bool) {
        (self.message, self.damaged) = (None, false);
        if let Some(set) = set.filter(|set| set >> 32 & 0xf == NIBBLE && !reset) {
            let message = set >> 8 & 0xff_ffff | (set >> 36 & 0xf_ffff) << 24;
            let is_right = u64::from(crc8(INITIAL, message, 44)) == set >> 56;
            self.message = is_right.then_some(message);
            self.damaged = !is_right;
        }
    }
}

#[cfg(test)]
mod tests {
    use lightswitch_hdl::cosim::Random;
    use lightswitch_hdl::link::{message::payload, MessageReader as Reader, MessageWriter};
    use lightswitch_hdl::prelude::*;

    use super::*;
    use crate::optics::model::testbench::{set_word_pair, word_pair, Rtl};

    #[test]
    fn follows_the_rtl() {
        let mut random = Random::new(9);
        let mut rtl = Rtl::new(Reader::default());
        let mut writer = MessageWriter::default();
        writer.connect_all();
        let mut model = MessageReader::default();
        let (mut read, mut damaged) = (0, 0);
        for cycle in 0..5_000 {
            let message = random.bits(44);
            set_word_pair!(writer.message, message);
            lightswitch_hdl::cosim::settle(&mut writer).unwrap();
            let mut set = payload(message);
            assert_eq!(word_pair!(writer.set), set);
            if random.below(3) == 0 {
                set ^= 1 << (8 + random.below(56));
            }
            let offered = (random.below(4) > 0).then_some(set);
            let reset = random.below(300) == 0;
            set_word_pair!(rtl.block.set, set);
            rtl.block.set_valid.next = offered.is_some();
            rtl.block.reset.next = reset;
            rtl.settle();
            let message = rtl.block.valid.val().then(|| word_pair!(rtl.block.message));
            assert_eq!(message, model.message(), "cycle {cycle}");
            assert_eq!(rtl.block.damaged.val(), model.damaged(), "cycle {cycle}");
            read += u32::from(model.message().is_some());
            damaged += u32::from(model.damaged());
            model.cycle(offered, reset);
            rtl.clock();
        }
        assert!(read > 500 && damaged > 500, "{read} {damaged}");
    }
}
