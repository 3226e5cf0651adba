//! The numbers by which nodes refer to each other.

/// The place of a node in its plan.
pub type NodeId = u32;
