//! The `lightswitch` command.
fn main() {}
