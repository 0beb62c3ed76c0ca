//! The numbered traps of rust-hdl 0.46: places where its own Verilog does not do what its simulation does.
//!
//! Each either comes out right, shown by Verilator on the exported Verilog, or is refused with the block and the field.
//! Traps 5 and 6 never reach the exporter; `source_rules.rs` refuses them.

#![allow(clippy::unwrap_used, clippy::match_bool)] // a test of odd kernels

use lightswitch_hdl::cosim::{self, Random};
use lightswitch_hdl::export::export;
use lightswitch_hdl::prelude::*;

/// Declares a block of inputs and outputs with this kernel.
macro_rules! block {
    ($name:ident { $($field:ident: $kind:ty,)* } $($update:tt)*) => {
        #[derive(LogicBlock, Default)]
        struct $name { $($field: $kind,)* }

        impl Logic for $name {
            $($update)*
            describe!("A trap.");
        }
    };
}

/// The message that exporting `block` is refused with.
fn refusal<B: Block>(mut block: B) -> String {
    block.connect_all();
    export(&block, "trap", &[]).unwrap_err().to_string()
}

/// How many cycles the 1-bit output `field` was high in.
fn high(trace: &cosim::Trace, field: &str) -> usize {
    (0..trace.len())
        .filter(|cycle| trace.value(*cycle, field) == Some(1))
        .count()
}

/// Small and extreme numbers more often than others.
fn corner(random: &mut Random) -> Bits<8> {
    match random.below(4) {
        0 => random.bits(2).into(),
        1 => (255 - random.bits(2)).into(),
        _ => random.bits(8).into(),
    }
}

block! {
    Precedence {
        a: Signal<In, Bits<8>>,
        b: Signal<In, Bits<8>>,
        none: Signal<Out, Bit>,
        low: Signal<Out, Bit>,
    }
    #[hdl_gen]
    fn update(&mut self) {
        self.none.next = self.a.val() & self.b.val() == 0;
        self.low.next = self.a.val() == self.b.val() & 15;
    }
}

#[test]
fn trap_1_comparison_binds_as_in_rust() {
    let (_, trace) = cosim::check!(no clock, Precedence::default(), 1_000, 1, |block, random| {
        block.a.next = corner(random);
        block.b.next = corner(random);
    });
    assert!(high(&trace, "none") > 10 && high(&trace, "low") > 10);
}

block! {
    LiteralWidth {
        a: Signal<In, Bits<8>>,
        b: Signal<In, Bits<8>>,
        next: Signal<Out, Bit>,
        none: Signal<Out, Bit>,
        below: Signal<Out, Bit>,
    }
    #[hdl_gen]
    fn update(&mut self) {
        self.next.next = (self.a.val() + 1) == self.b.val();
        self.none.next = !self.a.val() == 0;
        self.below.next = (self.a.val() - self.b.val()) < bits::<8>(10);
    }
}

#[test]
fn trap_2_sums_wrap_before_they_are_compared() {
    let mut wrapped = false;
    let (design, trace) = cosim::check!(no clock, LiteralWidth::default(), 4_000, 2, |block, random| {
        block.a.next = corner(random);
        block.b.next = corner(random);
        wrapped |= block.a.next == 255 && block.b.next == 0;
    });
    assert!(
        wrapped
            && high(&trace, "next") > 10
            && high(&trace, "none") > 10
            && high(&trace, "below") > 10
    );
    assert!(design.verilog().contains("(a + 8'd1) == b"));
}

block! {
    WideLiteral { a: Signal<In, Bits<8>>, o: Signal<Out, Bits<8>>, }
    #[hdl_gen]
    fn update(&mut self) {
        self.o.next = self.a.val() + 256;
    }
}

#[test]
fn trap_2_refuses_a_literal_that_does_not_fit() {
    assert_eq!(
        refusal(WideLiteral::default()),
        "block `WideLiteral`: 256 does not fit in 8 bits at `o`"
    );
}

block! {
    Carry {
        a: Signal<In, Bits<8>>,
        b: Signal<In, Bits<8>>,
        sum: Signal<Out, Bits<9>>,
        shifted: Signal<Out, Bits<16>>,
        kept: Signal<Out, Bits<9>>,
    }
    #[hdl_gen]
    fn update(&mut self) {
        self.sum.next = bit_cast::<9, 8>(self.a.val() + self.b.val());
        self.shifted.next = bit_cast::<16, 8>(self.a.val() << 4);
        self.kept.next = bit_cast::<9, 8>(self.a.val()) + bit_cast::<9, 8>(self.b.val());
    }
}

#[test]
fn trap_3_a_cast_makes_no_carry() {
    let (_, trace) = cosim::check!(no clock, Carry::default(), 1_000, 3, |block, random| {
        block.a.next = corner(random);
        block.b.next = corner(random);
    });
    let carried = (0..trace.len())
        .filter(|cycle| trace.value(*cycle, "kept") > Some(255))
        .count();
    assert!(carried > 100);
}

block! {
    Narrow { a: Signal<In, Bits<8>>, b: Signal<In, Bits<4>>, o: Signal<Out, Bit>, }
    #[hdl_gen]
    fn update(&mut self) {
        self.o.next = bit_cast::<4, 8>(self.a.val()) + self.b.val() == 0;
    }
}

#[test]
fn trap_4_a_narrowing_cast_narrows() {
    let (_, trace) = cosim::check!(no clock, Narrow::default(), 1_000, 4, |block, random| {
        block.a.next = corner(random);
        block.b.next = random.bits(4).into();
    });
    assert!(high(&trace, "o") > 10);
}

block! {
    PastEnd { a: Signal<In, Bits<8>>, o: Signal<Out, Bits<4>>, }
    #[hdl_gen]
    fn update(&mut self) {
        self.o.next = self.a.val().get_bits::<4>(6);
    }
}

#[test]
fn trap_7_refuses_constant_bits_past_the_end() {
    assert_eq!(
        refusal(PastEnd::default()),
        "block `PastEnd`: bits 6..10 of `a` are past its 8 bits: select less"
    );
}

block! {
    MovingPastEnd { a: Signal<In, Bits<8>>, from: Signal<In, Bits<3>>, o: Signal<Out, Bits<4>>, p: Signal<Out, Bits<12>>, }
    #[hdl_gen]
    fn update(&mut self) {
        self.o.next = self.a.val().get_bits::<4>(self.from.val().index());
        self.p.next = self.a.val().get_bits::<12>(self.from.val().index());
    }
}

#[test]
fn trap_7_zero_fills_moving_bits_past_the_end() {
    let mut past = false;
    cosim::check!(no clock, MovingPastEnd::default(), 1_000, 7, |block, random| {
        block.a.next = corner(random);
        block.from.next = random.bits(3).into();
        past |= block.from.next == 7;
    });
    assert!(past);
}

const STEP: u64 = 3;

block! {
    RustConstant { a: Signal<In, Bits<8>>, o: Signal<Out, Bits<8>>, }
    #[hdl_gen]
    fn update(&mut self) {
        self.o.next = self.a.val() + STEP;
    }
}

/// A trap.
#[derive(LogicBlock, Default)]
struct ConstGeneric<const N: usize> {
    o: Signal<Out, Bits<8>>,
}

impl<const N: usize> Logic for ConstGeneric<N> {
    #[hdl_gen]
    fn update(&mut self) {
        self.o.next = N.to_bits();
    }
    describe!("A trap.");
}

#[test]
fn trap_8_refuses_rust_constants_as_values() {
    assert!(
        refusal(RustConstant::default()).starts_with("block `RustConstant`: `STEP` is no signal")
    );
    assert!(refusal(ConstGeneric::<4>::default())
        .starts_with("block `ConstGeneric<4>`: `N` is no signal"));
}

/// A trap.
#[derive(LogicBlock)]
struct ConstantOnly {
    clock: Signal<In, Clock>,
    five: Signal<Out, Bits<4>>,
    steps: Signal<Out, Bits<4>>,
    chosen: Signal<Out, Bits<4>>,
    count: Signal<Out, Bits<4>>,
    counter: DFF<Bits<4>>,
    early: Signal<Out, Bit>,
    mode: Constant<Bits<2>>,
}

impl Logic for ConstantOnly {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, counter);
        self.five.next = 5.into();
        self.steps.next = 0.into();
        self.steps.next = self.steps.val().replace_bit(3, true);
        self.steps.next = self.steps.val() + 1;
        self.chosen.next = 1.into();
        if self.mode.val() == 2 {
            self.chosen.next = 2.into();
        }
        self.counter.d.next = self.counter.q.val() + 1;
        self.count.next = self.counter.q.val();
        self.early.next = false;
        if self.counter.q.val() < 4 {
            self.early.next = true;
        }
    }
    describe!("A trap.");
}

#[test]
fn trap_9_constants_reach_their_outputs() {
    let block = ConstantOnly {
        clock: Signal::default(),
        five: Signal::default(),
        steps: Signal::default(),
        chosen: Signal::default(),
        count: Signal::default(),
        counter: DFF::default(),
        early: Signal::default(),
        mode: Constant::new(2.into()),
    };
    let (design, trace) = cosim::check!(block, 40, 9, |_, _| ());
    assert_eq!(trace.value(0, "five"), Some(5));
    assert_eq!(trace.value(0, "steps"), Some(9));
    assert_eq!(trace.value(0, "chosen"), Some(2));
    assert_eq!(trace.value(17, "count"), Some(1));
    // An event-driven simulator must get there too, with no input that changes before the first edge.
    let said = iverilog(
        &design.verilog(),
        "reg clk; wire [3:0] five, steps, chosen, count; wire early;
         constant_only dut (.clk(clk), .five(five), .steps(steps), .chosen(chosen), .count(count), .early(early));
         integer i;
         initial begin
             clk = 0;
             #1 $display(\"%d %d %d %d %b\", five, steps, chosen, count, early);
             for (i = 0; i < 5; i = i + 1) begin #1 clk = 1; #1 clk = 0; end
             #1 $display(\"%d %d %d %d %b\", five, steps, chosen, count, early);
         end",
    );
    if let Some(said) = said {
        let words: Vec<&str> = said.split_whitespace().collect();
        assert_eq!(words, ["5", "9", "2", "0", "1", "5", "9", "2", "5", "0"]);
    }
}

/// What a testbench around `verilog` prints under Icarus Verilog; nothing if there is none.
fn iverilog(verilog: &str, bench: &str) -> Option<String> {
    use std::process::Command;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("bench.v"),
        format!("{verilog}\nmodule bench;\n{bench}\nendmodule\n"),
    )
    .unwrap();
    let mut compile = Command::new("iverilog");
    compile.current_dir(folder.path()).args([
        "-g2005",
        "-Wall",
        "-s",
        "bench",
        "-o",
        "bench.vvp",
        "bench.v",
    ]);
    let Ok(compiled) = compile.output() else {
        assert!(
            std::env::var("LIGHTSWITCH_REQUIRE_TOOLS").is_err(),
            "iverilog is not found: install it, LIGHTSWITCH_REQUIRE_TOOLS asks for it"
        );
        eprintln!("SKIPPED trap 9 under Icarus Verilog: iverilog not found");
        return None;
    };
    assert!(
        compiled.status.success(),
        "{}",
        String::from_utf8_lossy(&compiled.stderr)
    );
    let ran = Command::new("vvp")
        .current_dir(folder.path())
        .arg("bench.vvp")
        .output()
        .unwrap();
    Some(String::from_utf8_lossy(&ran.stdout).into_owned())
}

/// A trap.
#[derive(LogicBlock, Default)]
struct Lane {
    a: [Signal<In, Bits<4>>; 2],
    b: [Signal<Out, Bits<4>>; 2],
}

impl Logic for Lane {
    #[hdl_gen]
    fn update(&mut self) {
        for i in 0..2 {
            self.b[i].next = self.a[i].val() + 1;
        }
    }
    describe!("A trap.");
}

/// A trap.
#[derive(LogicBlock, Default)]
struct Indices {
    a: [Signal<In, Bits<4>>; 6],
    b: [Signal<Out, Bits<4>>; 6],
    lane: [Lane; 3],
}

impl Logic for Indices {
    #[hdl_gen]
    fn update(&mut self) {
        for j in 0..3 {
            for i in 0..2 {
                self.lane[j].a[i].next = self.a[j * 2 + i].val();
                self.b[(2 - j) * 2 + 1 - i].next = self.lane[j].b[i].val();
            }
        }
    }
    describe!("A trap.");
}

#[test]
fn trap_10_resolves_second_and_computed_indices() {
    cosim::check!(no clock, Indices::default(), 200, 10, |block, random| {
        for i in 0..6 {
            block.a[i].next = random.bits(4).into();
        }
    });
}

/// A trap.
#[derive(LogicBlock, Default)]
struct NamedIndex<const P: usize> {
    a: [Signal<In, Bits<4>>; 4],
    b: Signal<Out, Bits<4>>,
}

impl<const P: usize> Logic for NamedIndex<P> {
    #[hdl_gen]
    fn update(&mut self) {
        self.b.next = self.a[P - 1].val();
    }
    describe!("A trap.");
}

#[test]
fn trap_10_refuses_an_index_it_cannot_resolve() {
    assert_eq!(
        refusal(NamedIndex::<2>::default()),
        "block `NamedIndex<2>`: index `P-1` of `a[P-1]` must be made of loop variables, literals and + - *"
    );
}

#[derive(Copy, Clone, PartialEq, Debug, Default, LogicStruct)]
struct Inner {
    x: Bits<4>,
    y: Bits<3>,
}

#[derive(Copy, Clone, PartialEq, Debug, Default, LogicStruct)]
struct Outer {
    inner: Inner,
    z: Bits<5>,
}

block! {
    NestedField { a: Signal<In, Outer>, o: Signal<Out, Bits<4>>, }
    #[hdl_gen]
    fn update(&mut self) {
        self.o.next = self.a.val().inner.x;
    }
}

block! {
    MatchBool { a: Signal<In, Bit>, o: Signal<Out, Bit>, }
    #[hdl_gen]
    fn update(&mut self) {
        match self.a.val() {
            true => self.o.next = false,
            _ => self.o.next = true,
        }
    }
}

block! {
    Field { a: Signal<In, Outer>, z: Signal<In, Bits<5>>, inner: Signal<Out, Inner>, b: Signal<Out, Outer>, }
    #[hdl_gen]
    fn update(&mut self) {
        self.inner.next = self.a.val().inner;
        self.b.next = self.a.val();
        self.b.next.z = self.z.val() + 1;
    }
}

#[test]
fn trap_11_refuses_nested_fields_and_a_match_on_bool() {
    assert!(refusal(NestedField::default())
        .contains("block `NestedField`: `a.val().inner.x` is no signal"));
    assert!(refusal(MatchBool::default()).contains("block `MatchBool`: `true` is no signal"));
}

#[test]
fn trap_11_prints_fields_one_level_deep() {
    cosim::check!(no clock, Field::default(), 500, 11, |block, random| {
        let inner = Inner { x: random.bits(4).into(), y: random.bits(3).into() };
        block.a.next = Outer { inner, z: random.bits(5).into() };
        block.z.next = random.bits(5).into();
    });
}

block! {
    SelectOnExpression {
        a: Signal<In, Bits<8>>,
        b: Signal<In, Bits<8>>,
        middle: Signal<Out, Bits<4>>,
        bit: Signal<Out, Bit>,
        twice: Signal<Out, Bit>,
        held: Signal<Out, Bits<4>>,
        mixed: Signal<Local, Bits<8>>,
    }
    #[hdl_gen]
    fn update(&mut self) {
        self.middle.next = (self.a.val() + self.b.val()).get_bits::<4>(2);
        self.bit.next = bit_cast::<4, 8>(self.a.val() ^ self.b.val()).get_bit(3);
        self.twice.next = self.a.val().get_bits::<4>(3).get_bit(1);
        self.mixed.next = self.a.val();
        self.held.next = 0.into();
        if (self.a.val() - self.b.val()).get_bit(7) {
            self.mixed.next = self.mixed.val() + 3;
            self.held.next = (self.mixed.val() + self.b.val()).get_bits::<4>(4);
        } else if (self.mixed.val() + 1).get_bit(2) {
            self.held.next = (self.mixed.val() - self.b.val()).get_bits::<4>(1);
        }
    }
}

#[test]
fn trap_12_selects_on_expressions_through_a_wire() {
    let (design, _) = cosim::check!(no clock, SelectOnExpression::default(), 1_000, 12, |block, random| {
        block.a.next = corner(random);
        block.b.next = corner(random);
    });
    assert!(
        design
            .verilog()
            .contains("assign middle = middle_sum_0[5:2];"),
        "{}",
        design.verilog()
    );
}

block! {
    CutName { myself: Signal<In, Bit>, o: Signal<Out, Bit>, }
    #[hdl_gen]
    fn update(&mut self) {
        self.o.next = self.myself.val();
    }
}

#[test]
fn trap_13_refuses_a_name_that_rust_hdl_cuts() {
    assert_eq!(
        refusal(CutName::default()),
        "block `CutName`: field `myself` ends in `self`, which rust-hdl cuts out of names: rename it"
    );
}

block! {
    Keywords {
        task: Signal<In, Bits<2>>,
        table: Signal<In, Bits<2>>,
        event: Signal<Local, Bits<2>>,
        bit: Signal<In, Bits<2>>,
        priority: Signal<Out, Bits<2>>,
        unique: Signal<Out, Bits<2>>,
        r#type: Signal<In, Bits<2>>,
        priority_: Signal<Out, Bits<2>>,
    }
    #[hdl_gen]
    fn update(&mut self) {
        self.event.next = self.task.val() ^ self.table.val();
        self.priority.next = self.event.val() + self.bit.val();
        self.unique.next = self.r#type.val() + 1;
        self.priority_.next = self.event.val();
    }
}

#[test]
fn trap_14_renames_keywords() {
    let (design, _) = cosim::check!(no clock, Keywords::default(), 200, 14, |block, random| {
        block.task.next = random.bits(2).into();
        block.table.next = random.bits(2).into();
        block.bit.next = random.bits(2).into();
        block.r#type.next = random.bits(2).into();
    });
    let names: Vec<&str> = design.pins.iter().map(|pin| pin.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "task_",
            "table_",
            "bit_",
            "priority_",
            "unique_",
            "type_",
            "priority_2"
        ]
    );
}

block! {
    Underscore { a: Signal<In, Bit>, o: Signal<Out, Bit>, _t: Signal<Local, Bit>, }
    #[hdl_gen]
    fn update(&mut self) {
        self._t.next = self.a.val();
        self.o.next = self._t.val();
    }
}

#[test]
fn trap_15_refuses_a_signal_the_derive_skips() {
    assert!(refusal(Underscore::default()).starts_with("block `Underscore`: `_t` is no signal"));
}

block! {
    Latch { a: Signal<In, Bit>, b: Signal<In, Bit>, o: Signal<Out, Bit>, }
    #[hdl_gen]
    fn update(&mut self) {
        if self.a.val() {
            self.o.next = true;
        } else if self.b.val() {
            self.o.next = false;
        }
    }
}

block! {
    LatchedState { clock: Signal<In, Clock>, a: Signal<In, Bit>, state: DFF<Bits<2>>, }
    #[hdl_gen]
    fn update(&mut self) {
        clock!(self, clock, state);
        if self.a.val() {
            self.state.d.next = 1.into();
        }
    }
}

#[test]
fn refuses_a_latch() {
    let end = "is a latch: give it a value on every path, best at the top of update";
    assert_eq!(
        refusal(Latch::default()),
        format!("block `Latch`: `o` {end}")
    );
    assert_eq!(
        refusal(LatchedState::default()),
        format!("block `LatchedState`: `state.d` {end}")
    );
}

block! {
    EarlyRead { a: Signal<In, Bit>, o: Signal<Out, Bit>, late: Signal<Local, Bit>, }
    #[hdl_gen]
    fn update(&mut self) {
        self.o.next = self.late.val();
        self.late.next = self.a.val();
    }
}

block! {
    ReadsNext { clock: Signal<In, Clock>, o: Signal<Out, Bit>, state: DFF<Bit>, }
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, state);
        self.o.next = self.state.d.val();
    }
}

block! {
    NoClock { clock: Signal<In, Clock>, o: Signal<Out, Bit>, state: DFF<Bit>, }
    #[hdl_gen]
    fn update(&mut self) {
        self.state.d.next = true;
        self.o.next = self.state.q.val();
    }
}

block! {
    Links { a: Signal<In, Bits<4>>, o: Signal<Out, Bits<4>>, lane: Lane, }
    #[hdl_gen]
    fn update(&mut self) {
        Signal::<In, Bits<4>>::link(&mut self.a, &mut self.lane.a[0]);
        self.lane.a[1].next = 0.into();
        self.o.next = self.lane.b[0].val();
    }
}

block! {
    UsizeIndex { a: Signal<In, Bits<8>>, i: Signal<In, Bits<2>>, o: Signal<Out, Bit>, }
    #[hdl_gen]
    fn update(&mut self) {
        self.o.next = self.a.val().get_bit(self.i.val().index() + 1);
    }
}

#[test]
fn refuses_what_the_verilog_would_do_otherwise() {
    assert_eq!(
        refusal(EarlyRead::default()),
        "block `EarlyRead`: `late` is read before it is written on every path: move its assignment up"
    );
    assert_eq!(
        refusal(ReadsNext::default()),
        "block `ReadsNext`: `state.d` is an input of a sub-block and cannot be read: read `q`, or a wire"
    );
    assert_eq!(
        refusal(NoClock::default()),
        "block `NoClock`: nothing drives `state.clock`: assign it in update"
    );
    assert_eq!(
        refusal(Links::default()),
        "block `Links`: link and join are not printed: assign each signal"
    );
    assert_eq!(
        refusal(UsizeIndex::default()),
        "block `UsizeIndex`: the index into `a` is computed where Rust does not wrap: assign it to a wire first"
    );
}

/// A trap.
#[derive(LogicBlock, Default)]
struct Undescribed {
    a: Signal<In, Bit>,
    o: Signal<Out, Bit>,
}

impl Logic for Undescribed {
    #[hdl_gen]
    fn update(&mut self) {
        self.o.next = self.a.val();
    }
}

block! {
    Around { a: Signal<In, Bit>, o: Signal<Out, Bit>, inside: [Undescribed; 1], }
    #[hdl_gen]
    fn update(&mut self) {
        self.inside[0].a.next = self.a.val();
        self.o.next = self.inside[0].o.val();
    }
}

/// A trap.
#[derive(LogicBlock, Default)]
struct Pasted {
    a: Signal<In, Bit>,
    o: Signal<Out, Bit>,
}

impl Logic for Pasted {
    fn update(&mut self) {
        self.o.next = self.a.val();
    }
    fn connect(&mut self) {
        self.o.connect();
    }
    fn hdl(&self) -> Verilog {
        Verilog::Custom("always @* o = a;".into())
    }
    describe!("A trap.");
}

#[test]
fn refuses_blocks_without_a_name_and_text_from_anywhere() {
    assert!(
        refusal(Around::default()).starts_with("block at `top.inside[0]` has no describe! line")
    );
    let pasted = refusal(Pasted::default());
    assert!(pasted.starts_with("block `Pasted`: only BeatMux, "));
    assert!(pasted.contains("QueueRam") && pasted.contains("bring their own Verilog"));
}

#[test]
fn the_same_block_gives_the_same_bytes() {
    let print = || {
        let mut block = Indices::default();
        block.connect_all();
        export(&block, "indices", &[]).unwrap().files()
    };
    assert_eq!(print(), print());
}
