//! Change a variant.

use std::collections::BTreeMap;

use kernel::db::retrying;
use kernel::money::MAX_UNIT_MINOR;
use serde::{Deserialize, Serialize};

use super::model::MAX_GRAMS;
use super::new_variant::{check_currencies, check_skus, valid_options};
use super::record::{Record, record};
use super::{CatalogError, Variant, VariantId, VariantStatus, db, plain_text};
use crate::settings;
use crate::shop::Shop;

/// What to change; a field that is not there stays as it is.
#[derive(Debug, Clone, Serialize, Deserialize, garde::Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeVariant {
    /// The merchant's own name for it.
    #[garde(inner(length(chars, min = 1, max = 64), custom(plain_text)))]
    #[schema(min_length = 1, max_length = 64)]
    pub sku: Option<String>,
    /// What sets it apart.
    #[garde(inner(length(chars, min = 1, max = 200), custom(plain_text)))]
    #[schema(min_length = 1, max_length = 200)]
    pub title: Option<String>,
    /// Price of one.
    #[garde(inner(range(min = 0, max = MAX_UNIT_MINOR)))]
    #[schema(minimum = 0, maximum = 100_000_000_000_i64)]
    pub price_minor: Option<i64>,
    /// The store's currency, or nothing.
    #[garde(inner(length(max = 3)))]
    #[schema(max_length = 3, example = "EUR")]
    pub currency: Option<String>,
    /// All its options, in place of what they were; at most 3.
    #[garde(custom(given_options))]
    pub options: Option<BTreeMap<String, String>>,
    /// Weight of one.
    #[garde(inner(range(min = 0, max = MAX_GRAMS)))]
    #[schema(minimum = 0, maximum = 1_000_000)]
    pub weight_grams: Option<i32>,
    /// Is it shown?
    #[garde(skip)]
    pub status: Option<VariantStatus>,
}

fn given_options(given: &Option<BTreeMap<String, String>>, (): &()) -> garde::Result {
    given.as_ref().map_or(Ok(()), |given| valid_options(given, &()))
}

/// Changes the fields of a variant that are given.
pub async fn change_variant(shop: &Shop, id: VariantId, change: &ChangeVariant) -> Result<Variant, CatalogError> {
    check_currencies(shop, [("currency".to_owned(), change.currency.as_ref())])?;
    retrying(|| async {
        let mut tx = shop.db.begin().await?;
        settings::lock_store(&mut tx).await?;
        let product = db::variants::product_of(&mut tx, id).await?.ok_or(CatalogError::NoVariant)?;
        let before = db::products::one(&mut tx, shop, product).await?.ok_or(CatalogError::NoVariant)?;
        if let Some(sku) = &change.sku {
            check_skus(&mut tx, &[("sku".to_owned(), sku)], Some(id)).await?;
        }
        db::variants::update(&mut tx, id, change).await?;
        let version = db::products::touch(&mut tx, product).await?;

        let after = db::products::one(&mut tx, shop, product).await?.ok_or(CatalogError::NoVariant)?;
        let changed = Record {
            product_id: product,
            action: "variant.updated",
            event_type: "product.updated",
            version,
            before: Some(&before),
            after: Some(&after),
        };
        record(&mut tx, shop, &changed).await?;
        tx.commit().await?;
        after.variants.into_iter().find(|variant| variant.id == id).ok_or(CatalogError::NoVariant)
    })
    .await
}
