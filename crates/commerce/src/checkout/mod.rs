//! To be written.

pub mod http;

/// Checkouts of one store that wait for a transaction.
#[derive(Debug, Default)]
pub struct Queue;
