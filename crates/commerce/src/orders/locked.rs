//! An order that a transaction holds.

use kernel::db::TenantTx;
use serde_json::Value;
use uuid::Uuid;

use super::{Money, OrderError, OrderId, Review, StaffLock, Stage, Step, db};
use crate::events::Event;

/// An order that this transaction holds.
#[derive(Debug, Clone)]
pub struct Locked {
    /// Which.
    pub id: OrderId,
    /// Its number.
    pub number: i64,
    /// The cart it was made of.
    pub cart: Uuid,
    /// How far it has got.
    pub stage: Stage,
    /// How much of the money has gone back.
    pub money: Money,
    /// Has it to be looked at, or what was said of it?
    pub review: Option<Review>,
    /// `card`, `cod` or `manual`.
    pub payment_method: String,
    /// The shopper's.
    pub email: String,
    /// Version of its last event.
    pub version: i64,
    /// What is to be paid.
    pub total_minor: i64,
    /// What of it has gone back.
    pub refunded_minor: i64,
    /// Three capital letters.
    pub currency: String,
    /// Who of the staff holds it.
    pub held: Option<StaffLock>,
}

impl Locked {
    /// Is the step allowed now? One whose money has all gone back takes none any more.
    pub fn allows(&self, step: Step) -> Result<Stage, OrderError> {
        match self.money {
            Money::Full => Err(OrderError::WrongStage { stage: self.stage, money: self.money, step }),
            Money::None | Money::Partial => self.stage.after(step).map_err(|_| OrderError::WrongStage {
                stage: self.stage,
                money: self.money,
                step,
            }),
        }
    }

    /// Its next event, which its row must count too.
    pub(super) fn next_event(&mut self, event_type: &'static str, data: Value) -> Event {
        self.version += 1;
        Event {
            aggregate_type: "order",
            aggregate_id: self.id.0,
            version: self.version,
            event_type,
            data,
            origin: None,
        }
    }
}

/// Locks an order until the transaction ends. For what settles by itself; staff goes through
/// [`lock_for_staff`](super::lock_for_staff).
pub async fn lock(tx: &mut TenantTx, id: OrderId) -> Result<Locked, OrderError> {
    db::lock(tx, id).await?.ok_or(OrderError::NotFound)
}

/// Something happened to a locked order that is no step: counts it, and returns the event to tell.
pub async fn happened(
    tx: &mut TenantTx,
    order: &mut Locked,
    event_type: &'static str,
    data: Value,
) -> Result<Event, OrderError> {
    db::count_event(tx, order).await?;
    Ok(order.next_event(event_type, data))
}
