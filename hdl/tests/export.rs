//! Blocks through the exporter: the Verilog's text, lint and behaviour.

use lightswitch_hdl::cosim;
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
