//! Call an order off, with everything that follows from it.

use kernel::db::TenantTx;
use kernel::text::plain_text;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::FulfilmentError;
use super::step::{note, take};
use crate::checkout::{self, CheckoutError};
use crate::events::{self, Event};
use crate::orders::{self, FaultCategory, FaultSeverity, Locked, OrderFault, OrderId, Stage, Step};
use crate::payments::{self, PaymentError};
use crate::shop::Shop;
use crate::{inventory, pricing, refunds};

/// How often the order is looked at again, because its money was decided while it was being called off.
const LOOKS: usize = 3;

/// Why an order is called off.
#[derive(Debug, Clone, Serialize, Deserialize, garde::Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelOrder {
    /// Stands on the order, and on the refund if there is one.
    #[garde(length(chars, min = 1, max = 200), custom(plain_text))]
    #[schema(min_length = 1, max_length = 200)]
    pub reason: String,
}

/// Where an order stands on its way to being called off.
enum Look {
    /// It is called off.
    Done,
    /// It waits for its money: the payment is to be called off first, which needs the provider.
    Unpaid,
}

/// Calls an order off. Not paid yet: its checkout ends, and with it its payment. Paid, or sure without money: its goods
/// go back, and so does what was paid. What has been packed is too late: its lines can be refunded.
pub async fn cancel(shop: &Shop, id: OrderId, request: &CancelOrder) -> Result<(), FulfilmentError> {
    let mut asked = false;
    for _ in 0..LOOKS {
        match kernel::db::retrying(|| attempt(shop, id, &request.reason, asked)).await? {
            Look::Done => return Ok(()),
            Look::Unpaid => end(shop, id, &request.reason).await?,
        }
        asked = true;
    }
    Err(FulfilmentError::Undecided)
}

/// Calls the purchase off. That the provider does not answer is noted on the order: somebody may have to look.
async fn end(shop: &Shop, id: OrderId, reason: &str) -> Result<(), FulfilmentError> {
    let outcome = match checkout::call_off(shop, id, reason).await {
        // The money was quicker: it goes back the other way.
        Err(CheckoutError::Payment(PaymentError::AlreadyPaid)) => return Ok(()),
        outcome => outcome,
    };
    if let Err(CheckoutError::Payment(PaymentError::Provider(cause))) = &outcome {
        let fault = OrderFault {
            category: FaultCategory::External,
            severity: FaultSeverity::High,
            code: "payment.provider_unavailable",
            message: "The payment provider did not answer, so the order could not be called off.",
            data: json!({ "cause": cause.to_string() }),
        };
        let mut tx = shop.db.begin().await?;
        orders::note_error(&mut tx, shop, id, &fault).await?;
        tx.commit().await?;
    }
    Ok(outcome?)
}

async fn attempt(shop: &Shop, id: OrderId, reason: &str, asked: bool) -> Result<Look, FulfilmentError> {
    let mut tx = shop.db.begin().await?;
    let mut order = orders::lock_for_staff(&mut tx, shop, id).await?;
    match order.stage {
        Stage::Pending | Stage::AwaitingPayment => return Ok(Look::Unpaid),
        Stage::Cancelled if asked => {
            note(&mut tx, shop, &order, Step::Cancel.event(), Stage::AwaitingPayment, Some(reason)).await?;
        }
        Stage::Paid | Stage::Confirmed => {
            let told = call_off(&mut tx, shop, &mut order, reason).await?;
            events::tell(&mut tx, shop, &told).await?;
        }
        Stage::Packed | Stage::Shipped | Stage::Delivered | Stage::Fulfilled => {
            return Err(FulfilmentError::TooLateToCancel { stage: order.stage.name() });
        }
        Stage::Failed | Stage::Cancelled => {
            // Called off by a try that was cut off before it could answer.
            let failure = orders::order(&mut tx, id).await?.failure;
            if failure.as_deref() != Some(reason) {
                order.allows(Step::Cancel)?;
            }
        }
    }
    tx.commit().await?;
    Ok(Look::Done)
}

/// Ends an order whose goods are its own: what is still open of its money is given up, what came in goes back.
async fn call_off(
    tx: &mut TenantTx,
    shop: &Shop,
    order: &mut Locked,
    reason: &str,
) -> Result<Vec<Event>, FulfilmentError> {
    let mut told = vec![take(tx, shop, order, Step::Cancel, Some(reason)).await?];
    if let Some(payment) = payments::of_order(tx, order.id).await? {
        let mut payment = payments::lock(tx, payment.id).await?.ok_or(PaymentError::NotFound)?;
        let cancelled = payments::Status::Cancelled;
        told.extend(payments::give_up(tx, &mut payment, cancelled, "cancelled_by_staff").await?);
    }
    told.extend(refunds::refund_rest(tx, shop, order, reason).await?);
    pricing::release(tx, &[order.id.0]).await?;
    told.extend(inventory::release(tx, shop, order.id.0, reason).await?);
    Ok(told)
}
