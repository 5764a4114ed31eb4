//! Try a failed refund again: a new one that names it.

use kernel::db::retrying;
use serde_json::json;

use super::approval::{Asker, at_once};
use super::hold::{For, hold, note};
use super::model::NewRefund;
use super::record::record;
use super::{Refund, RefundError, RefundId, RefundLine, Status, Step, db};
use crate::events;
use crate::orders;
use crate::shop::Shop;

/// Tries a failed refund again, once. The new one is for the same lines and the same money.
pub(super) async fn retry(shop: &Shop, asker: Asker, id: RefundId) -> Result<Refund, RefundError> {
    retrying(|| attempt(shop, asker, id)).await
}

async fn attempt(shop: &Shop, asker: Asker, id: RefundId) -> Result<Refund, RefundError> {
    let mut tx = shop.db.begin().await?;
    let mut held = hold(&mut tx, shop, id, For::Staff).await?;
    if held.refund.status != Status::Failed {
        return Err(RefundError::WrongStatus { status: held.refund.status, step: Step::Process });
    }
    if db::retried(&mut tx, id).await? {
        return Err(RefundError::RetriedBefore);
    }
    let old = held.refund.clone();
    // Goods that are back in stock are not put there again.
    let again = |line: RefundLine| RefundLine { restock: line.restock && !old.restocked, ..line };
    let lines: Vec<RefundLine> = db::lines(&mut tx, id).await?.into_iter().map(again).collect();
    let sold = orders::sold(&mut tx, held.order.id).await?;
    let taken = db::taken(&mut tx, held.order.id).await?;
    let gone = lines.iter().any(|line| {
        let bought =
            sold.lines.iter().find(|bought| bought.id == line.order_item_id).map_or(0, |bought| bought.quantity);
        line.quantity > bought - taken.lines.get(&line.order_item_id).map_or(0, |taken| taken.quantity)
    });
    if gone || (old.shipping_minor > 0 && taken.shipping) {
        return Err(RefundError::ExceedsRest { rest_minor: held.payment.rest_minor(), errors: Vec::new() });
    }
    let new = NewRefund {
        order_id: old.order_id,
        retry_of: Some(id),
        amount_minor: old.amount_minor,
        shipping_minor: old.shipping_minor,
        reason: old.reason,
        lines,
        approved: at_once(&mut tx, shop, asker, old.amount_minor).await?,
    };
    let (made, told) = record(&mut tx, shop, &mut held.payment, &new).await?;
    events::tell(&mut tx, shop, &told).await?;
    let after = json!({ "retry_of": id, "amount_minor": new.amount_minor, "approved": new.approved });
    note(&mut tx, shop, "refund.retried", made, None, after).await?;
    orders::note_retry(&mut tx, held.order.id).await?;
    let refund = db::one(&mut tx, made).await?.ok_or(RefundError::NotFound)?;
    tx.commit().await?;
    Ok(refund)
}
