//! The end of a refund: the money went back, and with it order, lines and stock change; or it did not.

use kernel::db::TenantTx;
use kernel::metrics;
use serde_json::json;

use super::hold::{For, Held, hold};
use super::{RefundError, RefundId, Status, Step, db};
use crate::catalog::VariantId;
use crate::events::{self, Event};
use crate::inventory::{self, Returning};
use crate::orders::{self, FaultCategory, FaultSeverity, Money, OrderFault, OrderItemId};
use crate::payments;
use crate::shop::Shop;

/// The money has gone back. Only now do the goods marked for it go back into stock. Returns the events to tell.
pub(super) async fn succeed(
    tx: &mut TenantTx,
    shop: &Shop,
    held: &mut Held,
    reference: Option<&str>,
) -> Result<Vec<Event>, RefundError> {
    let to = held.refund.status.after(Step::Succeed)?;
    db::set_succeeded(tx, &held.refund, reference).await?;
    held.refund.status = to;
    let mut told = vec![held.moved(Step::Succeed, json!({ "reference": reference }))];
    told.push(payments::gave_back(tx, &mut held.payment, held.refund.amount_minor).await?);
    told.push(change_order(tx, held, 1).await?);
    told.extend(restock(tx, shop, held).await?);
    if held.order.money == Money::Full {
        // Nothing of it will leave any more.
        told.extend(inventory::release(tx, shop, held.order.id.0, "refunded").await?);
    }
    metrics::refund_succeeded(metrics::age(held.refund.id.0, shop.clock.now()));
    tracing::info!(
        event = "refund.succeeded", tenant = %shop.slug, request_id = shop.origin.request_id,
        refund_id = %held.refund.id, order_id = %held.order.id, amount_minor = held.refund.amount_minor,
        "refund succeeded"
    );
    Ok(told)
}

/// No money has gone back, or what had gone back came again: it can be refunded once more. Goods that are back in stock
/// stay there. Returns the events to tell.
pub(super) async fn fail(
    tx: &mut TenantTx,
    shop: &Shop,
    held: &mut Held,
    failure_code: &str,
) -> Result<Vec<Event>, RefundError> {
    let had_succeeded = held.refund.status == Status::Succeeded;
    let to = held.refund.status.after(Step::Fail)?;
    db::set_failed(tx, &held.refund, failure_code).await?;
    held.refund.status = to;
    held.refund.failure_code = Some(failure_code.to_owned());
    let mut told = vec![held.moved(Step::Fail, json!({ "had_succeeded": had_succeeded }))];
    if had_succeeded {
        told.push(payments::came_again(tx, &mut held.payment, held.refund.amount_minor).await?);
        told.push(change_order(tx, held, -1).await?);
    } else {
        payments::forget_refund(tx, &mut held.payment, held.refund.amount_minor).await?;
    }
    metrics::refund_failed(failure_code);
    tracing::warn!(
        event = "refund.failed", tenant = %shop.slug, request_id = shop.origin.request_id, refund_id = %held.refund.id,
        order_id = %held.order.id, reason = failure_code, had_succeeded, "refund failed"
    );
    let (severity, code, message) = if had_succeeded {
        (
            FaultSeverity::Critical,
            "refund.reversed",
            "money that had gone back came again: the shopper does not have it",
        )
    } else {
        (FaultSeverity::High, "refund.failed", "a refund failed: the shopper does not have the money")
    };
    let data = json!({
        "refund_id": held.refund.id, "amount_minor": held.refund.amount_minor, "failure_code": failure_code,
    });
    let fault = OrderFault { category: FaultCategory::Payment, severity, code, message, data };
    orders::note_error(tx, shop, held.order.id, &fault).await?;
    Ok(told)
}

async fn change_order(tx: &mut TenantTx, held: &mut Held, sign: i32) -> Result<Event, RefundError> {
    let lines = db::lines(tx, held.refund.id).await?;
    let items: Vec<(OrderItemId, i32)> = lines.iter().map(|line| (line.order_item_id, line.quantity * sign)).collect();
    orders::items_refunded(tx, &held.order, &items).await?;
    let amount_minor = held.refund.amount_minor * i64::from(sign);
    Ok(orders::refunded(tx, &mut held.order, amount_minor, held.payment.captured_minor).await?)
}

/// Puts the goods of a succeeded refund back that it should have brought back and did not. Done before: nothing happens.
pub async fn restock_late(shop: &Shop, id: RefundId) -> Result<(), RefundError> {
    kernel::db::retrying(async || {
        let mut tx = shop.db.begin().await?;
        let held = hold(&mut tx, shop, id, For::Provider).await?;
        if held.refund.status != Status::Succeeded || held.refund.restocked {
            return Ok(());
        }
        let told = restock(&mut tx, shop, &held).await?;
        events::tell(&mut tx, shop, &told).await?;
        Ok(tx.commit().await?)
    })
    .await
}

async fn restock(tx: &mut TenantTx, shop: &Shop, held: &Held) -> Result<Vec<Event>, RefundError> {
    let lines = db::restocking(tx, held.refund.id).await?;
    if lines.is_empty() {
        return Ok(Vec::new());
    }
    let sold = orders::sold(tx, held.order.id).await?;
    let mut returning = Vec::new();
    let mut items = Vec::new();
    for line in &lines {
        let Some(bought) = sold.lines.iter().find(|bought| bought.id == line.item) else { continue };
        // A refund that failed after it had succeeded left its goods in stock: they are not put there twice.
        let quantity = line.quantity.min(bought.quantity - line.restocked_before);
        returning.push(Returning {
            variant_id: VariantId(bought.variant_id),
            quantity: quantity.max(0),
            returned_before: line.returned_before,
        });
        items.push((bought.variant_id, line.item));
    }
    let (restocked, told) = inventory::restock(tx, shop, held.order.id.0, held.refund.id.0, &returning).await?;
    let done: Vec<_> = restocked
        .iter()
        .filter_map(|back| {
            let item = items.iter().find(|(variant, _)| *variant == back.variant_id.0)?.1;
            Some((item, back.released, back.returned))
        })
        .collect();
    db::set_restocked(tx, held.refund.id, &done).await?;
    Ok(told)
}
