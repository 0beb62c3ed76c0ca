// Simulation model of `LUT4`: `Z` is the bit of `INIT` that `D`, `C`, `B` and `A` number, `A` lowest (Lattice FPGA
// Libraries Reference Guide, LUT4). Synthesis defines SYNTHESIS and takes its own cell.
`ifndef SYNTHESIS
module LUT4 #(
    parameter [15:0] INIT = 16'h0000
) (
    input  wire A, B, C, D,
    output wire Z
);

    assign Z = INIT[{D, C, B, A}];

endmodule
`endif
