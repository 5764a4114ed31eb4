//! What an order needs to know of the variants it is about.

use std::collections::HashMap;
use std::sync::Arc;

use kernel::db::TenantTx;
use uuid::Uuid;

use super::new_variant::UNTITLED;
use super::{ProductId, VariantId};
use crate::shop::Shop;

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

/// Looks variants up as of `store_state.catalog_version`, which the caller has read under the store's lock: without a
/// statement when all are remembered. Unknown and deleted ones are not in the answer.
pub async fn variants_for_sale(
    tx: &mut TenantTx,
    shop: &Shop,
    version: i64,
    ids: &[VariantId],
) -> sqlx::Result<HashMap<VariantId, Arc<SaleVariant>>> {
    let mut variants = shop.shelf.get(version, ids);
    let missing: Vec<VariantId> = ids.iter().filter(|id| !variants.contains_key(id)).copied().collect();
    if !missing.is_empty() {
        let rows = super::db::variants::for_sale(tx, &missing).await?;
        let read = rows.into_iter().map(|row| (row.variant_id, Arc::new(row))).collect();
        shop.shelf.put(version, &read);
        variants.extend(read);
    }
    Ok(variants)
}
