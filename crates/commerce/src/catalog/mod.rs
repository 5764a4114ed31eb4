//! The catalogue: products, their variants, and the categories they are in.
//!
//! ```text
//! draft <──> active <──> archived      any to any; deleted from everywhere, for good
//! ```
//!
//! Shoppers see a product that is active and has an active variant. Every change takes the store's lock first, so
//! changes come one after the other, and makes cached catalogues stale.
//!
//! Owns the tables `products`, `variants`, `categories` and `product_categories`; reads from `stock_levels` whether a
//! variant is in stock.

mod add_variant;
mod change_category;
mod change_product;
mod change_variant;
mod create_category;
mod create_product;
mod cursor;
mod db;
mod delete;
mod error;
mod for_sale;
mod handle;
pub mod http;
mod list;
mod model;
mod new_variant;
mod record;
mod shelf;

pub use add_variant::add_variant;
pub use change_category::{ChangeCategory, change_category};
pub use change_product::{ChangeProduct, change_product};
pub use change_variant::{ChangeVariant, change_variant};
pub use create_category::{CreateCategory, create_category};
pub use create_product::{CreateProduct, create_product};
pub use cursor::Sort;
pub use delete::{delete_category, delete_product, delete_variant};
pub use error::{CatalogError, TakenSku};
pub use for_sale::{SaleVariant, full_title, variants_for_sale};
pub(crate) use kernel::text::plain_text;
pub use list::{Browse, browse, find};
pub use model::{
    Category, CategoryId, CategoryRef, Product, ProductId, ProductStatus, Variant, VariantId, VariantStatus,
};
pub use new_variant::NewVariant;
pub use shelf::Shelf;
