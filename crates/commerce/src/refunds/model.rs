//! What a refund is.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;

use super::Status;
use crate::orders::{OrderId, OrderItemId};
use crate::payments::PaymentId;

kernel::id! {
    /// Identifies a refund.
    RefundId
}

/// A refund, as staff sees it. Amounts in minor units of `currency`.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Refund {
    /// Its id.
    pub id: RefundId,
    /// The order whose money goes back.
    pub order_id: OrderId,
    /// The payment that it came by.
    pub payment_id: PaymentId,
    /// The failed refund that this tries again.
    pub retry_of: Option<RefundId>,
    /// How far it has got.
    pub status: Status,
    /// What goes back.
    pub amount_minor: i64,
    /// The part of it that is for shipping, its tax included.
    pub shipping_minor: i64,
    /// Three capital letters.
    pub currency: String,
    /// Why.
    pub reason: String,
    /// For which lines; none when an amount was asked for.
    pub lines: Vec<RefundLine>,
    /// Who asked.
    #[schema(value_type = Object)]
    pub requested_by: Value,
    /// Who approved, rejected or cancelled.
    #[schema(value_type = Option<Object>)]
    pub decided_by: Option<Value>,
    /// When.
    pub decided_at: Option<DateTime<Utc>>,
    /// What they said.
    pub decision: Option<String>,
    /// The provider's own id.
    pub provider_ref: Option<String>,
    /// What whoever gave cash back wrote down about it.
    pub reference: Option<String>,
    /// Why it failed.
    pub failure_code: Option<String>,
    /// When the money had gone back.
    pub succeeded_at: Option<DateTime<Utc>>,
    /// When the goods were back in stock.
    pub restocked_at: Option<DateTime<Utc>>,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When it last moved.
    pub updated_at: DateTime<Utc>,
    /// When it came to its end.
    pub finished_at: Option<DateTime<Utc>>,
}

/// What is refunded of a line of the order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct RefundLine {
    /// Which line.
    pub order_item_id: OrderItemId,
    /// How many.
    pub quantity: i32,
    /// price × quantity − discount + tax.
    pub amount_minor: i64,
    /// Their share of the line's discount.
    pub discount_minor: i64,
    /// Their share of the tax that was added to the line.
    pub tax_minor: i64,
    /// Do the goods go back into stock?
    pub restock: bool,
}

/// A refund to be: everything is decided.
#[derive(Debug, Clone)]
pub(super) struct NewRefund {
    pub(super) order_id: OrderId,
    pub(super) retry_of: Option<RefundId>,
    pub(super) amount_minor: i64,
    pub(super) shipping_minor: i64,
    pub(super) reason: String,
    pub(super) lines: Vec<RefundLine>,
    /// Needs nobody else's word.
    pub(super) approved: bool,
}

/// A refund that this transaction holds.
#[derive(Debug, Clone)]
pub(super) struct Locked {
    pub(super) id: RefundId,
    pub(super) order_id: OrderId,
    pub(super) payment_id: PaymentId,
    pub(super) retry_of: Option<RefundId>,
    pub(super) status: Status,
    pub(super) amount_minor: i64,
    pub(super) shipping_minor: i64,
    pub(super) currency: String,
    pub(super) reason: String,
    pub(super) requested_by: Value,
    pub(super) provider_key: String,
    pub(super) provider_ref: Option<String>,
    pub(super) failure_code: Option<String>,
    /// Is it so long since the provider was first asked that it may have forgotten our key?
    pub(super) stale: bool,
    pub(super) restocked: bool,
    pub(super) version: i64,
}

/// A refund, as its shopper sees it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ShopperRefund {
    /// Its id.
    pub id: RefundId,
    /// How far it has got.
    pub status: Status,
    /// What goes back.
    pub amount_minor: i64,
    /// The part of it that is for shipping, its tax included.
    pub shipping_minor: i64,
    /// Three capital letters.
    pub currency: String,
    /// Why.
    pub reason: String,
    /// For which lines; none when an amount was asked for.
    pub lines: Vec<RefundLine>,
    /// What the store said when it rejected it.
    pub decision: Option<String>,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When it last moved.
    pub updated_at: DateTime<Utc>,
}

impl ShopperRefund {
    /// What a shopper may know of it.
    pub(super) fn of(refund: Refund) -> Self {
        Self {
            id: refund.id,
            decision: refund.decision.filter(|_| refund.status == Status::Rejected),
            status: refund.status,
            amount_minor: refund.amount_minor,
            shipping_minor: refund.shipping_minor,
            currency: refund.currency,
            reason: refund.reason,
            lines: refund.lines,
            created_at: refund.created_at,
            updated_at: refund.updated_at,
        }
    }
}
