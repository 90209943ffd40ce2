//! The xwalk command line
fn main() {}
