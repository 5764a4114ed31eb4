//! Reading the items of a subscription out of a request.

use super::{Item, Subscription};
use crate::catalog::{self, Price};
use crate::error::ApiError;
use crate::form::{Metadata, Params};
use crate::ids::new_id;
use crate::state::Tx;

/// The items a subscription is to have, with those it had before where they go on.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub items: Vec<Item>,
    pub currency: String,
}

const KNOWN: &[&str] = &[
    "billing_thresholds",
    "clear_usage",
    "deleted",
    "discounts",
    "id",
    "metadata",
    "plan",
    "price",
    "quantity",
    "tax_rates",
];

/// Reads `items[0][…]`; elements with an id change the items that `current` has.
pub fn read(
    tx: &Tx<'_>,
    account: Option<&str>,
    params: &Params,
    current: Option<&Subscription>,
) -> Result<Wanted, ApiError> {
    let mut items = current.map(|subscription| subscription.items.clone()).unwrap_or_default();
    for (at, sent) in params.each("items").iter().enumerate() {
        apply(tx, account, sent, &mut items).map_err(|error| {
            let param = error.param.as_ref().map(|param| format!("items[{at}][{param}]"));
            ApiError { param, ..error }
        })?;
    }
    check(items, current)
}

fn apply(tx: &Tx<'_>, account: Option<&str>, sent: &Params, items: &mut Vec<Item>) -> Result<(), ApiError> {
    sent.only(KNOWN)?;
    let id = sent.text("id")?;
    let price = match sent.text("price")?.or(sent.text("plan")?) {
        Some(price) => Some(catalog::for_sale(tx, account, &price)?),
        None => None,
    };
    let quantity = sent.between("quantity", 0, 999_999)?;
    let Some(id) = id else {
        let price = price.ok_or_else(|| ApiError::missing_param("price"))?;
        if items.iter().any(|item| item.price.id == price.id) {
            let message = format!("Subscription cannot have multiple items with the same price: {}", price.id);
            return Err(ApiError::invalid(&message, Some("price"), None));
        }
        let mut metadata = Metadata::new();
        sent.merge_metadata(&mut metadata)?;
        let quantity = amount_of(&price, quantity, None)?;
        items.push(Item { id: new_id("si"), created: tx.now(), price, quantity, metadata });
        return Ok(());
    };
    let at = items.iter().position(|item| item.id == id);
    let at = at.ok_or_else(|| ApiError { status: 400, ..ApiError::not_found("subscription_item", &id, "id") })?;
    if sent.boolean("deleted")? == Some(true) {
        items.remove(at);
        return Ok(());
    }
    let item = &mut items[at];
    if let Some(price) = price {
        item.price = price;
    }
    item.quantity = amount_of(&item.price, quantity, item.quantity)?;
    sent.merge_metadata(&mut item.metadata)
}

fn amount_of(price: &Price, sent: Option<i64>, current: Option<i64>) -> Result<Option<i64>, ApiError> {
    if price.metered() {
        return match sent {
            Some(_) => {
                let message = "You cannot set the quantity for metered plans.";
                Err(ApiError::invalid(message, Some("quantity"), None))
            }
            None => Ok(None),
        };
    }
    Ok(Some(sent.or(current).unwrap_or(1)))
}

fn check(items: Vec<Item>, current: Option<&Subscription>) -> Result<Wanted, ApiError> {
    let refuse = |message: &str| ApiError::invalid(message, Some("items"), None);
    let Some(first) = items.first() else {
        return Err(match current {
            Some(_) => refuse("A subscription must have at least one active plan."),
            None => ApiError::missing_param("items"),
        });
    };
    let currency = current.map_or(&first.price.currency, |subscription| &subscription.currency).clone();
    if items.len() > 20 {
        return Err(refuse("A subscription may have up to 20 items."));
    }
    for item in &items {
        let Some(recurring) = &item.price.recurring else {
            let message = format!(
                "The price specified is set to `type=one_time` but this field only accepts prices with \
                 `type=recurring`: '{}'",
                item.price.id
            );
            return Err(refuse(&message));
        };
        let rhythm = first.price.recurring.as_ref().map(|first| (first.interval, first.count));
        if rhythm != Some((recurring.interval, recurring.count)) {
            return Err(refuse(
                "All prices on a subscription must have the same `recurring.interval` and `recurring.interval_count`. \
                 If you meant to update an existing subscription item instead of creating a new one, make sure to \
                 include the subscription item ID in your request.",
            ));
        }
        if item.price.currency != currency {
            return Err(refuse(&format!("The price specified only supports `{}`.", item.price.currency)));
        }
    }
    Ok(Wanted { items, currency })
}
