//! Add a variant to a product.

use kernel::db::retrying;

use super::model::MAX_VARIANTS;
use super::new_variant::{check_currencies, check_skus};
use super::record::{Record, record};
use super::{CatalogError, NewVariant, ProductId, Variant, db};
use crate::shop::Shop;
use crate::{inventory, settings};

/// Adds a variant after the product's others.
pub async fn add_variant(shop: &Shop, id: ProductId, request: &NewVariant) -> Result<Variant, CatalogError> {
    check_currencies(shop, [("currency".to_owned(), request.currency.as_ref())])?;
    retrying(|| async {
        let mut tx = shop.db.begin().await?;
        settings::lock_store(&mut tx).await?;
        let before = db::products::one(&mut tx, shop, id).await?.ok_or(CatalogError::NoProduct)?;
        if before.variants.len() >= MAX_VARIANTS {
            return Err(CatalogError::TooManyVariants);
        }
        check_skus(&mut tx, &[("sku".to_owned(), &request.sku)], None).await?;

        let made = request.make();
        let variant = made.id;
        let position = db::variants::next_position(&mut tx, id).await?;
        db::variants::insert(&mut tx, id, position, &[made]).await?;
        inventory::open_levels(&mut tx, &[variant]).await?;
        let version = db::products::touch(&mut tx, id).await?;

        let after = db::products::one(&mut tx, shop, id).await?.ok_or(CatalogError::NoProduct)?;
        let changed = Record {
            product_id: id,
            action: "variant.created",
            event_type: "product.updated",
            version,
            before: Some(&before),
            after: Some(&after),
        };
        record(&mut tx, shop, &changed).await?;
        tx.commit().await?;
        after.variants.into_iter().find(|added| added.id == variant).ok_or(CatalogError::NoVariant)
    })
    .await
}
