//! What an order needs to know of the variants it is about.

use std::collections::HashMap;

use kernel::db::TenantTx;
use uuid::Uuid;

use super::new_variant::UNTITLED;
use super::{ProductId, VariantId};

/// A variant that is not deleted, and may be for sale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaleVariant {
    /// Which one.
    pub variant_id: VariantId,
    /// Of which product.
    pub product_id: ProductId,
    /// The merchant's own name for it.
    pub sku: String,
    /// Its own title.
    pub title: String,
    /// The product's title.
    pub product_title: String,
    /// Price of one, at this moment.
    pub price_minor: i64,
    /// Weight of one.
    pub weight_grams: i32,
    /// What its product is filed under.
    pub categories: Vec<Uuid>,
    /// Does the product's status allow to sell it?
    pub product_active: bool,
    /// Does the variant's?
    pub variant_active: bool,
}

/// What people read of a variant outside its product's page: one that has no title of its own goes by its product's.
pub fn full_title(product: &str, variant: &str) -> String {
    if variant == UNTITLED || variant == product { product.to_owned() } else { format!("{product} – {variant}") }
}

/// Looks variants up. Unknown and deleted ones are not in the answer.
pub async fn variants_for_sale(tx: &mut TenantTx, ids: &[VariantId]) -> sqlx::Result<HashMap<VariantId, SaleVariant>> {
    let rows = super::db::variants::for_sale(tx, ids).await?;
    Ok(rows.into_iter().map(|row| (row.variant_id, row)).collect())
}
