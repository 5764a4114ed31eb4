//! Send goods of an order off.

use kernel::db::TenantTx;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::allot::{Left, check, choose, left};
use super::step::{note, reviewed};
use super::{FulfilmentError, ShipmentId, ShipmentItem, db};
use crate::events::{self, Event};
use crate::inventory;
use crate::orders::{self, Locked, OrderId, Step};
use crate::shop::Shop;

/// What leaves, and how.
#[derive(Debug, Clone, Default, Serialize, Deserialize, garde::Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShipOrder {
    /// What is in it; left out: all that is left.
    #[garde(custom(some), dive)]
    #[schema(min_items = 1, max_items = 100)]
    pub items: Option<Vec<ShipmentItem>>,
    /// Who carries it.
    #[garde(inner(length(chars, min = 1, max = 100), custom(kernel::text::plain_text)))]
    #[schema(min_length = 1, max_length = 100)]
    pub carrier: Option<String>,
    /// The carrier's own number.
    #[garde(inner(length(chars, min = 1, max = 100), custom(kernel::text::plain_text)))]
    #[schema(min_length = 1, max_length = 100)]
    pub tracking_number: Option<String>,
    /// Where to follow it: an address that begins with `https://` or `http://`.
    #[garde(inner(length(chars, min = 1, max = 500), custom(web_address)))]
    #[schema(min_length = 1, max_length = 500, format = "uri")]
    pub tracking_url: Option<String>,
}

fn some(items: &Option<Vec<ShipmentItem>>, (): &()) -> garde::Result {
    match items {
        Some(items) if !(1..=100).contains(&items.len()) => Err(garde::Error::new("must name 1 to 100 lines")),
        Some(_) | None => Ok(()),
    }
}

/// Shoppers follow it: other schemes could run a script in their browser.
fn web_address(text: &str, (): &()) -> garde::Result {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    if rest.is_some_and(|rest| !rest.is_empty() && !rest.contains(|c: char| c.is_whitespace() || c.is_control())) {
        Ok(())
    } else {
        Err(garde::Error::new("must be a web address: https://…"))
    }
}

/// Sends goods of a packed order off; they leave the stock. When nothing is left the order is shipped. An order of which
/// the rest was given back, and none is left, becomes shipped without a further shipment.
pub async fn ship(shop: &Shop, id: OrderId, request: &ShipOrder) -> Result<(), FulfilmentError> {
    kernel::db::retrying(|| attempt(shop, id, request)).await
}

async fn attempt(shop: &Shop, id: OrderId, request: &ShipOrder) -> Result<(), FulfilmentError> {
    let mut tx = shop.db.begin().await?;
    let mut order = orders::lock_for_staff(&mut tx, shop, id).await?;
    reviewed(&order)?;
    order.allows(Step::Ship)?;
    let items = orders::items(&mut tx, id).await?;
    check(&items, request.items.as_deref().unwrap_or_default())?;
    let lines = left(&items, &inventory::reserved_for(&mut tx, id.0).await?);
    let leaving = choose(&lines, request.items.as_deref())?;
    let left_before = items.iter().any(|item| item.shipped_quantity > 0);
    if leaving.is_empty() && !left_before {
        return Err(FulfilmentError::NothingToShip);
    }
    let shipment = match leaving.is_empty() {
        true => Value::Null,
        false => record(&mut tx, shop, &order, request, &leaving).await?,
    };
    let sum = |lines: &[Left]| lines.iter().map(|line| i64::from(line.quantity)).sum::<i64>();
    let all = sum(&lines) == sum(&leaving);
    let mut told = vec![moved(&mut tx, shop, &mut order, all, &shipment).await?];
    let quantities: Vec<_> = leaving.iter().map(|line| (line.variant, line.quantity)).collect();
    told.extend(inventory::ship(&mut tx, shop, id.0, &quantities).await?);
    events::tell(&mut tx, shop, &told).await?;
    tx.commit().await?;
    Ok(())
}

/// Writes the shipment and what of each line has left. Returns what to tell of it.
async fn record(
    tx: &mut TenantTx,
    shop: &Shop,
    order: &Locked,
    request: &ShipOrder,
    leaving: &[Left],
) -> Result<Value, FulfilmentError> {
    let id = ShipmentId::new();
    let number = db::insert(tx, id, order.id, request, &json!(shop.origin.actor)).await?;
    db::insert_items(tx, id, leaving).await?;
    let sent: Vec<_> = leaving.iter().map(|line| (line.item, line.quantity)).collect();
    orders::items_shipped(tx, order, &sent).await?;
    let items = leaving.iter().map(|line| json!({ "order_item_id": line.item, "quantity": line.quantity }));
    Ok(json!({
        "id": id, "number": number, "carrier": request.carrier, "tracking_number": request.tracking_number,
        "tracking_url": request.tracking_url, "items": items.collect::<Vec<Value>>(),
    }))
}

/// The order's own part: it is shipped when all has left, and only then its times are known.
async fn moved(
    tx: &mut TenantTx,
    shop: &Shop,
    order: &mut Locked,
    all: bool,
    shipment: &Value,
) -> Result<Event, FulfilmentError> {
    let before = order.stage;
    if all {
        let mut event = orders::step(tx, shop, order, Step::Ship, None).await?;
        orders::measure(tx, order).await?;
        event.data["shipment"] = shipment.clone();
        note(tx, shop, order, "order.shipped", before, None).await?;
        Ok(event)
    } else {
        let data = json!({ "number": order.number, "shipment": shipment });
        let event = orders::happened(tx, order, "order.partially_shipped", data).await?;
        note(tx, shop, order, "order.partially_shipped", before, None).await?;
        Ok(event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_web_addresses_are_followed() {
        for right in ["https://dhl.example/1", "http://x"] {
            assert!(web_address(right, &()).is_ok(), "{right}");
        }
        for wrong in ["", "https://", "javascript:alert(1)", "dhl.example", "https://a b", "https://a\n"] {
            assert!(web_address(wrong, &()).is_err(), "{wrong:?}");
        }
    }
}
