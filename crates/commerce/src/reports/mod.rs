//! Reports: read models that are made from events alone, by day in UTC.
//!
//! The projection reads the published feed after its cursor and adds what it finds to the days, in the transaction that
//! moves the cursor: however often it is told, and wherever it dies, each event counts once. The relay wakes it; the
//! clock brings it up to the feed should nobody have. Carts have no events, which would cost two statements in what
//! every visitor does: they are counted from their rows, whenever the clock comes by.
//!
//! Owns the tables `projections`, `sales_days`, `stock_days` and `sold_days`; reads SKUs and titles from the tables of
//! the catalogue.

mod catch_up;
mod db;
pub mod http;
mod rebuild;
mod sold;
mod tally;

pub use catch_up::{catch_up, count_carts};
pub(crate) use db::{cursor, lock_cursor, read_all_sales, read_stock_of, stock_variants};
pub(crate) use rebuild::replace;
pub(crate) use sold::read_sold;
pub use tally::{Amounts, Happened, SalesDay, SoldDay, StockDay, Tally};

/// The name of the projection.
pub(crate) const PROJECTION: &str = "reports";
