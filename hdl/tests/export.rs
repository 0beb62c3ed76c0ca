//! Blocks through the exporter: the Verilog's text, lint and behaviour.

#![allow(
    clippy::unwrap_used,
    clippy::nonminimal_bool,
    clippy::match_wildcard_for_single_variants,
    clippy::used_underscore_binding
)] // a test of odd kernels

use lightswitch_hdl::cosim;
use lightswitch_hdl::export::{export, Pin};
use lightswitch_hdl::prelude::*;

/// Occupancy counter of `COUNT_W` bits.
#[derive(LogicBlock, Default)]
struct Occupancy<const COUNT_W: usize> {
    clock: Signal<In, Clock>,
    reset: Signal<In, Bit>,
    push: Signal<In, Bit>,
    full: Signal<Out, Bit>,
    pop: Signal<In, Bit>,
    empty: Signal<Out, Bit>,
    used: DFF<Bits<COUNT_W>>,
    grow: Signal<Local, Bit>,
    shrink: Signal<Local, Bit>,
}

impl<const COUNT_W: usize> Logic for Occupancy<COUNT_W> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, used);
        self.full.next = self.used.q.val().all();
        self.empty.next = !self.used.q.val().any();
        self.grow.next = self.push.val() & !self.full.val();
        self.shrink.next = self.pop.val() & !self.empty.val();
        if self.grow.val() & !self.shrink.val() {
            self.used.d.next = self.used.q.val() + 1;
        }
        if self.shrink.val() & !self.grow.val() {
            self.used.d.next = self.used.q.val() - 1;
        }
        if self.reset.val() {
            self.used.d.next = 0.into();
        }
    }
    describe!("Occupancy counter of `COUNT_W` bits.");
}

#[test]
fn prints_a_counter_as_written_by_hand() {
    let (design, trace) = cosim::check!(Occupancy::<2>::default(), 2_000, 1, |block, random| {
        block.reset.next = random.one_in(100);
        block.push.next = random.bit();
        block.pop.next = random.one_in(3);
    });
    let full = (0..trace.len())
        .filter(|cycle| trace.value(*cycle, "full") == Some(1))
        .count();
    assert!(full > 100, "the random walk never filled the queue");
    assert_eq!(design.verilog(), OCCUPANCY);
}

#[derive(Copy, Clone, PartialEq, Debug, Default, LogicStruct)]
struct Entry {
    valid: Bit,
    port: Bits<3>,
}

/// One of everything a kernel can hold.
#[derive(LogicBlock)]
struct Everything {
    clock: Signal<In, Clock>,
    a: Signal<In, Bits<8>>,
    b: Signal<In, Bits<8>>,
    c: Signal<In, Bits<3>>,
    wide: Signal<In, Bits<32>>,
    word: Signal<In, Bits<16>>,
    flag: Signal<In, Bit>,
    phase: Signal<In, Phase>,
    entry: Signal<In, Entry>,
    sums: Signal<Out, Bits<8>>,
    logic: Signal<Out, Bits<8>>,
    shifts: Signal<Out, Bits<8>>,
    tests: Signal<Out, Bits<8>>,
    any: Signal<Out, Bit>,
    all: Signal<Out, Bit>,
    odd: Signal<Out, Bit>,
    bit: Signal<Out, Bit>,
    moving: Signal<Out, Bit>,
    piece: Signal<Out, Bits<4>>,
    sliding: Signal<Out, Bits<2>>,
    set: Signal<Out, Bits<8>>,
    set_moving: Signal<Out, Bits<8>>,
    set_wide: Signal<Out, Bits<5>>,
    product: Signal<Out, Bits<32>>,
    chosen: Signal<Out, Bits<8>>,
    deep: Signal<Out, Bits<8>>,
    next_phase: Signal<Out, Phase>,
    held: DFF<Entry>,
    last: DFF<Bits<32>>,
    state: DFF<Phase>,
    held_out: Signal<Out, Entry>,
    last_out: Signal<Out, Bits<32>>,
    scratch: Signal<Local, Bits<8>>,
    count: Signal<Local, Bits<8>>,
    step: Constant<Bits<8>>,
    steps: [Constant<Bits<8>>; 2],
}

impl Everything {
    fn new() -> Self {
        Self {
            clock: Signal::default(),
            a: Signal::default(),
            b: Signal::default(),
            c: Signal::default(),
            wide: Signal::default(),
            word: Signal::default(),
            flag: Signal::default(),
            phase: Signal::default(),
            entry: Signal::default(),
            sums: Signal::default(),
            logic: Signal::default(),
            shifts: Signal::default(),
            tests: Signal::default(),
            any: Signal::default(),
            all: Signal::default(),
            odd: Signal::default(),
            bit: Signal::default(),
            moving: Signal::default(),
            piece: Signal::default(),
            sliding: Signal::default(),
            set: Signal::default(),
            set_moving: Signal::default(),
            set_wide: Signal::default(),
            product: Signal::default(),
            chosen: Signal::default(),
            deep: Signal::default(),
            next_phase: Signal::default(),
            held: DFF::default(),
            last: DFF::default(),
            state: DFF::default(),
            held_out: Signal::default(),
            last_out: Signal::default(),
            scratch: Signal::default(),
            count: Signal::default(),
            step: Constant::new(5.into()),
            steps: [Constant::new(1.into()), Constant::new(200.into())],
        }
    }
}

impl Logic for Everything {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, held, last, state);
        self.sums.next = self.a.val() - (self.b.val() + self.step.val()) + self.flag.val();
        self.logic.next = !(self.a.val() & self.b.val()) ^ (self.a.val() | 0x81);
        self.shifts.next =
            ((self.a.val() << 3) >> self.c.val()) | (self.b.val() >> 9) | (self.b.val() << 0);
        self.tests.next = 0.into();
        self.tests.next = self.tests.val().replace_bit(0, self.a.val() < self.b.val());
        self.tests.next = self
            .tests
            .val()
            .replace_bit(1, self.a.val() <= self.b.val());
        self.tests.next = self.tests.val().replace_bit(2, self.a.val() > 100);
        self.tests.next = self
            .tests
            .val()
            .replace_bit(3, self.a.val() >= self.steps[1].val());
        self.tests.next = self
            .tests
            .val()
            .replace_bit(4, self.a.val() != self.b.val());
        self.tests.next = self
            .tests
            .val()
            .replace_bit(5, self.flag.val() && !(self.a.val() == self.b.val()));
        self.tests.next = self
            .tests
            .val()
            .replace_bit(6, self.flag.val() || self.a.val().all());
        self.tests.next = self
            .tests
            .val()
            .replace_bit(self.c.val().index(), self.phase.val() == Phase::Offer);
        self.any.next = (self.a.val() & self.b.val()).any();
        self.all.next = (self.a.val() | self.b.val()).all() & self.flag.val();
        self.odd.next = self.a.val().xor() ^ self.b.val().xor();
        self.bit.next = self.a.val().get_bit(7);
        self.moving.next = self.a.val().get_bit(self.c.val().index());
        self.piece.next = bit_cast::<4, 8>(self.a.val() >> self.c.val());
        self.sliding.next = self.wide.val().get_bits::<2>(self.c.val().index());
        self.set.next = self
            .a
            .val()
            .replace_bit(3, self.flag.val())
            .replace_bit(7, !self.flag.val());
        self.set_moving.next = self
            .a
            .val()
            .replace_bit(self.c.val().index(), self.flag.val());
        self.set_wide.next = bit_cast::<5, 3>(self.c.val()) + bit_cast::<5, 8>(self.a.val());
        self.product.next = self.word.val() * (self.word.val() ^ 0xFFF);
        self.chosen.next = self.step.val();
        if self.c.val() == 3 {
            self.chosen.next = self.a.val();
        } else if self.flag.val() {
            self.chosen.next = self.b.val() + self.steps[0].val();
        } else if self.c.val().any() {
        } else {
            self.chosen.next = self.chosen.val() + 1;
        }
        self.scratch.next = self.a.val();
        self.count.next = 0.into();
        for i in 0..8 {
            if self.scratch.val().get_bit(i) {
                self.count.next = self.count.val() + 1;
                self.scratch.next = self.scratch.val() ^ self.b.val();
            }
        }
        self.deep.next = self.count.val() + self.scratch.val();
        match self.phase.val() {
            Phase::Idle => {
                if self.flag.val() {
                    self.state.d.next = Phase::Fetch;
                }
            }
            Phase::Offer => self.state.d.next = Phase::Idle,
            _ => {}
        }
        self.next_phase.next = self.state.q.val();
        if self.entry.val().valid {
            self.held.d.next = self.entry.val();
            self.held.d.next.port = self.c.val() + 1;
        }
        self.last.d.next = self.wide.val();
        self.held_out.next = self.held.q.val();
        self.last_out.next = self.last.q.val();
    }
    describe!("One of everything a kernel can hold.");
}

#[test]
fn prints_every_expression_as_rust_runs_it() {
    let (design, _) = cosim::check!(Everything::new(), 5_000, 5, |block, random| {
        block.a.next = random.bits(8).into();
        block.b.next = if random.one_in(4) {
            block.a.next
        } else {
            random.bits(8).into()
        };
        block.c.next = random.bits(3).into();
        block.wide.next = random.bits(32).into();
        block.word.next = random.bits(16).into();
        block.flag.next = random.bit();
        block.phase.next = [Phase::Idle, Phase::Fetch, Phase::Offer][random.below(3) as usize];
        block.entry.next = Entry {
            valid: random.bit(),
            port: random.bits(3).into(),
        };
    });
    // A flip-flop with one source needs no next-state register.
    assert!(design.verilog().contains("        last <= wide;\n"));
}

#[test]
fn finds_a_difference_and_says_where() {
    let (mut design, trace) = cosim::check!(Occupancy::<2>::default(), 200, 1, |block, random| {
        block.push.next = random.bit();
        block.pop.next = random.one_in(3);
    });
    let top = design.modules.last_mut().unwrap();
    top.verilog = top.verilog.replace("used + 2'd1", "used + 2'd2");
    if let Err(error) = cosim::replay(&design, &trace) {
        assert!(
            matches!(&error, cosim::CosimError::Mismatch { pin, .. } if pin == "full" || pin == "empty"),
            "{error}"
        );
    } else {
        assert!(cosim::is_skipped(), "a wrong counter passed");
    }
}

#[test]
fn refuses_a_trace_of_another_block() {
    let (design, _) = cosim::check!(Occupancy::<2>::default(), 1, 1, |_, _| ());
    let mut recorder = cosim::Recorder::new();
    recorder.sample(&QueueRam::<2>::default());
    let result = cosim::replay(&design, &recorder.finish());
    assert!(cosim::is_skipped() || matches!(result, Err(cosim::CosimError::NotRecorded { .. })));
}

/// A bus wider than a trace takes.
#[derive(LogicBlock, Default)]
struct WideBus {
    a: Signal<In, Bits<129>>,
    o: Signal<Out, Bits<129>>,
}

impl Logic for WideBus {
    #[hdl_gen]
    fn update(&mut self) {
        self.o.next = self.a.val();
    }
    describe!("A bus wider than a trace takes.");
}

#[test]
fn refuses_to_compare_a_bus_wider_than_a_trace() {
    let result = cosim::run_check(WideBus::default(), 1, 1, |_, _| (), |_, _| ());
    assert!(
        cosim::is_skipped() || matches!(result, Err(cosim::CosimError::TooWide { width: 129, .. }))
    );
}

/// An inverter on itself.
#[derive(LogicBlock, Default)]
struct Ring {
    o: Signal<Out, Bit>,
    first: Inverter,
}

impl Logic for Ring {
    #[hdl_gen]
    fn update(&mut self) {
        self.first.a.next = self.first.o.val();
        self.o.next = self.first.o.val();
    }
    describe!("An inverter on itself.");
}

/// An inverter.
#[derive(LogicBlock, Default)]
struct Inverter {
    a: Signal<In, Bit>,
    o: Signal<Out, Bit>,
}

impl Logic for Inverter {
    #[hdl_gen]
    fn update(&mut self) {
        self.o.next = !self.a.val();
    }
    describe!("An inverter.");
}

#[test]
fn says_that_a_combinational_loop_does_not_settle() {
    let error = cosim::settle(&mut Ring::default()).unwrap_err();
    assert!(matches!(
        error,
        cosim::CosimError::Unsettled { limit: 1_000 }
    ));
}

/// Memory in a vendor's cell: the word one cycle after its address.
#[derive(LogicBlock, Default)]
struct TableRam {
    clock: Signal<In, Clock>,
    address: Signal<In, Bits<4>>,
    data: Signal<Out, Bits<4>>,
}

impl Logic for TableRam {
    fn update(&mut self) {
        if self.clock.pos_edge() {
            self.data.next = !self.address.val();
        }
    }

    fn connect(&mut self) {
        self.data.connect();
    }

    fn hdl(&self) -> Verilog {
        Verilog::Wrapper(Wrapper {
            code: "CELL cell_0 (.CK(clock), .A(address), .Q(data));".into(),
            cores: CELL.into(),
        })
    }

    describe!("Memory in a vendor's cell: the word one cycle after its address.");
}

const CELL: &str = "\
module CELL (
    input  wire       CK,
    input  wire [3:0] A,
    output reg  [3:0] Q
);
    initial Q = 4'd0;
    always @(posedge CK) Q <= ~A;
endmodule
";

/// Two tables, and a sum of what is in them.
#[derive(LogicBlock, Default)]
struct Tables {
    clock: Signal<In, Clock>,
    address: Signal<In, Bits<4>>,
    data: Signal<Out, Bits<4>>,
    table: [TableRam; 2],
}

impl Logic for Tables {
    #[hdl_gen]
    fn update(&mut self) {
        for i in 0..2 {
            self.table[i].clock.next = self.clock.val();
        }
        self.table[0].address.next = self.address.val();
        self.table[1].address.next = self.address.val() + 3;
        self.data.next = self.table[0].data.val() + self.table[1].data.val();
    }
    describe!("Two tables, and a sum of what is in them.");
}

#[test]
fn keeps_models_of_vendor_cells_apart() {
    let (design, _) = cosim::check!(Tables::default(), 200, 6, |block, random| {
        block.address.next = random.bits(4).into();
    });
    assert_eq!(design.cells, CELL, "the model is there once");
    assert!(!design.verilog().contains("module CELL"));
    assert!(design
        .verilog()
        .contains("    CELL cell_0 (.CK(clk), .A(address), .Q(data));\n"));
    let files: Vec<String> = design.files().into_iter().map(|(name, _)| name).collect();
    assert_eq!(files, ["tables.v", "tables.vlt", "tables_cells.v"]);
}

#[test]
fn refuses_pins_that_do_not_fit_the_block() {
    let mut block = Tables::default();
    block.connect_all();
    let refusal = |pins: &[Pin]| export(&block, "t", pins).unwrap_err().to_string();
    let (address, data) = (Pin::new("a", ["address"]), Pin::new("q", ["data"]));
    let two = [address.clone(), data.clone(), Pin::new("b", ["address"])];
    assert_eq!(
        refusal(&two),
        "top `t`: field `address` is on two pins: list it once"
    );
    let unknown = [address.clone(), data.clone(), Pin::new("b", ["nothing"])];
    assert_eq!(
        refusal(&unknown),
        "top `t`: pin `b` lists `nothing`, which is no port of the block"
    );
    let mixed = [Pin::new("b", ["address", "data"])];
    assert_eq!(
        refusal(&mixed),
        "top `t`: pin `b` mixes inputs and outputs: part it"
    );
    let empty: [&str; 0] = [];
    assert_eq!(
        refusal(&[address.clone(), data.clone(), Pin::new("b", empty)]),
        "top `t`: pin `b` lists no field"
    );
    let keyword = [Pin::new("input", ["address"]), data];
    assert_eq!(
        refusal(&keyword),
        "top `t`: pin `input` is there twice, or a keyword: rename it"
    );
    assert_eq!(
        export(&block, "table_ram", &[]).unwrap_err().to_string(),
        "top `table_ram`: a block inside has this name already: choose another"
    );
}

const OCCUPANCY: &str = "\
// Occupancy counter of `COUNT_W` bits.
module occupancy_2 (
    input  wire clk,
    input  wire rst,
    input  wire push,
    output wire full,
    input  wire pop,
    output wire empty
);

    reg  [1:0] used;
    reg  [1:0] used_next;
    wire       grow;
    wire       shrink;

    assign full = &used;
    assign empty = !(|used);
    assign grow = push & !full;
    assign shrink = pop & !empty;

    always @* begin
        used_next = used;
        if (grow & !shrink) begin
            used_next = used + 2'd1;
        end
        if (shrink & !grow) begin
            used_next = used - 2'd1;
        end
        if (rst) begin
            used_next = 2'd0;
        end
    end

    initial begin
        used = 2'd0;
    end

    always @(posedge clk) begin
        used <= used_next;
    end

endmodule
";

/// Memory of 2^`ADDR_W` words: one write port, one read port, the word one cycle after its address.
#[derive(LogicBlock)]
struct QueueRam<const ADDR_W: usize> {
    clock: Signal<In, Clock>,
    write_enable: Signal<In, Bit>,
    write_address: Signal<In, Bits<ADDR_W>>,
    write_data: Signal<In, Bits<32>>,
    read_address: Signal<In, Bits<ADDR_W>>,
    read_data: Signal<Out, Bits<32>>,
    _words: Vec<Bits<32>>,
}

impl<const ADDR_W: usize> Default for QueueRam<ADDR_W> {
    fn default() -> Self {
        Self {
            clock: Signal::default(),
            write_enable: Signal::default(),
            write_address: Signal::default(),
            write_data: Signal::default(),
            read_address: Signal::default(),
            read_data: Signal::default(),
            _words: vec![Bits::default(); 1 << ADDR_W],
        }
    }
}

impl<const ADDR_W: usize> Logic for QueueRam<ADDR_W> {
    fn update(&mut self) {
        if self.clock.pos_edge() {
            self.read_data.next = self._words[self.read_address.val().index()];
            if self.write_enable.val() {
                self._words[self.write_address.val().index()] = self.write_data.val();
            }
        }
    }

    fn connect(&mut self) {
        self.read_data.connect();
    }

    fn hdl(&self) -> Verilog {
        let last = (1 << ADDR_W) - 1;
        Verilog::Custom(format!(
            "\
reg [31:0] words [0:{last}];
reg [31:0] word;
integer i;

initial begin
    for (i = 0; i <= {last}; i = i + 1) begin
        words[i] = 32'd0;
    end
    word = 32'd0;
end

assign read_data = word;

always @(posedge clock) begin
    word <= words[read_address];
    if (write_enable) begin
        words[write_address] <= write_data;
    end
end"
        ))
    }

    describe!("Memory of 2^`ADDR_W` words: one write port, one read port, the word one cycle after its address.");
}

#[derive(LogicState, Debug, Copy, Clone, PartialEq)]
enum Phase {
    Idle,
    Fetch,
    Offer,
}

/// Queue of one-word frames with their length beside them.
#[derive(LogicBlock, Default)]
struct Queue<const COUNT_W: usize, const COUNT_1: usize> {
    clock: Signal<In, Clock>,
    reset: Signal<In, Bit>,
    ingress: StreamSink<1, 4, 1>,
    egress: StreamSource<1, 4>,
    used: Signal<Out, Bits<COUNT_1>>,
    ram: QueueRam<COUNT_W>,
    head: DFF<Bits<COUNT_1>>,
    tail: DFF<Bits<COUNT_1>>,
    phase: DFF<Phase>,
    keep: DFF<Bits<4>>,
    room: Signal<Local, Bit>,
}

impl<const COUNT_W: usize, const COUNT_1: usize> Logic for Queue<COUNT_W, COUNT_1> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, head, tail, phase, keep);
        self.ram.clock.next = self.clock.val();
        self.used.next = self.tail.q.val() - self.head.q.val();
        self.room.next = !self.used.val().get_bit(2);
        self.ram.write_enable.next = self.ingress.tvalid.val() & self.room.val();
        self.ram.write_address.next = bit_cast::<COUNT_W, COUNT_1>(self.tail.q.val());
        self.ram.write_data.next = self.ingress.tdata[0].val();
        self.ram.read_address.next = bit_cast::<COUNT_W, COUNT_1>(self.head.q.val());
        self.ingress.tready.next = self.room.val();
        if self.ingress.tvalid.val() & self.room.val() {
            self.tail.d.next = self.tail.q.val() + 1;
            self.keep.d.next = self.ingress.tkeep.val();
        }
        self.egress.tdata[0].next = self.ram.read_data.val();
        self.egress.tkeep.next = self.keep.q.val();
        self.egress.tlast.next = true;
        self.egress.tuser.next = false;
        self.egress.tvalid.next = self.phase.q.val() == Phase::Offer;
        match self.phase.q.val() {
            Phase::Idle => {
                if self.used.val().any() {
                    self.phase.d.next = Phase::Fetch;
                }
            }
            Phase::Fetch => self.phase.d.next = Phase::Offer,
            Phase::Offer => {
                if self.egress.tready.val() {
                    self.phase.d.next = Phase::Idle;
                    self.head.d.next = self.head.q.val() + 1;
                }
            }
        }
        if self.reset.val() {
            self.head.d.next = 0.into();
            self.tail.d.next = 0.into();
            self.phase.d.next = Phase::Idle;
        }
    }
    describe!("Queue of one-word frames with their length beside them.");
}

/// One egress: a queue for every ingress, the lowest one that has a frame goes first.
#[derive(LogicBlock)]
struct Column<const PORTS: usize> {
    clock: Signal<In, Clock>,
    reset: Signal<In, Bit>,
    here: Signal<In, Bits<1>>,
    ingress: [StreamSink<1, 4, 1>; PORTS],
    egress: StreamSource<1, 4>,
    queue: [Queue<2, 3>; PORTS],
    taken: Signal<Local, Bit>,
    total: DFF<Bits<16>>,
    seen: Signal<Out, Bits<16>>,
    depth: [Signal<Local, Bits<3>>; PORTS],
    fill: Signal<Out, Bits<3>>,
    step: Constant<Bits<16>>,
}

impl<const PORTS: usize> Column<PORTS> {
    fn new(step: u64) -> Self {
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            here: Signal::default(),
            ingress: std::array::from_fn(|_| StreamSink::default()),
            egress: StreamSource::default(),
            queue: std::array::from_fn(|_| Queue::default()),
            taken: Signal::default(),
            total: DFF::default(),
            seen: Signal::default(),
            depth: std::array::from_fn(|_| Signal::default()),
            fill: Signal::default(),
            step: Constant::new(step.into()),
        }
    }
}

impl<const PORTS: usize> Logic for Column<PORTS> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, total);
        self.seen.next = self.total.q.val();
        self.fill.next = 0.into();
        for i in 0..PORTS {
            self.queue[i].clock.next = self.clock.val();
            self.queue[i].reset.next = self.reset.val();
            self.queue[i].ingress.tdata[0].next = self.ingress[i].tdata[0].val();
            self.queue[i].ingress.tkeep.next = self.ingress[i].tkeep.val();
            self.queue[i].ingress.tlast.next = self.ingress[i].tlast.val();
            self.queue[i].ingress.tuser.next = self.ingress[i].tuser.val();
            self.queue[i].ingress.tdest.next = self.ingress[i].tdest.val();
            self.queue[i].ingress.tvalid.next =
                self.ingress[i].tvalid.val() & (self.ingress[i].tdest.val() == self.here.val());
            self.ingress[i].tready.next = self.queue[i].ingress.tready.val();
            self.depth[i].next = self.queue[i].used.val();
            self.fill.next = self.fill.val() + self.depth[i].val();
        }
        self.taken.next = false;
        self.egress.tvalid.next = false;
        self.egress.tdata[0].next = 0.into();
        self.egress.tkeep.next = 0.into();
        self.egress.tlast.next = false;
        self.egress.tuser.next = false;
        for i in 0..PORTS {
            self.queue[i].egress.tready.next = false;
            if self.queue[i].egress.tvalid.val() & !self.taken.val() {
                self.taken.next = true;
                self.egress.tvalid.next = true;
                self.egress.tdata[0].next = self.queue[i].egress.tdata[0].val();
                self.egress.tkeep.next = self.queue[i].egress.tkeep.val();
                self.egress.tlast.next = self.queue[i].egress.tlast.val();
                self.queue[i].egress.tready.next = self.egress.tready.val();
            }
        }
        if self.taken.val() & self.egress.tready.val() {
            self.total.d.next = self.total.q.val() + self.step.val();
        }
        if self.reset.val() {
            self.total.d.next = 0.into();
        }
    }
    describe!("One egress: a queue for every ingress, the lowest one that has a frame goes first.");
}

/// Two by two: every ingress to every egress, by `tdest`.
#[derive(LogicBlock)]
struct Toy {
    clock: Signal<In, Clock>,
    reset: Signal<In, Bit>,
    ingress: [StreamSink<1, 4, 1>; 2],
    egress: [StreamSource<1, 4>; 2],
    seen: [Signal<Out, Bits<16>>; 2],
    column: [Column<2>; 2],
    number: [Constant<Bits<1>>; 2],
}

impl Toy {
    fn new(steps: [u64; 2]) -> Self {
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            ingress: std::array::from_fn(|_| StreamSink::default()),
            egress: std::array::from_fn(|_| StreamSource::default()),
            seen: std::array::from_fn(|_| Signal::default()),
            column: steps.map(Column::new),
            number: [Constant::new(0.into()), Constant::new(1.into())],
        }
    }
}

impl Logic for Toy {
    #[hdl_gen]
    fn update(&mut self) {
        for i in 0..2 {
            self.ingress[i].tready.next = false;
        }
        for j in 0..2 {
            self.column[j].clock.next = self.clock.val();
            self.column[j].reset.next = self.reset.val();
            self.column[j].here.next = self.number[j].val();
            self.seen[j].next = self.column[j].seen.val();
            for i in 0..2 {
                self.column[j].ingress[i].tdata[0].next = self.ingress[i].tdata[0].val();
                self.column[j].ingress[i].tkeep.next = self.ingress[i].tkeep.val();
                self.column[j].ingress[i].tvalid.next = self.ingress[i].tvalid.val();
                self.column[j].ingress[i].tlast.next = self.ingress[i].tlast.val();
                self.column[j].ingress[i].tuser.next = self.ingress[i].tuser.val();
                self.column[j].ingress[i].tdest.next = self.ingress[i].tdest.val();
                if self.ingress[i].tdest.val() == self.number[j].val() {
                    self.ingress[i].tready.next = self.column[j].ingress[i].tready.val();
                }
            }
            self.egress[j].tdata[0].next = self.column[j].egress.tdata[0].val();
            self.egress[j].tkeep.next = self.column[j].egress.tkeep.val();
            self.egress[j].tvalid.next = self.column[j].egress.tvalid.val();
            self.egress[j].tlast.next = self.column[j].egress.tlast.val();
            self.egress[j].tuser.next = self.column[j].egress.tuser.val();
            self.column[j].egress.tready.next = self.egress[j].tready.val();
        }
    }
    describe!("Two by two: every ingress to every egress, by `tdest`.");
}

fn drive_toy(block: &mut Toy, random: &mut cosim::Random) {
    block.reset.next = random.one_in(300);
    for i in 0..2 {
        let ingress = &mut block.ingress[i];
        ingress.tdata[0].next = random.bits(32).into();
        ingress.tkeep.next = random.bits(4).into();
        ingress.tvalid.next = random.bit();
        ingress.tlast.next = random.bit();
        ingress.tuser.next = random.bit();
        ingress.tdest.next = random.bits(1).into();
        block.egress[i].tready.next = random.bit();
    }
}

#[test]
fn prints_nested_arrays_of_blocks_and_streams() {
    let (design, trace) = cosim::check!(Toy::new([1, 1]), 3_000, 2, drive_toy);
    let moved = (0..trace.len())
        .filter(|cycle| trace.value(*cycle, "egress[1].tvalid") == Some(1))
        .count();
    assert!(moved > 300, "{moved} beats left the second egress");
    let names: Vec<&str> = design
        .modules
        .iter()
        .map(|module| module.name.as_str())
        .collect();
    assert_eq!(names, ["queue_ram_2", "queue_2_3", "column_2", "toy"]);
    assert!(!design.verilog().contains('$'));
}

#[test]
fn tells_blocks_with_other_constants_apart() {
    let (design, _) = cosim::check!(Toy::new([1, 3]), 500, 3, drive_toy);
    let names: Vec<&str> = design
        .modules
        .iter()
        .map(|module| module.name.as_str())
        .collect();
    assert_eq!(
        names,
        ["queue_ram_2", "queue_2_3", "column_2", "column_2_v2", "toy"]
    );
}

#[allow(clippy::print_stdout, reason = "the seed, to read when it fails")]
#[test]
fn joins_fields_to_pins() {
    let mut block = Toy::new([1, 1]);
    block.connect_all();
    let mut pins = Vec::new();
    for i in 0..2 {
        for name in ["tkeep", "tvalid", "tready", "tlast", "tuser", "tdest"] {
            pins.push(Pin::new(
                format!("s0{i}_axis_{name}"),
                [format!("ingress[{i}].{name}")],
            ));
        }
        for name in ["tkeep", "tvalid", "tready", "tlast", "tuser"] {
            pins.push(Pin::new(
                format!("m0{i}_axis_{name}"),
                [format!("egress[{i}].{name}")],
            ));
        }
    }
    pins.push(Pin::new(
        "s_axis_tdata",
        ["ingress[0].tdata[0]", "ingress[1].tdata[0]"],
    ));
    pins.push(Pin::new(
        "m_axis_tdata",
        ["egress[0].tdata[0]", "egress[1].tdata[0]"],
    ));
    pins.push(Pin::new("stat_seen", ["seen[0]", "seen[1]"]));
    let design = export(&block, "lightswitch_toy", &pins).unwrap();
    cosim::lint(&design).unwrap();
    let mut recorder = cosim::Recorder::new();
    let seed = 4;
    println!("seed {seed}");
    let mut random = cosim::Random::new(seed);
    for _ in 0..500 {
        drive_toy(&mut block, &mut random);
        recorder
            .cycle(&mut block, |block, level| {
                block.clock.next = Clock { clk: level }
            })
            .unwrap();
    }
    cosim::replay(&design, &recorder.finish()).unwrap();
    let names: Vec<&str> = design.pins.iter().map(|pin| pin.name.as_str()).collect();
    assert_eq!(names[..3], ["clk", "rst", "s00_axis_tkeep"]);

    pins.pop();
    let error = export(&block, "lightswitch_toy", &pins)
        .unwrap_err()
        .to_string();
    assert_eq!(
        error,
        "top `lightswitch_toy`: field `seen[0]` is on no pin: list it"
    );
}
