//! Create, change and delete tax rates.

use kernel::db::{TenantTx, retrying};
use kernel::problem::FieldError;
use uuid::Uuid;

use super::record::{Changed, record};
use super::tax_rate::{ChangeTaxRate, CreateTaxRate, TaxRateView};
use super::{PricingError, TaxRateId, db};
use crate::settings;
use crate::shop::Shop;

/// The most tax rates of a store: every cart knows all of them.
const MAX_TAX_RATES: i64 = 2_000;

fn changed<'a>(
    action: &'static str,
    id: TaxRateId,
    before: Option<&'a TaxRateView>,
    after: Option<&'a TaxRateView>,
) -> Changed<'a, TaxRateView> {
    Changed { action, entity_type: "tax_rate", id: id.0, before, after }
}

/// Creates a tax rate.
///
/// When something is `told` to be wrong with the request, everything that is gets told, and nothing is done.
pub async fn create_tax_rate(
    shop: &Shop,
    request: &CreateTaxRate,
    told: &[FieldError],
) -> Result<TaxRateView, PricingError> {
    retrying(|| async {
        let mut tx = shop.db.begin().await?;
        settings::lock_store(&mut tx).await?;
        let there = category_there(&mut tx, request.category_id).await?;
        let rate = request.clone().checked(told.to_vec(), there)?;
        super::check_room(db::tax_rates::count(&mut tx).await?, MAX_TAX_RATES, "tax rates")?;
        let id = TaxRateId::new();
        db::tax_rates::insert(&mut tx, id, &rate).await?;
        let after = db::tax_rates::one(&mut tx, id).await?.ok_or(PricingError::NoTaxRate)?;
        record(&mut tx, shop, &changed("tax_rate.created", id, None, Some(&after))).await?;
        tx.commit().await?;
        Ok(after)
    })
    .await
}

/// Changes the fields of a tax rate that are given.
///
/// When something is `told` to be wrong with the request, everything that is gets told, and nothing is done.
pub async fn change_tax_rate(
    shop: &Shop,
    id: TaxRateId,
    change: &ChangeTaxRate,
    told: &[FieldError],
) -> Result<TaxRateView, PricingError> {
    retrying(|| async {
        let mut tx = shop.db.begin().await?;
        settings::lock_store(&mut tx).await?;
        let before = db::tax_rates::one(&mut tx, id).await?.ok_or(PricingError::NoTaxRate)?;
        let rate = change.of(&before);
        let there = category_there(&mut tx, rate.category_id).await?;
        let rate = rate.checked(told.to_vec(), there)?;
        db::tax_rates::update(&mut tx, id, &rate).await?;
        let after = db::tax_rates::one(&mut tx, id).await?.ok_or(PricingError::NoTaxRate)?;
        record(&mut tx, shop, &changed("tax_rate.updated", id, Some(&before), Some(&after))).await?;
        tx.commit().await?;
        Ok(after)
    })
    .await
}

/// Deletes a tax rate.
pub async fn delete_tax_rate(shop: &Shop, id: TaxRateId) -> Result<(), PricingError> {
    retrying(|| async {
        let mut tx = shop.db.begin().await?;
        settings::lock_store(&mut tx).await?;
        let before = db::tax_rates::one(&mut tx, id).await?.ok_or(PricingError::NoTaxRate)?;
        db::tax_rates::delete(&mut tx, id).await?;
        record(&mut tx, shop, &changed("tax_rate.deleted", id, Some(&before), None)).await?;
        tx.commit().await?;
        Ok(())
    })
    .await
}

/// Is there a tax rate for this category? Such a category cannot be deleted. The store must be locked.
pub async fn is_taxed(tx: &mut TenantTx, category: Uuid) -> sqlx::Result<bool> {
    db::tax_rates::has_category(tx, category).await
}

async fn category_there(tx: &mut TenantTx, category: Option<Uuid>) -> sqlx::Result<bool> {
    match category {
        Some(category) => db::tax_rates::category_is_there(tx, category).await,
        None => Ok(true),
    }
}
