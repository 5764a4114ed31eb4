//! Create, change and delete shipping methods.

use kernel::db::retrying;
use kernel::problem::FieldError;

use super::record::{Changed, record};
use super::shipping_method::{ChangeShippingMethod, CreateShippingMethod, ShippingMethodView};
use super::{PricingError, ShippingMethodId, db};
use crate::settings;
use crate::shop::Shop;

/// The most shipping methods of a store: every cart knows all of them.
const MAX_SHIPPING_METHODS: i64 = 100;

fn changed<'a>(
    action: &'static str,
    id: ShippingMethodId,
    before: Option<&'a ShippingMethodView>,
    after: Option<&'a ShippingMethodView>,
) -> Changed<'a, ShippingMethodView> {
    Changed { action, entity_type: "shipping_method", id: id.0, before, after }
}

/// Creates a shipping method.
///
/// When something is `told` to be wrong with the request, everything that is gets told, and nothing is done.
pub async fn create_shipping_method(
    shop: &Shop,
    request: CreateShippingMethod,
    told: &[FieldError],
) -> Result<ShippingMethodView, PricingError> {
    let method = request.checked(told.to_vec())?;
    retrying(|| async {
        let mut tx = shop.db.begin().await?;
        settings::lock_store(&mut tx).await?;
        let count = db::shipping_methods::count(&mut tx).await?;
        super::check_room(count, MAX_SHIPPING_METHODS, "shipping methods")?;
        let id = ShippingMethodId::new();
        db::shipping_methods::insert(&mut tx, id, &method).await?;
        let after = db::shipping_methods::one(&mut tx, id).await?.ok_or(PricingError::NoShippingMethod)?;
        record(&mut tx, shop, &changed("shipping_method.created", id, None, Some(&after))).await?;
        tx.commit().await?;
        Ok(after)
    })
    .await
}

/// Changes the fields of a shipping method that are given.
///
/// When something is `told` to be wrong with the request, everything that is gets told, and nothing is done.
pub async fn change_shipping_method(
    shop: &Shop,
    id: ShippingMethodId,
    change: &ChangeShippingMethod,
    told: &[FieldError],
) -> Result<ShippingMethodView, PricingError> {
    retrying(|| async {
        let mut tx = shop.db.begin().await?;
        settings::lock_store(&mut tx).await?;
        let before = db::shipping_methods::one(&mut tx, id).await?.ok_or(PricingError::NoShippingMethod)?;
        let method = change.of(&before).checked(told.to_vec())?;
        db::shipping_methods::update(&mut tx, id, &method).await?;
        let after = db::shipping_methods::one(&mut tx, id).await?.ok_or(PricingError::NoShippingMethod)?;
        record(&mut tx, shop, &changed("shipping_method.updated", id, Some(&before), Some(&after))).await?;
        tx.commit().await?;
        Ok(after)
    })
    .await
}

/// Deletes a shipping method.
pub async fn delete_shipping_method(shop: &Shop, id: ShippingMethodId) -> Result<(), PricingError> {
    retrying(|| async {
        let mut tx = shop.db.begin().await?;
        settings::lock_store(&mut tx).await?;
        let before = db::shipping_methods::one(&mut tx, id).await?.ok_or(PricingError::NoShippingMethod)?;
        db::shipping_methods::delete(&mut tx, id).await?;
        record(&mut tx, shop, &changed("shipping_method.deleted", id, Some(&before), None)).await?;
        tx.commit().await?;
        Ok(())
    })
    .await
}
