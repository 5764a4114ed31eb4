//! Create a product with its variants.

use kernel::db::{TenantTx, retrying};
use serde::{Deserialize, Serialize};

use super::handle::{candidates, valid_handle};
use super::model::MAX_VARIANTS;
use super::new_variant::{Made, check_currencies, check_skus};
use super::record::{Record, record};
use super::{CatalogError, CategoryId, NewVariant, Product, ProductId, ProductStatus, db, plain_text};
use crate::shop::Shop;
use crate::{inventory, settings, usage};
use kernel::text::storable;

/// A product to be made.
#[derive(Debug, Clone, Serialize, Deserialize, garde::Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateProduct {
    /// What people call it.
    #[garde(length(chars, min = 1, max = 200), custom(plain_text))]
    #[schema(min_length = 1, max_length = 200)]
    pub title: String,
    /// Its name in addresses; made from the title when it is left out.
    #[garde(inner(custom(valid_handle)))]
    #[schema(max_length = 120, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$")]
    pub handle: Option<String>,
    /// What there is to say about it.
    #[serde(default)]
    #[garde(length(chars, max = 20_000), custom(storable))]
    #[schema(max_length = 20_000)]
    pub description: String,
    /// `draft` when it is left out.
    #[garde(skip)]
    pub status: Option<ProductStatus>,
    /// What it is filed under.
    #[serde(default)]
    #[garde(length(max = 50))]
    #[schema(max_items = 50)]
    pub category_ids: Vec<CategoryId>,
    /// What can be bought.
    #[garde(length(min = 1, max = MAX_VARIANTS), dive)]
    #[schema(min_items = 1, max_items = 100)]
    pub variants: Vec<NewVariant>,
}

/// Creates a product, if the plan allows one more.
pub async fn create_product(shop: &Shop, request: &CreateProduct) -> Result<Product, CatalogError> {
    let numbered = || request.variants.iter().enumerate();
    let currencies = numbered().map(|(n, variant)| (format!("variants[{n}].currency"), variant.currency.as_ref()));
    check_currencies(shop, currencies)?;
    let skus: Vec<(String, &str)> =
        numbered().map(|(n, variant)| (format!("variants[{n}].sku"), variant.sku.as_str())).collect();

    retrying(|| async {
        let mut tx = shop.db.begin().await?;
        settings::lock_store(&mut tx).await?;
        check_skus(&mut tx, &skus, None).await?;
        check_categories(&mut tx, &request.category_ids).await?;
        let handle = match &request.handle {
            Some(handle) => handle.clone(),
            None => free_handle(&mut tx, &request.title).await?,
        };
        usage::take(&mut tx, shop, usage::MAX_PRODUCTS).await??;

        let id = ProductId::new();
        let variants: Vec<Made> = request.variants.iter().map(NewVariant::make).collect();
        db::products::insert(&mut tx, id, &handle, request).await?;
        db::categories::file(&mut tx, id, &request.category_ids).await?;
        db::variants::insert(&mut tx, id, 0, &variants).await?;
        inventory::open_levels(&mut tx, &variants.iter().map(|variant| variant.id).collect::<Vec<_>>()).await?;
        db::products::set_lowest_price(&mut tx, id).await?;

        let product = db::products::one(&mut tx, shop, id).await?.ok_or(CatalogError::NoProduct)?;
        let created = Record {
            product_id: id,
            action: "product.created",
            event_type: "product.created",
            version: 1,
            before: None,
            after: Some(&product),
        };
        record(&mut tx, shop, &created).await?;
        tx.commit().await?;
        Ok(product)
    })
    .await
}

/// Refuses categories that are not there.
pub(super) async fn check_categories(tx: &mut TenantTx, wanted: &[CategoryId]) -> Result<(), CatalogError> {
    if wanted.is_empty() {
        return Ok(());
    }
    let known = db::categories::known(tx, wanted).await?;
    match wanted.iter().find(|id| !known.contains(id)) {
        Some(&id) => Err(CatalogError::UnknownCategory { field: "category_ids", id }),
        None => Ok(()),
    }
}

/// The nicest handle for a title that no product has. The store must be locked.
async fn free_handle(tx: &mut TenantTx, title: &str) -> sqlx::Result<String> {
    let mut candidates = candidates(title, "product");
    let held = db::products::held_handles(tx, &candidates).await?;
    let last = candidates.pop().unwrap_or_default();
    Ok(candidates.into_iter().find(|handle| !held.contains(handle)).unwrap_or(last))
}
