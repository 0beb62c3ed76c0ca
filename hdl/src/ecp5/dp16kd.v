// Simulation model of `DP16KD`, the block RAM of Lattice ECP5: 512 words of 36 bits behind two ports, A and B.
// Synthesis defines SYNTHESIS and takes its own cell.
//
// Each rule names its source:
//   [DS]   Lattice FPGA-DS-02012, ECP5 and ECP5-5G Family Data Sheet, chapter "sysMEM Memory"
//   [TN]   Lattice FPGA-TN-02204 (formerly TN1264), ECP5 and ECP5-5G Memory Usage Guide, "Attribute Definitions"
//   [SIM]  Lattice's simulation library: `DP16KC` (ECP3) and `DP8KC` (MachXO2), the same memory with the same pins
//   [MAP]  Yosys' techlibs/lattice/brams_map_16kd.v and nextpnr's ecp5/pack.cc and ecp5/arch.cc, which use it on hardware
//
//   width     1, 2, 4, 9, 18 or 36 bits a port, lowest bits first [DS: Bus Size Matching] [TN: DATA_WIDTH]. Below 9 bits
//             the ninth bit of each byte is out of reach [SIM].
//   address   the word of 36 bits is AD[13:5], the pins below it count in the port's own width [MAP] [SIM].
//   bytes     18 and 36 bits: AD[1:0], of port A also AD[3:2], each let 9 bits be written [MAP] [SIM].
//   36 bits   pseudo dual port: A writes, B reads. The low 18 bits travel on the A data pins, the high ones on the
//             B pins, in both directions [MAP] [SIM]. Both halves of the output, latch and register, are port B's: CLKB,
//             CEB, OCEB, RSTB; no pin of port A gates DOA [SIM] [MAP: OCER becomes OCEB]. REGMODE_A says whether DOA shows
//             the register [SIM].
//   select    a port acts at an edge with CE and CS equal to CSDECODE [TN: CSDECODE] [SIM].
//   write     WRITEMODE tells what the output latch does meanwhile [DS: Single, Dual and Pseudo-Dual Port Modes]
//             [TN: WRITEMODE]: NORMAL holds, WRITETHROUGH takes the bytes that are written, READBEFOREWRITE the old word.
//   register  REGMODE "OUTREG": a register behind the latch, with the enable OCE, which is not gated by CE [SIM].
//   reset     RST clears latch and register, not the memory [DS: Memory Core Reset]. RESETMODE "SYNC": at the edge, the
//             register only with OCE; there is no write meanwhile. "ASYNC": at once; after ASYNC_RESET_RELEASE "SYNC" the
//             register misses one edge [SIM] [MAP].
//   power-up  all bits are zero [TN: INITVAL]. Initial contents, the global reset and inverted pins are not modelled.
//   clash     What one port reads at the edge at which the other writes it is undefined [SIM: X]. The model gives the old
//             word; where DP16KD_SPOIL_CLASHES is defined, which asks for one clock, its complement.
`ifndef SYNTHESIS
module DP16KD (
    input  wire DIA0, DIA1, DIA2, DIA3, DIA4, DIA5, DIA6, DIA7, DIA8, DIA9, DIA10, DIA11, DIA12, DIA13,
                DIA14, DIA15, DIA16, DIA17,
    input  wire ADA0, ADA1, ADA2, ADA3, ADA4, ADA5, ADA6, ADA7, ADA8, ADA9, ADA10, ADA11, ADA12, ADA13,
    input  wire CLKA, CEA, OCEA, WEA, RSTA, CSA0, CSA1, CSA2,
    output wire DOA0, DOA1, DOA2, DOA3, DOA4, DOA5, DOA6, DOA7, DOA8, DOA9, DOA10, DOA11, DOA12, DOA13,
                DOA14, DOA15, DOA16, DOA17,
    input  wire DIB0, DIB1, DIB2, DIB3, DIB4, DIB5, DIB6, DIB7, DIB8, DIB9, DIB10, DIB11, DIB12, DIB13,
                DIB14, DIB15, DIB16, DIB17,
    input  wire ADB0, ADB1, ADB2, ADB3, ADB4, ADB5, ADB6, ADB7, ADB8, ADB9, ADB10, ADB11, ADB12, ADB13,
    input  wire CLKB, CEB, OCEB, WEB, RSTB, CSB0, CSB1, CSB2,
    output wire DOB0, DOB1, DOB2, DOB3, DOB4, DOB5, DOB6, DOB7, DOB8, DOB9, DOB10, DOB11, DOB12, DOB13,
                DOB14, DOB15, DOB16, DOB17
);

    parameter DATA_WIDTH_A = 18;
    parameter DATA_WIDTH_B = 18;
    parameter REGMODE_A = "NOREG";
    parameter REGMODE_B = "NOREG";
    parameter RESETMODE = "SYNC";
    parameter ASYNC_RESET_RELEASE = "SYNC";
    parameter CSDECODE_A = "0b000";
    parameter CSDECODE_B = "0b000";
    parameter WRITEMODE_A = "NORMAL";
    parameter WRITEMODE_B = "NORMAL";
    parameter GSR = "ENABLED";

    // A port writes in units of 9 bits, a narrow one in one unit of its width.
    localparam UNIT_A = DATA_WIDTH_A < 9 ? DATA_WIDTH_A : 9;
    localparam UNIT_B = DATA_WIDTH_B < 9 ? DATA_WIDTH_B : 9;
    localparam [35:0] ALL_A = (36'd1 << DATA_WIDTH_A) - 36'd1;
    localparam [35:0] ALL_B = (36'd1 << DATA_WIDTH_B) - 36'd1;

    generate
        if (DATA_WIDTH_A != 1 && DATA_WIDTH_A != 2 && DATA_WIDTH_A != 4 && DATA_WIDTH_A != 9 && DATA_WIDTH_A != 18
            && DATA_WIDTH_A != 36) begin : bad_width_a
            DP16KD_WANTS_DATA_WIDTH_A_OF_1_2_4_9_18_OR_36 refused ();
        end
        if (DATA_WIDTH_B != 1 && DATA_WIDTH_B != 2 && DATA_WIDTH_B != 4 && DATA_WIDTH_B != 9 && DATA_WIDTH_B != 18
            && (DATA_WIDTH_B != 36 || DATA_WIDTH_A != 36)) begin : bad_width_b
            DP16KD_WANTS_DATA_WIDTH_B_OF_1_2_4_9_18_OR_WITH_36_AT_A_36 refused ();
        end
    endgenerate

    // Pins.
    wire [13:0] address_a = {ADA13, ADA12, ADA11, ADA10, ADA9, ADA8, ADA7, ADA6, ADA5, ADA4, ADA3, ADA2, ADA1, ADA0};
    wire [13:0] address_b = {ADB13, ADB12, ADB11, ADB10, ADB9, ADB8, ADB7, ADB6, ADB5, ADB4, ADB3, ADB2, ADB1, ADB0};
    wire [35:0] data_a = {DIB17, DIB16, DIB15, DIB14, DIB13, DIB12, DIB11, DIB10, DIB9, DIB8, DIB7, DIB6, DIB5, DIB4,
                          DIB3, DIB2, DIB1, DIB0,
                          DIA17, DIA16, DIA15, DIA14, DIA13, DIA12, DIA11, DIA10, DIA9, DIA8, DIA7, DIA6, DIA5, DIA4,
                          DIA3, DIA2, DIA1, DIA0};
    wire [35:0] data_b = {18'd0, DIB17, DIB16, DIB15, DIB14, DIB13, DIB12, DIB11, DIB10, DIB9, DIB8, DIB7, DIB6, DIB5, DIB4,
                                 DIB3, DIB2, DIB1, DIB0};
    wire [3:0] enable_a = DATA_WIDTH_A == 36 ? address_a[3:0] : DATA_WIDTH_A == 18 ? {2'd0, address_a[1:0]} : 4'd1;
    wire [3:0] enable_b = DATA_WIDTH_B == 18 ? {2'd0, address_b[1:0]} : 4'd1;
    wire act_a = CEA && {CSA2, CSA1, CSA0} == {CSDECODE_A[16], CSDECODE_A[8], CSDECODE_A[0]};
    wire act_b = CEB && {CSB2, CSB1, CSB0} == {CSDECODE_B[16], CSDECODE_B[8], CSDECODE_B[0]};
    wire write_a = act_a && WEA && !(RSTA && RESETMODE == "SYNC");
    wire write_b = act_b && WEB && !(RSTB && RESETMODE == "SYNC") && DATA_WIDTH_A != 36;

    // Where in its word an address begins.
    function [5:0] start(input integer width, input [4:0] low);
        case (width)
            36: start = 6'd0;
            18: start = low[4] ? 6'd18 : 6'd0;
            9: start = 6'd9 * {4'd0, low[4:3]};
            4: start = 6'd9 * {4'd0, low[4:3]} + {3'd0, low[2], 2'd0};
            2: start = 6'd9 * {4'd0, low[4:3]} + {3'd0, low[2:1], 1'd0};
            default: start = 6'd9 * {4'd0, low[4:3]} + {3'd0, low[2:0]};
        endcase
    endfunction

    wire [5:0] start_a = start(DATA_WIDTH_A, address_a[4:0]);
    wire [5:0] start_b = start(DATA_WIDTH_B, address_b[4:0]);
    wire [35:0] written_a = {{9{enable_a[3]}}, {9{enable_a[2]}}, {9{enable_a[1]}}, {9{enable_a[0]}}} & ALL_A;
    wire [35:0] written_b = {18'd0, {9{enable_b[1]}}, {9{enable_b[0]}}} & ALL_B;

    // Memory.
    reg [35:0] words [0:511];
    integer row;
    initial
        for (row = 0; row < 512; row = row + 1)
            words[row] = 36'd0;

    integer unit_a;
    always @(posedge CLKA)
        if (write_a)
            for (unit_a = 0; unit_a < DATA_WIDTH_A / UNIT_A; unit_a = unit_a + 1)
                if (enable_a[unit_a])
                    words[address_a[13:5]][start_a + UNIT_A * unit_a +: UNIT_A] <= data_a[UNIT_A * unit_a +: UNIT_A];

    integer unit_b;
    always @(posedge CLKB)
        if (write_b)
            for (unit_b = 0; unit_b < DATA_WIDTH_B / UNIT_B; unit_b = unit_b + 1)
                if (enable_b[unit_b])
                    words[address_b[13:5]][start_b + UNIT_B * unit_b +: UNIT_B] <= data_b[UNIT_B * unit_b +: UNIT_B];

    // What the other port changes at this edge.
`ifdef DP16KD_SPOIL_CLASHES
    wire same_row = address_a[13:5] == address_b[13:5];
    wire [35:0] clash_a = write_b && same_row ? written_b << start_b : 36'd0;
    wire [35:0] clash_b = write_a && same_row ? written_a << start_a : 36'd0;
`else
    wire [35:0] clash_a = 36'd0;
    wire [35:0] clash_b = 36'd0;
`endif
    wire [35:0] stored_a = ((words[address_a[13:5]] ^ clash_a) >> start_a) & ALL_A;
    wire [35:0] stored_b = ((words[address_b[13:5]] ^ clash_b) >> start_b) & ALL_B;

    // Output latches and registers.
    wire through_a = WEA && WRITEMODE_A == "WRITETHROUGH";
    wire through_b = WEB && WRITEMODE_B == "WRITETHROUGH";
    wire [35:0] latch_a, latch_b, register_a, register_b;

    DP16KD_OUTPUT #(.RESETMODE(RESETMODE), .ASYNC_RESET_RELEASE(ASYNC_RESET_RELEASE)) output_a (
        .clock    (CLKA),
        .reset    (RSTA),
        .take     (act_a && DATA_WIDTH_A != 36 && (!WEA || WRITEMODE_A != "NORMAL")),
        .bits     (through_a ? written_a : 36'hf_ffff_ffff),
        .value    (through_a ? data_a : stored_a),
        .enable   (OCEA),
        .latch    (latch_a),
        .register (register_a)
    );
    DP16KD_OUTPUT #(.RESETMODE(RESETMODE), .ASYNC_RESET_RELEASE(ASYNC_RESET_RELEASE)) output_b (
        .clock    (CLKB),
        .reset    (RSTB),
        .take     (act_b && (!WEB || WRITEMODE_B != "NORMAL")),
        .bits     (through_b ? written_b : 36'hf_ffff_ffff),
        .value    (through_b ? data_b : stored_b),
        .enable   (OCEB),
        .latch    (latch_b),
        .register (register_b)
    );

    wire [35:0] shown_a = REGMODE_A == "OUTREG" ? register_a : latch_a;
    wire [35:0] shown_b = REGMODE_B == "OUTREG" ? register_b : latch_b;
    wire [35:0] low_b = REGMODE_A == "OUTREG" ? register_b : latch_b;
    assign {DOA17, DOA16, DOA15, DOA14, DOA13, DOA12, DOA11, DOA10, DOA9, DOA8, DOA7, DOA6, DOA5, DOA4,
             DOA3, DOA2, DOA1, DOA0} = DATA_WIDTH_B == 36 ? low_b[17:0] : shown_a[17:0];
    assign {DOB17, DOB16, DOB15, DOB14, DOB13, DOB12, DOB11, DOB10, DOB9, DOB8, DOB7, DOB6, DOB5, DOB4,
             DOB3, DOB2, DOB1, DOB0} = DATA_WIDTH_B == 36 ? shown_b[35:18] : shown_b[17:0];

endmodule

// Output latch and output register of one port of `DP16KD`.
module DP16KD_OUTPUT #(
    parameter RESETMODE = "SYNC",
    parameter ASYNC_RESET_RELEASE = "SYNC"
) (
    input  wire        clock,
    input  wire        reset,
    input  wire        take,
    input  wire [35:0] bits,
    input  wire [35:0] value,
    input  wire        enable,
    output reg  [35:0] latch,
    output reg  [35:0] register
);

    initial begin
        latch = 36'd0;
        register = 36'd0;
    end

    generate
        if (RESETMODE == "SYNC") begin : synchronous
            always @(posedge clock) begin
                if (reset)
                    latch <= 36'd0;
                else if (take)
                    latch <= (latch & ~bits) | (value & bits);
                if (enable)
                    register <= reset ? 36'd0 : latch;
            end
        end else begin : asynchronous
            reg recent;
            wire held = ASYNC_RESET_RELEASE == "SYNC" ? recent : reset;
            initial recent = 1'b0;
            always @(posedge clock or posedge reset)
                recent <= reset;
            always @(posedge clock or posedge reset)
                if (reset)
                    latch <= 36'd0;
                else if (take)
                    latch <= (latch & ~bits) | (value & bits);
            always @(posedge clock or posedge held)
                if (held)
                    register <= 36'd0;
                else if (enable)
                    register <= latch;
        end
    endgenerate

endmodule
`endif
