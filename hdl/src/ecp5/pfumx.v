// Simulation model of `PFUMX`, which chooses between the two LUT4 of an ECP5 slice: `C0` high takes `ALUT`, low `BLUT`
// (Lattice FPGA Libraries Reference Guide, PFUMX). Synthesis defines SYNTHESIS and takes its own cell.
`ifndef SYNTHESIS
module PFUMX (
    input  wire ALUT, BLUT, C0,
    output wire Z
);

    assign Z = C0 ? ALUT : BLUT;

endmodule
`endif
