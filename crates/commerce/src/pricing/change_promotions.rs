//! Create, change and delete promotions.

use kernel::db::retrying;
use kernel::problem::FieldError;

use super::promotion::{ChangePromotion, CreatePromotion, PromotionView};
use super::record::{Changed, record};
use super::{PricingError, PromotionId, db};
use crate::settings;
use crate::shop::Shop;

/// The most promotions of a store that are not deleted: every cart knows all of them.
const MAX_PROMOTIONS: i64 = 2_000;

fn changed<'a>(
    action: &'static str,
    id: PromotionId,
    before: Option<&'a PromotionView>,
    after: Option<&'a PromotionView>,
) -> Changed<'a, PromotionView> {
    Changed { action, entity_type: "promotion", id: id.0, before, after }
}

/// Creates a promotion.
///
/// When something is `told` to be wrong with the request, everything that is gets told, and nothing is done.
pub async fn create_promotion(
    shop: &Shop,
    request: CreatePromotion,
    told: &[FieldError],
) -> Result<PromotionView, PricingError> {
    let promotion = request.checked(told.to_vec())?;
    retrying(|| async {
        let mut tx = shop.db.begin().await?;
        settings::lock_store(&mut tx).await?;
        super::check_room(db::promotions::count(&mut tx).await?, MAX_PROMOTIONS, "promotions")?;
        let id = PromotionId::new();
        db::promotions::insert(&mut tx, id, &promotion).await?;
        let after = db::promotions::one(&mut tx, id).await?.ok_or(PricingError::NoPromotion)?;
        record(&mut tx, shop, &changed("promotion.created", id, None, Some(&after))).await?;
        tx.commit().await?;
        Ok(after)
    })
    .await
}

/// Changes the fields of a promotion that are given.
///
/// When something is `told` to be wrong with the request, everything that is gets told, and nothing is done.
pub async fn change_promotion(
    shop: &Shop,
    id: PromotionId,
    change: &ChangePromotion,
    told: &[FieldError],
) -> Result<PromotionView, PricingError> {
    retrying(|| async {
        let mut tx = shop.db.begin().await?;
        settings::lock_store(&mut tx).await?;
        let before = db::promotions::lock(&mut tx, id).await?.ok_or(PricingError::NoPromotion)?;
        let promotion = change.of(&before).checked(told.to_vec())?;
        if promotion.usage_limit.is_some_and(|limit| limit < before.used) {
            return Err(PricingError::LimitBelowUsed { used: before.used });
        }
        db::promotions::update(&mut tx, id, &promotion).await?;
        let after = db::promotions::one(&mut tx, id).await?.ok_or(PricingError::NoPromotion)?;
        record(&mut tx, shop, &changed("promotion.updated", id, Some(&before), Some(&after))).await?;
        tx.commit().await?;
        Ok(after)
    })
    .await
}

/// Deletes a promotion. Orders that have used it keep what it took off.
pub async fn delete_promotion(shop: &Shop, id: PromotionId) -> Result<(), PricingError> {
    retrying(|| async {
        let mut tx = shop.db.begin().await?;
        settings::lock_store(&mut tx).await?;
        let before = db::promotions::lock(&mut tx, id).await?.ok_or(PricingError::NoPromotion)?;
        db::promotions::delete(&mut tx, id).await?;
        record(&mut tx, shop, &changed("promotion.deleted", id, Some(&before), None)).await?;
        tx.commit().await?;
        Ok(())
    })
    .await
}
