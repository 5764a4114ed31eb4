//! Note that cash was given back by hand.

use kernel::db::retrying;
use serde_json::json;

use super::finish::succeed;
use super::hold::{For, hold, note};
use super::{Refund, RefundError, RefundId, db};
use crate::events;
use crate::payments::Provider;
use crate::shop::Shop;

/// The money of an approved refund was given back by hand, as `reference` says.
pub(super) async fn settle(shop: &Shop, id: RefundId, reference: &str) -> Result<Refund, RefundError> {
    retrying(async || {
        let mut tx = shop.db.begin().await?;
        let mut held = hold(&mut tx, shop, id, For::Staff).await?;
        if held.payment.provider == Provider::Stripe {
            return Err(RefundError::NotByHand);
        }
        let before = json!({ "status": held.refund.status });
        let mut told = vec![held.begin(&mut tx).await?];
        told.extend(succeed(&mut tx, shop, &mut held, Some(reference)).await?);
        events::tell(&mut tx, shop, &told).await?;
        let after = json!({ "status": held.refund.status, "reference": reference });
        note(&mut tx, shop, "refund.settled", id, Some(before), after).await?;
        let refund = db::one(&mut tx, id).await?.ok_or(RefundError::NotFound)?;
        tx.commit().await?;
        Ok(refund)
    })
    .await
}
