//! Lock all that a purchase consists of.

use kernel::db::TenantTx;

use super::model::Status;
use super::{CheckoutError, CheckoutId, db};
use crate::carts::{CartId, CartStatus};
use crate::orders::{self, OrderId, Review, StaffLock, Stage};
use crate::payments::{self, PaymentId};

/// Everything that a purchase consists of, locked in the one order that all share.
pub(super) struct Held {
    pub(super) checkout: db::Checkout,
    pub(super) cart: CartStatus,
    pub(super) order: orders::Locked,
    pub(super) payment: payments::Locked,
    /// Has a promotion been redeemed for it?
    pub(super) promotion: bool,
    /// What everything that belongs to the purchase is told under.
    pub(super) correlation: Option<String>,
}

/// Which payment.
#[derive(Debug, Clone, Copy)]
pub(super) enum Whose<'a> {
    Payment(PaymentId),
    /// By the provider's id, or else by the one that the provider's object carries for us.
    Reported {
        provider_ref: &'a str,
        named: Option<PaymentId>,
    },
}

/// Locks cart, checkout, order and payment of a purchase, in this order and in one statement: of all the transactions
/// of a store, those that settle payments come right after checkouts. It is the one statement that reads across five
/// modules, and it writes nothing. `None`: no such payment.
pub(super) async fn hold(tx: &mut TenantTx, whose: Whose<'_>) -> Result<Option<Held>, CheckoutError> {
    let (id, provider_ref) = match whose {
        Whose::Payment(id) => (Some(id), None),
        Whose::Reported { provider_ref, named } => (named, Some(provider_ref)),
    };
    let row = sqlx::query!(
        r#"select k.status as "cart_status: CartStatus",
                  c.id as "checkout_id: CheckoutId", c.cart_id as "cart_id: CartId", c.status as "checkout: Status",
                  c.phase, c.expires_at, c.ending as "ending: super::Ending", c.failure, c.expires_at <= now() as "due!",
                  o.id as "order_id: OrderId", o.number, o.stage as "stage: Stage", o.version as order_version,
                  o.money as "money: orders::Money", o.total_minor, o.refunded_minor as order_refunded_minor,
                  o.currency as order_currency, o.discount_minor > 0 as "promotion!",
                  o.review as "review: Review", o.payment_method, o.email, o.locked_at, o.locked_by, o.lock_reason,
                  p.id as "payment_id: PaymentId", p.provider as "provider: payments::Provider",
                  p.status as "status: payments::Status", p.amount_minor, p.currency, p.account, p.provider_key,
                  p.provider_ref, p.failure_code, p.flag, p.version, p.attempt, p.capture as "capture: payments::Capture",
                  p.application_fee_minor, p.captured_minor, p.refunded_minor, p.void_reason, p.surplus, p.reference,
                  p.asks, p.created_at < now() - interval '23 hours' as "stale!",
                  (select e.metadata ->> 'correlation_id' from events as e
                   where e.aggregate_id = o.id and e.version = 1) as correlation
           from payments as p
           join orders as o on o.id = p.order_id
           join checkouts as c on c.order_id = o.id
           join carts as k on k.id = c.cart_id
           where p.id = coalesce((select id from payments where provider_ref = $2),
                                 (select id from payments where id = $1 and ($2::text is null or provider = 'stripe')))
           for update of k, c, o, p"#,
        id.map(|id| id.0),
        provider_ref,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| Held {
        checkout: db::Checkout {
            id: row.checkout_id,
            cart: row.cart_id,
            order: row.order_id,
            status: row.checkout,
            phase: row.phase,
            expires_at: row.expires_at,
            ending: row.ending,
            failure: row.failure,
            due: row.due,
        },
        cart: row.cart_status,
        order: orders::Locked {
            id: row.order_id,
            number: row.number,
            cart: row.cart_id.0,
            stage: row.stage,
            money: row.money,
            review: row.review,
            payment_method: row.payment_method,
            email: row.email,
            version: row.order_version,
            total_minor: row.total_minor,
            refunded_minor: row.order_refunded_minor,
            currency: row.order_currency,
            held: match (row.locked_at, row.locked_by, row.lock_reason) {
                (Some(locked_at), Some(locked_by), Some(reason)) => Some(StaffLock { locked_at, locked_by, reason }),
                (_, _, _) => None,
            },
        },
        payment: payments::Locked {
            id: row.payment_id,
            order_id: row.order_id.0,
            provider: row.provider,
            status: row.status,
            amount_minor: row.amount_minor,
            currency: row.currency,
            account: row.account,
            provider_key: row.provider_key,
            provider_ref: row.provider_ref,
            failure_code: row.failure_code,
            flag: row.flag,
            version: row.version,
            attempt: row.attempt,
            capture: row.capture,
            application_fee_minor: row.application_fee_minor,
            captured_minor: row.captured_minor,
            refunded_minor: row.refunded_minor,
            void_reason: row.void_reason,
            surplus: row.surplus,
            reference: row.reference,
            asks: row.asks,
            stale: row.stale,
        },
        promotion: row.promotion,
        correlation: row.correlation,
    }))
}

impl Held {
    /// Does the order wait for money?
    pub(super) fn waits(&self) -> bool {
        match self.order.stage {
            Stage::Pending | Stage::AwaitingPayment => !self.payment.surplus,
            Stage::Paid
            | Stage::Confirmed
            | Stage::Packed
            | Stage::Shipped
            | Stage::Delivered
            | Stage::Fulfilled
            | Stage::Failed
            | Stage::Cancelled => false,
        }
    }
}

/// Locks a purchase by the latest payment of its order.
pub(super) async fn hold_order(tx: &mut TenantTx, order: OrderId) -> Result<Held, CheckoutError> {
    let payment = payments::of_order(tx, order).await?.ok_or(payments::PaymentError::NotFound)?;
    hold(tx, Whose::Payment(payment.id)).await?.ok_or(CheckoutError::NotFound)
}
