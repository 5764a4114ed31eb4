//! Note on the order what of its money went wrong, for staff.

use kernel::db::TenantTx;
use serde_json::json;

use super::CheckoutError;
use super::hold::Held;
use crate::events::Event;
use crate::orders::{self, FaultCategory, FaultSeverity, OrderFault, OrderId};
use crate::payments::{self, PaymentError, PaymentId};
use crate::shop::Shop;

/// Notes what of the events of a held purchase a person may want to see.
pub(super) async fn note(tx: &mut TenantTx, shop: &Shop, held: &Held, told: &[Event]) -> Result<(), CheckoutError> {
    for event in told {
        let (severity, message) = match event.event_type {
            "payment.declined" => (FaultSeverity::Low, "The payment was declined; the shopper may try again."),
            "payment.failed" => (FaultSeverity::Medium, "The payment provider refused the payment."),
            "payment.stray" => (FaultSeverity::Medium, "The provider held an intent too many; it is called off."),
            "payment.surplus" => (FaultSeverity::Medium, "Money came that nobody waited for; it goes back."),
            "payment.flagged" => {
                (FaultSeverity::Critical, "What the provider says does not fit the payment; a person must look at it.")
            }
            _ => continue,
        };
        let data = json!({ "payment_id": event.aggregate_id, "flag": held.payment.flag, "reported": event.data });
        let category = FaultCategory::Payment;
        let fault = OrderFault { category, severity, code: event.event_type, message, data };
        orders::note_error(tx, shop, held.order.id, &fault).await?;
    }
    Ok(())
}

/// Notes that money came for an order whose goods are gone.
pub(super) async fn goods_gone(tx: &mut TenantTx, shop: &Shop, held: &Held) -> Result<(), CheckoutError> {
    let fault = OrderFault {
        category: FaultCategory::Inventory,
        severity: FaultSeverity::High,
        code: "payment.goods_gone",
        message: "The money came after the order's time was over, and its goods are gone; it goes back.",
        data: json!({ "payment_id": held.payment.id }),
    };
    Ok(orders::note_error(tx, shop, held.order.id, &fault).await?)
}

/// Notes that the provider has not said for an hour how a payment stands. The order is locked.
pub(super) async fn undecided(
    tx: &mut TenantTx,
    shop: &Shop,
    order: OrderId,
    payment: PaymentId,
) -> Result<(), CheckoutError> {
    let fault = OrderFault {
        category: FaultCategory::External,
        severity: FaultSeverity::High,
        code: "payment.undecided",
        message: "The payment provider has not said for an hour how the payment stands.",
        data: json!({ "payment_id": payment }),
    };
    Ok(orders::note_error(tx, shop, order, &fault).await?)
}

/// Counts that a provider which said nothing is asked again.
pub(super) async fn retried(shop: &Shop, payment: PaymentId) -> Result<(), CheckoutError> {
    let mut tx = shop.db.begin().await?;
    let payment = payments::read(&mut tx, payment).await?.ok_or(PaymentError::NotFound)?;
    orders::note_retry(&mut tx, OrderId(payment.order_id)).await?;
    tx.commit().await?;
    Ok(())
}
