//! Blocks through the exporter: the Verilog's text, lint and behaviour.

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
integer i;

initial begin
    for (i = 0; i <= {last}; i = i + 1) begin
        words[i] = 32'd0;
    end
    read_data = 32'd0;
end

always @(posedge clock) begin
    read_data <= words[read_address];
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
    let mut random = cosim::Random::new(4);
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
