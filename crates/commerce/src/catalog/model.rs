//! What products, variants and categories are.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use kernel::money::Currency;
use serde::{Deserialize, Serialize};

kernel::id! {
    /// Identifies a product.
    ProductId
}

kernel::id! {
    /// Identifies a variant: one thing that can be bought.
    VariantId
}

kernel::id! {
    /// Identifies a category.
    CategoryId
}

/// The most variants of one product.
pub(super) const MAX_VARIANTS: usize = 100;
/// The most that one of a variant may weigh: a ton.
pub(super) const MAX_GRAMS: i32 = 1_000_000;

/// Is a product shown?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum ProductStatus {
    Draft,
    Active,
    Archived,
}

/// Is a variant shown?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum VariantStatus {
    Active,
    Archived,
}

/// A product.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Product {
    /// Its id.
    pub id: ProductId,
    /// What people call it.
    pub title: String,
    /// Its name in addresses; unique in the store.
    pub handle: String,
    /// What there is to say about it.
    pub description: String,
    /// Is it shown?
    pub status: ProductStatus,
    /// What it is filed under.
    pub categories: Vec<CategoryRef>,
    /// What can be bought; for shoppers, only what is active.
    pub variants: Vec<Variant>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it, or one of its variants, was last changed.
    pub updated_at: DateTime<Utc>,
}

/// One thing that can be bought.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Variant {
    /// Its id.
    pub id: VariantId,
    /// The merchant's own name for it; unique in the store.
    pub sku: String,
    /// What sets it apart from the other variants.
    pub title: String,
    /// Price of one.
    pub price_minor: i64,
    /// What the price is in.
    #[schema(value_type = String, example = "EUR")]
    pub currency: Currency,
    /// Such as colour and size.
    pub options: BTreeMap<String, String>,
    /// Weight of one; 0: nobody has said.
    pub weight_grams: i32,
    /// Is it shown?
    pub status: VariantStatus,
    /// Is one in stock at least?
    pub available: bool,
}

/// A category, as a product names it.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CategoryRef {
    /// Its id.
    pub id: CategoryId,
    /// Its name in addresses.
    pub handle: String,
    /// What people call it.
    pub title: String,
}

/// A category.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Category {
    /// Its id.
    pub id: CategoryId,
    /// The category that it is part of.
    pub parent_id: Option<CategoryId>,
    /// Its name in addresses; unique in the store.
    pub handle: String,
    /// What people call it.
    pub title: String,
    /// Where it stands among the others: lower ones first.
    pub position: i32,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}
