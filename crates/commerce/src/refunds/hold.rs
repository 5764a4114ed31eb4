//! Lock everything that a refund is about, in the one order that all share, and move it on.

use kernel::db::TenantTx;
use serde_json::{Value, json};

use super::model::Locked;
use super::record::told;
use super::{RefundError, RefundId, Step, db};
use crate::activity::{self, Act};
use crate::events::Event;
use crate::orders;
use crate::payments::{self, PaymentError, Refundable};
use crate::shop::Shop;

/// A refund, its order and the payment that it came by.
pub(super) struct Held {
    pub(super) order: orders::Locked,
    pub(super) payment: Refundable,
    pub(super) refund: Locked,
}

/// In whose name it is locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum For {
    /// An act of staff: nobody else of the staff may hold the order.
    Staff,
    /// The provider's word: money settles whoever holds the order.
    Provider,
}

/// Locks order, payment and refund.
pub(super) async fn hold(tx: &mut TenantTx, shop: &Shop, id: RefundId, whose: For) -> Result<Held, RefundError> {
    let (order, payment) = db::place(tx, id).await?.ok_or(RefundError::NotFound)?;
    let order = lock_order(tx, shop, order, whose).await?;
    let payment = payments::lock_refundable_payment(tx, payment).await?.ok_or(PaymentError::NotFound)?;
    let refund = db::lock(tx, id).await?.ok_or(RefundError::NotFound)?;
    Ok(Held { order, payment, refund })
}

/// Locks an order.
pub(super) async fn lock_order(
    tx: &mut TenantTx,
    shop: &Shop,
    id: orders::OrderId,
    whose: For,
) -> Result<orders::Locked, RefundError> {
    Ok(match whose {
        For::Staff => orders::lock_for_staff(tx, shop, id).await?,
        For::Provider => orders::lock(tx, id).await?,
    })
}

impl Held {
    /// Somebody's decision. Returns the event to tell.
    pub(super) async fn decide(
        &mut self,
        tx: &mut TenantTx,
        shop: &Shop,
        step: Step,
        words: Option<&str>,
    ) -> Result<Event, RefundError> {
        let to = self.refund.status.after(step)?;
        db::set_decided(tx, &self.refund, to, &json!(shop.origin.actor), words).await?;
        if !to.open() {
            payments::forget_refund(tx, &mut self.payment, self.refund.amount_minor).await?;
        }
        self.refund.status = to;
        Ok(self.moved(step, json!({ "decision": words })))
    }

    /// The provider is about to be asked. Returns the event to tell.
    pub(super) async fn begin(&mut self, tx: &mut TenantTx) -> Result<Event, RefundError> {
        let to = self.refund.status.after(Step::Process)?;
        db::set_processing(tx, &self.refund).await?;
        self.refund.status = to;
        Ok(self.moved(Step::Process, json!({})))
    }

    /// The event of a step that was just taken.
    pub(super) fn moved(&mut self, step: Step, more: Value) -> Event {
        self.refund.version += 1;
        told(&self.refund, self.refund.version, step.event(), more)
    }
}

/// Notes what staff did with a refund.
pub(super) async fn note(
    tx: &mut TenantTx,
    shop: &Shop,
    action: &'static str,
    id: RefundId,
    before: Option<Value>,
    after: Value,
) -> Result<(), RefundError> {
    let act = Act { action, entity_type: "refund", entity_id: id.0, before, after: Some(after) };
    Ok(activity::note(tx, shop, &act).await?)
}
