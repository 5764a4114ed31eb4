//! To be completed.

mod db;
mod for_sale;
pub mod http;
mod model;
mod text;

pub use for_sale::{SaleVariant, variants_for_sale};
pub use model::{CategoryId, ProductId, VariantId};
pub(crate) use text::plain_text;
