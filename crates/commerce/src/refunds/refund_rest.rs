//! Give back all that an order still has: it was called off, or paid too late.

use kernel::db::TenantTx;

use super::RefundError;
use super::model::NewRefund;
use super::record::record;
use crate::events::Event;
use crate::orders;
use crate::payments;
use crate::shop::Shop;

/// Records an approved refund of everything that was captured and is neither given back nor promised, and has the
/// provider asked. Goods are left alone: whoever calls this gives them back. With nothing left there is no refund.
///
/// Locks the order's payment, so it comes before anything that locks stock.
pub async fn refund_rest(
    tx: &mut TenantTx,
    shop: &Shop,
    order: &mut orders::Locked,
    reason: &str,
) -> Result<Vec<Event>, RefundError> {
    let Some(mut payment) = payments::lock_refundable(tx, order.id).await? else { return Ok(Vec::new()) };
    let rest = payment.rest_minor();
    if rest == 0 {
        return Ok(Vec::new());
    }
    let new = NewRefund {
        order_id: order.id,
        retry_of: None,
        amount_minor: rest,
        shipping_minor: 0,
        reason: reason.to_owned(),
        lines: Vec::new(),
        approved: true,
    };
    let (_, told) = record(tx, shop, &mut payment, &new).await?;
    Ok(told)
}
