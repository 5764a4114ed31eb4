//! Metrics for Prometheus: on an address of their own, never on a host that the outside can reach.
//!
//! What happens is counted where it happens (`kernel::metrics`). What there is, of orders or of stock, is counted over
//! all stores by one worker at a time ([`Gauges`]); asking for the metrics asks no store.

mod exporter;
mod gauges;
mod requests;

pub use exporter::serve;
pub use gauges::Gauges;
pub use requests::measure;
