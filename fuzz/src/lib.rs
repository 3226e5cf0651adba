//! What the fuzz targets share.
//!
//! `input` takes an input apart, `shape` says what a text has to be, `tree` what a tape comes to, `session` drives one
//! text through the core. Only `session` knows the core's names, and only the target `wire_split` the wire's.

pub mod input;
pub mod session;
pub mod shape;
pub mod tree;
