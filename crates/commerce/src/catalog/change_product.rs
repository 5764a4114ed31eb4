//! Change a product.

use kernel::db::retrying;
use serde::{Deserialize, Serialize};

use super::create_product::check_categories;
use super::handle::valid_handle;
use super::record::{Record, record};
use super::{CatalogError, CategoryId, Product, ProductId, ProductStatus, db, plain_text};
use crate::settings;
use crate::shop::Shop;
use kernel::text::storable;

/// What to change; a field that is not there stays as it is.
#[derive(Debug, Clone, Serialize, Deserialize, garde::Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeProduct {
    /// What people call it.
    #[garde(inner(length(chars, min = 1, max = 200), custom(plain_text)))]
    #[schema(min_length = 1, max_length = 200)]
    pub title: Option<String>,
    /// Its name in addresses.
    #[garde(inner(custom(valid_handle)))]
    #[schema(max_length = 120, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$")]
    pub handle: Option<String>,
    /// What there is to say about it.
    #[garde(inner(length(chars, max = 20_000), custom(storable)))]
    #[schema(max_length = 20_000)]
    pub description: Option<String>,
    /// Is it shown?
    #[garde(skip)]
    pub status: Option<ProductStatus>,
    /// What it is filed under, in place of what it was filed under.
    #[garde(inner(length(max = 50)))]
    #[schema(max_items = 50)]
    pub category_ids: Option<Vec<CategoryId>>,
}

/// Changes the fields of a product that are given.
pub async fn change_product(shop: &Shop, id: ProductId, change: &ChangeProduct) -> Result<Product, CatalogError> {
    retrying(|| async {
        let mut tx = shop.db.begin().await?;
        settings::lock_store(&mut tx).await?;
        let before = db::products::one(&mut tx, shop, id).await?.ok_or(CatalogError::NoProduct)?;
        if let Some(categories) = &change.category_ids {
            check_categories(&mut tx, categories).await?;
            db::categories::take_out(&mut tx, id).await?;
            db::categories::file(&mut tx, id, categories).await?;
        }
        let version = db::products::update(&mut tx, id, change).await?;
        let after = db::products::one(&mut tx, shop, id).await?.ok_or(CatalogError::NoProduct)?;
        let changed = Record {
            product_id: id,
            action: "product.updated",
            event_type: "product.updated",
            version,
            before: Some(&before),
            after: Some(&after),
        };
        record(&mut tx, shop, &changed).await?;
        tx.commit().await?;
        Ok(after)
    })
    .await
}
