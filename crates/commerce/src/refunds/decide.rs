//! Staff decides about a refund: approve it, reject it, or call it off.

use kernel::db::retrying;
use serde_json::json;

use super::hold::{For, Held, hold, note};
use super::record::process_soon;
use super::{Refund, RefundError, RefundId, Step, db};
use crate::access::{Permission, RefundsApprove, StaffIdentity};
use crate::events;
use crate::shop::Shop;

/// Approves what somebody else asked for. The provider is asked soon after.
pub(super) async fn approve(shop: &Shop, id: RefundId) -> Result<Refund, RefundError> {
    decide(shop, id, Step::Approve, "refund.approved", None, |held| {
        if held.refund.requested_by == json!(shop.origin.actor) { Err(RefundError::OwnRequest) } else { Ok(()) }
    })
    .await
}

/// Rejects it, and says why.
pub(super) async fn reject(shop: &Shop, id: RefundId, reason: &str) -> Result<Refund, RefundError> {
    decide(shop, id, Step::Reject, "refund.rejected", Some(reason), |_| Ok(())).await
}

/// Calls it off before the provider is asked: whoever asked for it may, and whoever may approve.
pub(super) async fn cancel(shop: &Shop, identity: StaffIdentity, id: RefundId) -> Result<Refund, RefundError> {
    decide(shop, id, Step::Cancel, "refund.cancelled", None, |held| {
        let may_approve = RefundsApprove::ROLES.contains(&identity.role);
        if may_approve || held.refund.requested_by == json!(shop.origin.actor) {
            Ok(())
        } else {
            Err(RefundError::NotYours)
        }
    })
    .await
}

async fn decide(
    shop: &Shop,
    id: RefundId,
    step: Step,
    action: &'static str,
    words: Option<&str>,
    may: impl Fn(&Held) -> Result<(), RefundError>,
) -> Result<Refund, RefundError> {
    retrying(async || {
        let mut tx = shop.db.begin().await?;
        let mut held = hold(&mut tx, shop, id, For::Staff).await?;
        let before = held.refund.status;
        may(&held)?;
        let told = held.decide(&mut tx, shop, step, words).await?;
        if step == Step::Approve {
            process_soon(&mut tx, shop, held.payment.provider, id).await?;
        }
        events::tell(&mut tx, shop, &[told]).await?;
        let after = json!({ "status": held.refund.status, "reason": words });
        note(&mut tx, shop, action, id, Some(json!({ "status": before })), after).await?;
        let refund = db::one(&mut tx, id).await?.ok_or(RefundError::NotFound)?;
        tx.commit().await?;
        tracing::info!(
            event = action, tenant = %shop.slug, request_id = shop.origin.request_id, refund_id = %id,
            order_id = %held.order.id, "a refund was decided"
        );
        Ok(refund)
    })
    .await
}
