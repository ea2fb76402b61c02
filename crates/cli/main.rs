//! The `chest` program.
fn main() {}
