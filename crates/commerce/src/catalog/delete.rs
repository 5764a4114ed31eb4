//! Delete products, variants and categories. Rows stay, for orders and carts that know them.

use kernel::db::retrying;
use serde_json::json;

use super::record::{Record, record};
use super::{CatalogError, CategoryId, ProductId, VariantId, db};
use crate::activity::{self, Act};
use crate::shop::Shop;
use crate::{pricing, settings, usage};

/// Deletes a product with its variants, and gives its place in the plan back.
pub async fn delete_product(shop: &Shop, id: ProductId) -> Result<(), CatalogError> {
    retrying(|| async {
        let mut tx = shop.db.begin().await?;
        settings::lock_store(&mut tx).await?;
        let before = db::products::one(&mut tx, shop, id).await?.ok_or(CatalogError::NoProduct)?;
        let version = db::products::delete(&mut tx, id).await?;
        db::variants::delete_all(&mut tx, id).await?;
        usage::give_back(&mut tx, usage::MAX_PRODUCTS).await?;
        let deleted = Record {
            product_id: id,
            action: "product.deleted",
            event_type: "product.deleted",
            version,
            before: Some(&before),
            after: None,
        };
        record(&mut tx, shop, &deleted).await?;
        tx.commit().await?;
        Ok(())
    })
    .await
}

/// Deletes a variant. A product that loses its last one stays, but is not shown.
pub async fn delete_variant(shop: &Shop, id: VariantId) -> Result<(), CatalogError> {
    retrying(|| async {
        let mut tx = shop.db.begin().await?;
        settings::lock_store(&mut tx).await?;
        let product = db::variants::product_of(&mut tx, id).await?.ok_or(CatalogError::NoVariant)?;
        let before = db::products::one(&mut tx, shop, product).await?.ok_or(CatalogError::NoVariant)?;
        db::variants::delete(&mut tx, id).await?;
        let version = db::products::touch(&mut tx, product).await?;
        let after = db::products::one(&mut tx, shop, product).await?.ok_or(CatalogError::NoVariant)?;
        let changed = Record {
            product_id: product,
            action: "variant.deleted",
            event_type: "product.updated",
            version,
            before: Some(&before),
            after: Some(&after),
        };
        record(&mut tx, shop, &changed).await?;
        tx.commit().await?;
        Ok(())
    })
    .await
}

/// Deletes a category that has no parts and no tax rate. Its products stay, no longer filed under it.
pub async fn delete_category(shop: &Shop, id: CategoryId) -> Result<(), CatalogError> {
    retrying(|| async {
        let mut tx = shop.db.begin().await?;
        settings::lock_store(&mut tx).await?;
        let before = db::categories::one(&mut tx, id).await?.ok_or(CatalogError::NoCategory)?;
        if db::categories::has_parts(&mut tx, id).await? {
            return Err(CatalogError::CategoryHasParts);
        }
        // Taxes must not change because somebody tidies up.
        if pricing::is_taxed(&mut tx, id.0).await? {
            return Err(CatalogError::CategoryTaxed);
        }
        db::categories::delete(&mut tx, id).await?;
        settings::bump_catalog(&mut tx).await?;
        let act = Act {
            action: "category.deleted",
            entity_type: "category",
            entity_id: id.0,
            before: Some(json!(before)),
            after: None,
        };
        activity::note(&mut tx, shop, &act).await?;
        tx.commit().await?;
        Ok(())
    })
    .await
}
