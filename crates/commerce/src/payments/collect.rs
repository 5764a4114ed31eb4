//! Money that comes without the provider: cash at the door, a transfer to the bank.

use kernel::db::TenantTx;
use serde_json::json;

use super::{Locked, PaymentError, Provider, Status, db};
use crate::events::Event;
use crate::orders::OrderId;
use crate::shop::Shop;

/// Takes in the cash of an order that was delivered. The order is locked by the caller. An order that is not paid in
/// cash, or was paid before, changes nothing.
pub async fn collect(tx: &mut TenantTx, shop: &Shop, order: OrderId) -> Result<Vec<Event>, PaymentError> {
    let Some(mut payment) = db::lock_open_of_order(tx, order, Provider::Cod).await? else { return Ok(Vec::new()) };
    take_in(tx, shop, &mut payment, None).await
}

/// The money of a locked payment has come by itself; `reference` is what the bank says.
pub async fn take_in(
    tx: &mut TenantTx,
    shop: &Shop,
    payment: &mut Locked,
    reference: Option<&str>,
) -> Result<Vec<Event>, PaymentError> {
    db::set_taken_in(tx, payment, reference).await?;
    payment.status = Status::Succeeded;
    payment.captured_minor = payment.amount_minor;
    payment.version += 1;
    tracing::info!(
        event = "payment.completed", tenant = %shop.slug, request_id = shop.origin.request_id,
        payment_id = %payment.id, order_id = %payment.order_id, provider = payment.provider.name(), "payment collected"
    );
    Ok(vec![Event {
        aggregate_type: "payment",
        aggregate_id: payment.id.0,
        version: payment.version,
        event_type: "payment.succeeded",
        data: json!({
            "order_id": payment.order_id, "provider": payment.provider.name(), "amount_minor": payment.amount_minor,
            "received_minor": payment.amount_minor, "currency": payment.currency, "reference": reference,
        }),
        origin: None,
    }])
}
