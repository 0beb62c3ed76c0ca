//! Cycle-accurate simulation.
