//! How blocks are evaluated in simulation: only those whose inputs changed, and at a clock edge all at once.
//!
//! ```text
//!   settle(block):      inputs changed? ──► update, settle the blocks inside ─┐ until none of them changes
//!                                            ▲                                │ an output
//!                                            └────────────────────────────────┘
//!   clock_edge(block):  flops take d, blocks inside: clock_edge ──► anything changed? ──► the same loop
//! ```
//!
//! rust-hdl's own derive runs every `update` of the hierarchy in every step until nothing changes, and hands the clock
//! down like any signal, in both directions. Here a block that has settled is left alone until an input differs, and
//! the clock is no signal: at its rising edge every flop of a block takes the `d` that settled before the edge, before
//! any `update` runs. That is the same as long as data pass from block to block through the `update` of the block
//! around them, which is the only way in rust-hdl, and as long as there is one clock, which the exporter sees to.
//!
//! [`LogicBlock`](macro@crate::prelude::LogicBlock) of this crate derives it from the fields, so that no input can be
//! forgotten. From outside a block behaves as any of rust-hdl's: set inputs or the clock, call `update_all`; after one
//! call it has settled.

use std::cell::Cell;

use rust_hdl::prelude::*;

/// How often a block's `update` runs before it counts as unstable.
pub const SETTLE_LIMIT: usize = 1_000;

thread_local! {
    /// A block did not settle.
    static UNSETTLED: Cell<bool> = const { Cell::new(false) };
}

/// Whether some block of this thread did not settle since this was asked last.
#[must_use]
pub fn take_unsettled() -> bool {
    UNSETTLED.take()
}

/// A part of a block: a signal, a flip-flop, a block inside, or several of them.
pub trait Evaluate {
    /// A clock edge may change it.
    const IS_CLOCKED: bool = false;

    /// An input takes what was assigned to it; true if it changes.
    fn enter(&mut self) -> bool {
        false
    }

    /// An output takes what was assigned to it; true if it changes.
    fn leave(&mut self) -> bool {
        false
    }

    /// An output changed when it was last asked to leave.
    fn has_left(&self) -> bool {
        false
    }

    /// A block inside takes its inputs and settles; true if an output changes.
    fn settle(&mut self) -> bool {
        false
    }

    /// A flip-flop or a block inside goes through a rising clock edge, and settles; true if an output changes.
    fn clock_edge(&mut self) -> bool {
        false
    }

    /// An input took part in the first evaluation.
    fn is_started(&self) -> bool {
        false
    }

    /// The first evaluation: an input takes what was assigned to it, a block inside settles.
    fn start(&mut self) {}
}

impl<T: Synth> Evaluate for Signal<In, T> {
    fn enter(&mut self) -> bool {
        let changes = self.next != self.val();
        if changes {
            self.update_all();
        }
        changes
    }

    // `changed` of an input is used for nothing else: data inputs keep it from their first evaluation on.
    fn is_started(&self) -> bool {
        self.changed
    }

    fn start(&mut self) {
        self.update_all();
        self.changed = true;
    }
}

impl<T: Synth> Evaluate for Signal<Out, T> {
    fn leave(&mut self) -> bool {
        self.update_all();
        self.changed
    }

    fn has_left(&self) -> bool {
        self.changed
    }
}

impl<T: Synth> Evaluate for Signal<Local, T> {}

impl<T: Synth> Evaluate for Constant<T> {}

impl<T: Synth> Evaluate for DFF<T> {
    const IS_CLOCKED: bool = true;

    fn clock_edge(&mut self) -> bool {
        let changes = self.q.next != self.d.next;
        if changes {
            self.q.next = self.d.next;
            self.q.update_all();
        }
        changes
    }
}

impl<E: Evaluate, const N: usize> Evaluate for [E; N] {
    const IS_CLOCKED: bool = E::IS_CLOCKED;

    fn enter(&mut self) -> bool {
        self.iter_mut().fold(false, |any, part| part.enter() | any)
    }

    fn leave(&mut self) -> bool {
        self.iter_mut().fold(false, |any, part| part.leave() | any)
    }

    fn has_left(&self) -> bool {
        self.iter().any(E::has_left)
    }

    fn settle(&mut self) -> bool {
        self.iter_mut().fold(false, |any, part| part.settle() | any)
    }

    fn clock_edge(&mut self) -> bool {
        self.iter_mut()
            .fold(false, |any, part| part.clock_edge() | any)
    }

    fn is_started(&self) -> bool {
        self.iter().any(E::is_started)
    }

    fn start(&mut self) {
        self.iter_mut().for_each(E::start);
    }
}

/// What a block is made of. Derived; each method is that of [`Evaluate`] on every field.
pub trait Parts: Block {
    /// A clock edge may change one of the fields. Otherwise the block, if it has a clock, is a memory: its `update` looks
    /// for the edge itself.
    const ARE_CLOCKED: bool;

    /// The block's clock.
    fn clock(&mut self) -> Option<&mut Signal<In, Clock>>;

    /// The block has been evaluated, and has an input.
    fn is_started(&self) -> bool;

    /// Inputs take what was assigned to them, blocks inside have their first evaluation.
    fn start(&mut self);

    /// Inputs take what was assigned to them; true if one changes.
    fn enter(&mut self) -> bool;

    /// Outputs take what was assigned to them; true if one changes.
    fn leave(&mut self) -> bool;

    /// Blocks inside settle; true if an output of one changes.
    fn settle(&mut self) -> bool;

    /// Flip-flops and blocks inside go through a rising clock edge; true if an output of one changes.
    fn clock_edge(&mut self) -> bool;
}

/// [`Evaluate::start`] of a block.
pub fn start<P: Parts>(block: &mut P) {
    Parts::start(block);
    run(block);
    block.leave();
}

/// What rust-hdl calls: inputs and clock may have changed since the last time. Inputs come before the edge.
pub fn update_all<P: Parts>(block: &mut P) {
    if !block.is_started() {
        start(block);
    }
    let mut rises = false;
    if let Some(clock) = block.clock() {
        rises = clock.next.clk && !clock.val().clk;
        if !rises {
            clock.update_all();
        }
    }
    if block.enter() {
        run(block);
    }
    if rises {
        step(block);
        set_clock(block, true);
    }
    block.leave();
}

/// [`Evaluate::settle`] of a block.
pub fn settle<P: Parts>(block: &mut P) -> bool {
    if !block.enter() {
        return false;
    }
    run(block);
    block.leave()
}

/// [`Evaluate::clock_edge`] of a block.
pub fn clock_edge<P: Parts>(block: &mut P) -> bool {
    step(block) && block.leave()
}

/// A rising edge; true if the block was updated.
fn step<P: Parts>(block: &mut P) -> bool {
    if P::ARE_CLOCKED {
        let changes = block.clock_edge();
        if changes {
            run(block);
        }
        return changes;
    }
    if block.clock().is_none() {
        return false;
    }
    set_clock(block, true);
    block.update();
    set_clock(block, false);
    true
}

/// Updates the block until no block inside changes an output.
fn run<P: Parts>(block: &mut P) {
    for _ in 0..SETTLE_LIMIT {
        block.update();
        if !block.settle() {
            return;
        }
    }
    UNSETTLED.set(true);
}

fn set_clock<P: Parts>(block: &mut P, clk: bool) {
    if let Some(clock) = block.clock() {
        clock.next = Clock { clk };
        clock.update_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cosim::Random;

    /// The same blocks with the derive given: an accumulator around a memory and two flops that feed each other.
    macro_rules! blocks {
        ($module:ident, $derive:path) => {
            mod $module {
                use crate::prelude::*;

                #[derive($derive, Default)]
                pub struct Cell {
                    pub clock: Signal<In, Clock>,
                    pub write: Signal<In, Bit>,
                    pub word: Signal<In, Bits<8>>,
                    pub held: Signal<Out, Bits<8>>,
                    _word: Bits<8>,
                    pub _updates: usize,
                }

                impl Logic for Cell {
                    fn update(&mut self) {
                        self._updates += 1;
                        if self.clock.pos_edge() {
                            self.held.next = self._word;
                            if self.write.val() {
                                self._word = self.word.val();
                            }
                        }
                    }
                }

                #[derive($derive, Default)]
                pub struct Adder {
                    pub clock: Signal<In, Clock>,
                    pub word: Signal<In, Bits<8>>,
                    pub sum: Signal<Out, Bits<8>>,
                    pub ahead: Signal<Out, Bits<8>>,
                    total: DFF<Bits<8>>,
                }

                impl Logic for Adder {
                    #[hdl_gen]
                    fn update(&mut self) {
                        dff_setup!(self, clock, total);
                        self.total.d.next = self.total.q.val() + self.word.val();
                        self.sum.next = self.total.q.val();
                        self.ahead.next = self.total.q.val() ^ self.word.val();
                    }
                }

                #[derive($derive, Default)]
                pub struct Loop {
                    pub clock: Signal<In, Clock>,
                    pub word: Signal<In, Bits<8>>,
                    pub write: Signal<In, Bit>,
                    pub out: Signal<Out, Bits<8>>,
                    pub through: Signal<Out, Bits<8>>,
                    pub adder: [Adder; 2],
                    pub cell: Cell,
                    last: DFF<Bits<8>>,
                }

                impl Logic for Loop {
                    #[hdl_gen]
                    fn update(&mut self) {
                        dff_setup!(self, clock, last);
                        self.cell.clock.next = self.clock.val();
                        self.cell.write.next = self.write.val();
                        self.cell.word.next = self.adder[0].ahead.val();
                        for i in 0..2 {
                            self.adder[i].clock.next = self.clock.val();
                        }
                        self.adder[0].word.next = self.adder[1].ahead.val();
                        self.adder[1].word.next = self.cell.held.val() + self.word.val();
                        self.last.d.next = self.adder[0].sum.val();
                        self.out.next = self.last.q.val() + self.adder[1].sum.val();
                        self.through.next = !self.adder[0].ahead.val();
                    }
                }
            }
        };
    }
    blocks!(ours, crate::prelude::LogicBlock);
    blocks!(theirs, rust_hdl::prelude::LogicBlock);

    fn settle_both(ours: &mut ours::Loop, theirs: &mut theirs::Loop) -> (u32, u32) {
        ours.update_all();
        while {
            theirs.update_all();
            theirs.has_changed()
        } {}
        assert_eq!(ours.out.val(), theirs.out.val());
        assert_eq!(ours.through.val(), theirs.through.val());
        (ours.out.val().to_u32(), ours.through.val().to_u32())
    }

    #[allow(clippy::print_stdout, reason = "the seed, to read when it fails")]
    #[test]
    fn blocks_do_what_they_do_in_rust_hdl() {
        const SEED: u64 = 1;
        let mut ours = ours::Loop::default();
        let mut theirs = theirs::Loop::default();
        println!("seed {SEED}");
        let mut random = Random::new(SEED);
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..2_000 {
            // Inputs change with the clock low, with it high, and together with either edge.
            if random.bit() {
                let (word, write) = (random.bits(8), random.bit());
                ours.word.next = word.into();
                theirs.word.next = word.into();
                ours.write.next = write;
                theirs.write.next = write;
                if random.bit() {
                    seen.insert(settle_both(&mut ours, &mut theirs));
                }
            }
            // A word that crosses blocks together with an edge races with it in rust-hdl; these settle first.
            settle_both(&mut ours, &mut theirs);
            let clk = !ours.clock.val().clk;
            ours.clock.next = Clock { clk };
            theirs.clock.next = Clock { clk };
            seen.insert(settle_both(&mut ours, &mut theirs));
        }
        assert!(seen.len() > 500, "{} values only", seen.len());
    }

    #[test]
    fn an_input_that_comes_with_the_edge_comes_before_it() {
        let mut block = ours::Adder::default();
        block.word.next = 5.into();
        block.clock.next = Clock { clk: true };
        block.update_all();
        assert_eq!(block.sum.val(), 5);
        block.word.next = 7.into();
        block.update_all();
        assert_eq!(block.sum.val(), 5, "the clock stayed high");
        assert_eq!(block.ahead.val(), 2);
    }

    #[test]
    fn an_untouched_block_is_not_evaluated_again() {
        let mut block = ours::Loop::default();
        block.update_all();
        let before = block.cell._updates;
        assert!(before > 0, "its first evaluation");
        block.update_all();
        block.clock.next = Clock { clk: false };
        block.update_all();
        assert_eq!(block.cell._updates, before);
        assert!(!block.has_changed());
    }

    #[test]
    fn blocks_inside_a_block_of_rust_hdl_settle_with_it() {
        /// Two of our adders in a row, in a block of theirs.
        #[derive(rust_hdl::prelude::LogicBlock, Default)]
        struct Row {
            pub clock: Signal<In, Clock>,
            pub word: Signal<In, Bits<8>>,
            pub out: Signal<Out, Bits<8>>,
            adder: [ours::Adder; 2],
        }

        impl Logic for Row {
            fn update(&mut self) {
                for adder in &mut self.adder {
                    adder.clock.next = self.clock.val();
                }
                self.adder[0].word.next = self.word.val();
                self.adder[1].word.next = self.adder[0].sum.val();
                self.out.next = self.adder[1].sum.val();
            }
        }

        let mut row = Row::default();
        let mut outs = Vec::new();
        row.word.next = 1.into();
        for clk in [false, true, false, true, false, true] {
            row.clock.next = Clock { clk };
            while {
                row.update_all();
                row.has_changed()
            } {}
            outs.push(row.out.val().to_u32());
        }
        assert_eq!(outs, [0, 0, 0, 1, 1, 3]);
    }
}
