//! Hear the provider's messages about refunds.

use stripe_gateway::Refund;
use stripe_gateway::webhook::Event;

use super::RefundError;
use super::report::{Report, Reported, apply_report};
use crate::payments::{self, PaymentError};
use crate::shop::Shop;

/// Is a message about refunds?
pub fn is_about_refunds(event: &Event) -> bool {
    event.kind.starts_with("refund.") || event.kind.starts_with("charge.refund")
}

/// Applies a message. What says only that something of a charge was refunded leads to the list of its refunds.
pub async fn hear(shop: &Shop, event: &Event) -> Result<&'static str, RefundError> {
    if event.livemode != shop.platform.livemode {
        return Ok("other_mode");
    }
    if let Some(refund) = event.refund() {
        return Ok(outcome(apply(shop, refund, event).await?));
    }
    let about_charge = event.object.get("object").and_then(|kind| kind.as_str()) == Some("charge");
    let intent = event.object.get("payment_intent").and_then(|intent| intent.as_str()).filter(|_| about_charge);
    let Some(intent) = intent else { return Ok("ignored") };
    let mut tx = shop.db.begin().await?;
    let place = payments::place(&mut tx, intent).await?;
    tx.commit().await?;
    if place.is_none() {
        return Ok("not_ours");
    }
    let refunds = shop.stripe.refunds_of(intent, event.account.as_deref()).await.map_err(PaymentError::from)?;
    for refund in refunds {
        apply(shop, refund, event).await?;
    }
    Ok("applied")
}

/// Money that bought nothing is no order's, and so is its return.
async fn apply(shop: &Shop, refund: Refund, event: &Event) -> Result<Reported, RefundError> {
    if payments::apply_return_report(shop, &refund).await? {
        return Ok(Reported::Applied);
    }
    apply_report(shop, &Report::of(refund, event.account.clone())).await
}

fn outcome(reported: Reported) -> &'static str {
    match reported {
        Reported::Applied => "applied",
        Reported::NotOurs => "not_ours",
        Reported::Flagged => "flagged",
    }
}
