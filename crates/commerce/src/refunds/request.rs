//! Ask for a refund, or only for what it would come to.

use axum::http::StatusCode;
use kernel::db::{TenantTx, retrying};
use kernel::idempotency::{Answer, IdempotencyKey, fingerprint, in_progress, reused};
use kernel::problem::Problem;
use serde::Serialize;
use serde_json::json;

use super::approval::{Asker, at_once};
use super::hold::{For, lock_order, note};
use super::model::{NewRefund, ShopperRefund};
use super::plan::{Planned, RequestRefund, Wrong, plan};
use super::record::record;
use super::{RefundError, RefundId, RefundLine, db};
use crate::events;
use crate::idempotency::{self, Entered};
use crate::orders::{self, OrderId, Stage};
use crate::payments::{self, Refundable};
use crate::shop::Shop;

/// Asks for a refund under a key. Key, promise and answer are one transaction.
pub(super) async fn request(
    shop: &Shop,
    key: &IdempotencyKey,
    order: OrderId,
    asker: Asker,
    request: &RequestRefund,
) -> Result<Answer, Problem> {
    let scope = match asker {
        Asker::Staff(_) => format!("POST /api/v1/admin/orders/{order}/refunds"),
        Asker::Shopper => format!("POST /api/v1/orders/{order}/refund-requests"),
    };
    let asked = fingerprint(&scope, request)?;
    let attempt = async || -> Result<Answer, RefundError> {
        let mut tx = shop.db.begin().await?;
        let claimed = match idempotency::enter(&mut tx, &scope, key, asked).await? {
            Entered::First(claimed) => claimed,
            Entered::Answered(answer) => return Ok(answer),
            Entered::Reused => {
                idempotency::conflict(shop, key, &asked);
                return Err(RefundError::Answer(Box::new(reused())));
            }
            Entered::InProgress => return Err(RefundError::Answer(Box::new(in_progress()))),
        };
        let answer = match create(&mut tx, shop, order, asker, request).await {
            Ok(id) => answer(&mut tx, id, asker).await?,
            // Outcomes: told again under the same key. Nothing was written on the way to them.
            Err(error @ (RefundError::ExceedsRest { .. } | RefundError::NothingCaptured { .. })) => {
                Answer::problem(&error.into(), &shop.origin.request_id)
            }
            Err(error) => return Err(error),
        };
        idempotency::finish(&mut tx, &claimed, &answer).await?;
        tx.commit().await?;
        Ok(answer)
    };
    Ok(retrying(attempt).await?)
}

async fn answer(tx: &mut TenantTx, id: RefundId, asker: Asker) -> Result<Answer, RefundError> {
    let refund = db::one(tx, id).await?.ok_or(RefundError::NotFound)?;
    let answer = match asker {
        Asker::Staff(_) => Answer::new(StatusCode::CREATED, &refund),
        Asker::Shopper => Answer::new(StatusCode::CREATED, &ShopperRefund::of(refund)),
    };
    answer.map_err(|problem| RefundError::Answer(Box::new(problem)))
}

async fn create(
    tx: &mut TenantTx,
    shop: &Shop,
    order: OrderId,
    asker: Asker,
    request: &RequestRefund,
) -> Result<RefundId, RefundError> {
    let whose = match asker {
        Asker::Staff(_) => For::Staff,
        Asker::Shopper => For::Provider,
    };
    let locked = lock_order(tx, shop, order, whose).await?;
    let payment = payments::lock_refundable(tx, order).await?;
    let (mut payment, planned) = planned(tx, order, locked.stage, payment, request).await?;
    let new = NewRefund {
        order_id: order,
        retry_of: None,
        approved: at_once(tx, shop, asker, planned.amount_minor).await?,
        amount_minor: planned.amount_minor,
        shipping_minor: planned.shipping_minor,
        reason: request.reason.clone(),
        lines: planned.lines,
    };
    let (id, told) = record(tx, shop, &mut payment, &new).await?;
    events::tell(tx, shop, &told).await?;
    if whose == For::Staff {
        let after = json!({ "order_id": order, "amount_minor": new.amount_minor, "approved": new.approved });
        note(tx, shop, "refund.requested", id, None, after).await?;
    }
    Ok(id)
}

/// What a request comes to for an order as it stands, and the payment that has enough left for it.
async fn planned(
    tx: &mut TenantTx,
    order: OrderId,
    stage: Stage,
    payment: Option<Refundable>,
    request: &RequestRefund,
) -> Result<(Refundable, Planned), RefundError> {
    let sold = orders::sold(tx, order).await?;
    let taken = db::taken(tx, order).await?;
    let plan = plan(request, &sold, &taken);
    if let Err(Wrong::Invalid(errors)) = plan {
        return Err(RefundError::Invalid(errors));
    }
    let payment = payment.ok_or(RefundError::NothingCaptured { stage: stage.name() })?;
    let rest_minor = payment.rest_minor();
    match plan {
        Ok(planned) if planned.amount_minor <= rest_minor => Ok((payment, planned)),
        Ok(_) => Err(RefundError::ExceedsRest { rest_minor, errors: Vec::new() }),
        Err(Wrong::Exceeds(errors) | Wrong::Invalid(errors)) => Err(RefundError::ExceedsRest { rest_minor, errors }),
    }
}

/// What a refund would come to.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RefundPreview {
    /// What would go back.
    pub amount_minor: i64,
    /// The part of it that is for shipping, its tax included.
    pub shipping_minor: i64,
    /// Three capital letters.
    pub currency: String,
    /// What could still be given back afterwards.
    pub rest_minor: i64,
    /// Would it wait for a second person?
    pub needs_approval: bool,
    /// For which lines.
    pub lines: Vec<RefundLine>,
}

/// Says what a refund would come to, and does nothing.
pub(super) async fn preview(
    shop: &Shop,
    order: OrderId,
    asker: Asker,
    request: &RequestRefund,
) -> Result<RefundPreview, RefundError> {
    let mut tx = shop.db.begin().await?;
    let locked = orders::lock(&mut tx, order).await?;
    let payment = payments::lock_refundable(&mut tx, order).await?;
    let (payment, planned) = planned(&mut tx, order, locked.stage, payment, request).await?;
    let needs_approval = !at_once(&mut tx, shop, asker, planned.amount_minor).await?;
    tx.rollback().await?;
    Ok(RefundPreview {
        rest_minor: payment.rest_minor() - planned.amount_minor,
        amount_minor: planned.amount_minor,
        shipping_minor: planned.shipping_minor,
        currency: payment.currency,
        needs_approval,
        lines: planned.lines,
    })
}
