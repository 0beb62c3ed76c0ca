//! The rust-hdl [`Link`] as a [`LinkEngine`].

use lightswitch_hdl::cosim::settle;
use lightswitch_hdl::link::{Link, LinkConfig};
use lightswitch_hdl::prelude::{Bits, Block, Clock};
use lightswitch_hdl::target::Target;
use lightswitch_hdl::tops::on_large_stack;
use lightswitch_hdl::with_link;

use super::{Lanes, LinkEngine, LinkIn, LinkOut, LinkStatus};
use crate::beat::{Beat, MAX_BEAT_BYTES};
use crate::Error;

/// The blocks of a link, after a cycle of reset.
///
/// # Errors
/// [`Error::Engine`] if they do not settle.
pub fn build(link: &LinkConfig) -> Result<Box<dyn LinkEngine>, Error> {
    let link = *link;
    macro_rules! engine {
        ($($number:literal),*) => {
            start(move || Link::<$($number),*>::new(&link.options(Target::Generic)))
        };
    }
    with_link!(link, engine)
}

fn start<P: Pins + Send + 'static>(
    make: impl FnOnce() -> P + Send + 'static,
) -> Result<Box<dyn LinkEngine>, Error> {
    let block = on_large_stack(move || {
        let mut block = Box::new(make());
        block.connect_all();
        block
    });
    let mut engine = Rtl {
        block,
        cycle: 0,
        outputs: LinkOut::default(),
    };
    engine.cycle(&LinkIn {
        reset: true,
        ..LinkIn::default()
    })?;
    Ok(Box::new(engine))
}

struct Rtl<P> {
    block: Box<P>,
    cycle: u64,
    outputs: LinkOut,
}

impl<P: Pins> Rtl<P> {
    fn settle(&mut self) -> Result<(), Error> {
        settle(self.block.as_mut()).map_err(|error| Error::Engine {
            engine: "rtl",
            cycle: self.cycle,
            reason: error.to_string(),
        })
    }
}

impl<P: Pins> LinkEngine for Rtl<P> {
    fn name(&self) -> &'static str {
        "rtl"
    }

    fn outputs(&self) -> &LinkOut {
        &self.outputs
    }

    fn cycle(&mut self, inputs: &LinkIn) -> Result<(), Error> {
        self.block.drive(inputs);
        for clk in [false, true] {
            self.block.set_clock(clk);
            self.settle()?;
        }
        self.outputs = self.block.sample();
        self.cycle += 1;
        Ok(())
    }
}

/// The pins of a link, whatever its size.
trait Pins: Block {
    fn set_clock(&mut self, clk: bool);

    fn drive(&mut self, inputs: &LinkIn);

    fn sample(&self) -> LinkOut;
}

impl<
        const LANES: usize,
        const SPARES: usize,
        const PHYSICAL: usize,
        const LW: usize,
        const LANE_BEATS: usize,
        const PTR_W: usize,
        const WORDS: usize,
        const KEEP_W: usize,
        const WIDTHS: usize,
        const CODES: usize,
        const PLAIN: usize,
        const LOSSLESS: usize,
        const RING_W: usize,
    > Pins
    for Link<
        LANES,
        SPARES,
        PHYSICAL,
        LW,
        LANE_BEATS,
        PTR_W,
        WORDS,
        KEEP_W,
        WIDTHS,
        CODES,
        PLAIN,
        LOSSLESS,
        RING_W,
    >
{
    fn set_clock(&mut self, clk: bool) {
        self.clock.next = Clock { clk };
    }

    fn drive(&mut self, inputs: &LinkIn) {
        self.reset.next = inputs.reset;
        self.tx.tvalid.next = inputs.tx.is_some();
        if let Some(beat) = inputs.tx {
            let data = u64::from_le_bytes(beat.data);
            for (word, pin) in self.tx.tdata.iter_mut().enumerate() {
                pin.next = (data >> (32 * word) & 0xffff_ffff).into();
            }
            self.tx.tkeep.next = u64::from(beat.keep).into();
            self.tx.tlast.next = beat.last;
            self.tx.tuser.next = beat.user;
        }
        self.rx.tready.next = inputs.rx_ready;
        self.oei.tx_ready.next = inputs.engine_ready;
        self.oei.tx_fault.next = u64::from(inputs.tx_fault).into();
        for lane in 0..PHYSICAL {
            self.oei.rx_data[lane].next = u64::from(inputs.rx.data[lane]).into();
            self.oei.rx_hdr[lane].next = u64::from(inputs.rx.header[lane]).into();
        }
        self.oei.rx_data_valid.next = u64::from(inputs.rx.valid).into();
        self.oei.rx_hdr_valid.next = u64::from(inputs.rx.first).into();
        self.oei.rx_los.next = u64::from(inputs.rx_los).into();
        self.oei.rx_lol.next = u64::from(inputs.rx_lol).into();
    }

    fn sample(&self) -> LinkOut {
        let mut lanes = Lanes::default();
        for lane in 0..PHYSICAL {
            if self.oei.tx_data_valid[lane].val() {
                lanes.valid |= 1 << lane;
                lanes.data[lane] = number(self.oei.tx_data[lane].val()) as u32;
                if self.oei.tx_hdr_valid[lane].val() {
                    lanes.first |= 1 << lane;
                    lanes.header[lane] = number(self.oei.tx_hdr[lane].val()) as u8;
                }
            }
        }
        let status = &self.status;
        let stat = &self.stat;
        let pulses = [
            &stat.tx_frame,
            &stat.tx_underrun,
            &stat.tx_discarded,
            &stat.rx_frame,
            &stat.rx_broken,
            &stat.rx_too_long,
            &stat.rx_short,
            &stat.rx_damaged,
            &stat.rx_overflow,
            &stat.message_damaged,
            &stat.lane_lost,
            &stat.lane_recovered,
            &stat.went_up,
            &stat.went_down,
            &stat.tx_replay,
            &stat.tx_timeout,
            &stat.tx_final,
            &stat.tx_flushed,
            &stat.ack_received,
            &stat.nack_received,
            &stat.ack_sent,
            &stat.nack_sent,
            &stat.rx_hit,
            &stat.rx_duplicate,
            &stat.rx_missing,
            &stat.deskew_overflow,
        ];
        let mut outputs = LinkOut {
            tx_ready: self.tx.tready.val(),
            rx: self.rx.tvalid.val().then(|| {
                let mut data = [0; MAX_BEAT_BYTES];
                for (word, pin) in self.rx.tdata.iter().enumerate() {
                    data[4 * word..][..4].copy_from_slice(&pin.val().to_u32().to_le_bytes());
                }
                Beat {
                    data,
                    keep: number(self.rx.tkeep.val()) as u8,
                    last: self.rx.tlast.val(),
                    user: self.rx.tuser.val(),
                    dest: 0,
                }
            }),
            lanes,
            bitslip: number(self.oei.rx_bitslip.val()) as u16,
            reset_req: number(self.oei.rx_reset_req.val()) as u16,
            status: LinkStatus {
                up: status.up.val(),
                down_reason: number(status.down_reason.val()) as u8,
                aligned: status.aligned.val(),
                hi_ber: status.hi_ber.val(),
                remote_fault: status.remote_fault.val(),
                tx_width: number(status.tx_width.val()) as u8,
                rx_width: number(status.rx_width.val()) as u8,
                tx_lost: number(status.tx_lost.val()) as u16,
                block_lock: number(status.block_lock.val()) as u16,
                marker_lock: number(status.marker_lock.val()) as u16,
                retry_tx_state: number(status.retry_tx_state.val()) as u8,
                retry_rx_state: number(status.retry_rx_state.val()) as u8,
            },
            ..LinkOut::default()
        };
        for (place, pulse) in pulses.into_iter().enumerate() {
            outputs.pulses.bits |= u32::from(pulse.val()) << place;
        }
        for lane in 0..PHYSICAL {
            outputs.pulses.bip_errors[lane] = number(stat.bip_errors[lane].val()) as u8;
        }
        outputs.pulses.header_error = number(stat.header_error.val()) as u16;
        outputs
    }
}

/// The value of a bus.
fn number<const N: usize>(bits: Bits<N>) -> u64 {
    bits.to_u64()
}
