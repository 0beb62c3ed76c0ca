//! Prints blocks as Verilog-2005.
