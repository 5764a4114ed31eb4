//! The lines of an invoice: what is charged or credited, and for which time.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::catalog::Price;
use crate::decimal::Decimal;
use crate::form::Metadata;
use crate::ids::new_id;
use crate::meters;
use crate::sessions::LineItem;
use crate::state::State;
use crate::subscriptions::{Item, Subscription};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    pub id: String,
    pub amount: i64,
    pub currency: String,
    pub description: String,
    pub start: i64,
    pub end: i64,
    pub proration: bool,
    pub price: Option<String>,
    pub product: Option<String>,
    pub unit: Option<Decimal>,
    pub quantity: Option<i64>,
    pub subscription: Option<String>,
    pub subscription_item: Option<String>,
    /// The pending item this line was.
    pub invoice_item: Option<String>,
    /// Whether the quantity is usage, which may still be reported while the invoice is a draft.
    pub metered: bool,
    pub metadata: Metadata,
}

impl Line {
    /// A line for `item`, whose amount the caller sets.
    pub fn of(subscription: &Subscription, item: &Item, description: String, start: i64, end: i64) -> Self {
        Self {
            id: new_id("il"),
            amount: 0,
            currency: subscription.currency.clone(),
            description,
            start,
            end,
            proration: false,
            price: Some(item.price.id.clone()),
            product: Some(item.price.product.clone()),
            unit: Some(item.price.unit),
            quantity: item.quantity,
            subscription: Some(subscription.id.clone()),
            subscription_item: Some(item.id.clone()),
            invoice_item: None,
            metered: false,
            metadata: subscription.metadata.clone(),
        }
    }

    /// Something that is paid once.
    pub fn once(item: &LineItem, now: i64) -> Self {
        Self {
            id: new_id("il"),
            amount: item.amount(),
            currency: item.price.currency.clone(),
            description: item.description.clone(),
            start: now,
            end: now,
            proration: false,
            price: Some(item.price.id.clone()),
            product: Some(item.price.product.clone()),
            unit: Some(item.price.unit),
            quantity: item.quantity,
            subscription: None,
            subscription_item: None,
            invoice_item: None,
            metered: false,
            metadata: Metadata::new(),
        }
    }

    pub fn pricing(&self) -> Value {
        let (Some(price), Some(product)) = (&self.price, &self.product) else { return Value::Null };
        json!({
            "type": "price_details", "price_details": { "price": price, "product": product },
            "unit_amount_decimal": self.unit.map(|unit| unit.to_string()),
        })
    }

    pub fn render(&self, invoice: &str) -> Value {
        let credited = json!({ "credited_items": null });
        let parent = match (&self.subscription_item, &self.invoice_item) {
            (Some(item), pending) => json!({
                "type": "subscription_item_details", "invoice_item_details": null,
                "subscription_item_details": {
                    "invoice_item": pending, "proration": self.proration, "proration_details": credited,
                    "subscription": self.subscription, "subscription_item": item,
                },
            }),
            (None, Some(pending)) => json!({
                "type": "invoice_item_details", "subscription_item_details": null,
                "invoice_item_details": {
                    "invoice_item": pending, "proration": self.proration, "proration_details": credited,
                    "subscription": self.subscription,
                },
            }),
            (None, None) => Value::Null,
        };
        json!({
            "id": self.id, "object": "line_item", "livemode": false, "amount": self.amount,
            "currency": self.currency, "description": self.description, "discount_amounts": [], "discountable": true,
            "discounts": [], "invoice": invoice, "metadata": self.metadata, "parent": parent,
            "period": { "start": self.start, "end": self.end }, "pretax_credit_amounts": [],
            "pricing": self.pricing(), "quantity": self.quantity,
            "quantity_decimal": self.quantity.map(|quantity| quantity.to_string()), "subtotal": self.amount,
            "taxes": [],
        })
    }
}

/// What a whole period of the subscription costs in advance.
pub fn for_period(state: &State, subscription: &Subscription) -> Vec<Line> {
    let licensed = subscription.items.iter().filter(|item| item.quantity.is_some());
    let line = |item: &Item| {
        let quantity = item.quantity.unwrap_or(1);
        let name = product(state, &item.price);
        let (start, end) = (subscription.period_start, subscription.period_end);
        if subscription.trial_end == Some(end) {
            return Line::of(subscription, item, format!("Trial period for {name}"), start, end);
        }
        let description = format!("{quantity} × {name} (at {})", rate(&item.price));
        Line { amount: item.per_period(), ..Line::of(subscription, item, description, start, end) }
    };
    licensed.map(line).collect()
}

/// What was used of the metered items in a period that ended.
pub fn usage(state: &State, subscription: &Subscription, start: i64, end: i64) -> Vec<Line> {
    let metered = subscription.items.iter().filter(|item| item.quantity.is_none());
    let line = |item: &Item| {
        let quantity = used(state, &subscription.customer, &item.price, start, end);
        let description = format!("{quantity} × {} (at {})", product(state, &item.price), rate(&item.price));
        Line {
            amount: item.price.unit.times(quantity),
            quantity: Some(quantity),
            metered: true,
            ..Line::of(subscription, item, description, start, end)
        }
    };
    metered.map(line).collect()
}

/// Counts the usage of a draft's metered lines again.
pub fn recount(state: &State, customer: &str, lines: &mut [Line]) {
    for line in lines.iter_mut().filter(|line| line.metered) {
        let Some(price) = line.price.as_deref().and_then(|price| state.prices.any(price)) else { continue };
        let quantity = used(state, customer, price, line.start, line.end);
        line.amount = price.unit.times(quantity);
        line.description = format!("{quantity} × {} (at {})", product(state, price), rate(price));
        line.quantity = Some(quantity);
    }
}

fn used(state: &State, customer: &str, price: &Price, start: i64, end: i64) -> i64 {
    let meter = price.recurring.as_ref().and_then(|recurring| recurring.meter.as_deref());
    meter.map_or(0, |meter| meters::total(state, meter, customer, start, end))
}

pub fn product(state: &State, price: &Price) -> String {
    state.products.any(&price.product).map_or_else(|| price.product.clone(), |product| product.name.clone())
}

/// `€15.00 / month`, without the sign.
pub fn rate(price: &Price) -> String {
    let unit = match price.unit.whole() {
        Some(amount) => money(amount, &price.currency),
        None => format!("{} minor units {}", price.unit, price.currency.to_ascii_uppercase()),
    };
    match &price.recurring {
        Some(recurring) if recurring.count == 1 => format!("{unit} / {}", recurring.interval.word()),
        Some(recurring) => format!("{unit} every {} {}s", recurring.count, recurring.interval.word()),
        None => unit,
    }
}

const WITHOUT_DECIMALS: &str = "bif clp djf gnf jpy kmf krw mga pyg rwf ugx vnd vuv xaf xof xpf";
const THREE_DECIMALS: &str = "bhd jod kwd omr tnd";

/// `15.00 EUR`.
pub fn money(amount: i64, currency: &str) -> String {
    let places = if WITHOUT_DECIMALS.split(' ').any(|known| known == currency) {
        0
    } else if THREE_DECIMALS.split(' ').any(|known| known == currency) {
        3
    } else {
        2
    };
    let sign = if amount < 0 { "-" } else { "" };
    let code = currency.to_ascii_uppercase();
    if places == 0 {
        return format!("{sign}{} {code}", amount.unsigned_abs());
    }
    let one = 10_u64.pow(places);
    let (whole, rest) = (amount.unsigned_abs() / one, amount.unsigned_abs() % one);
    let width = usize::try_from(places).unwrap_or(2);
    format!("{sign}{whole}.{rest:0width$} {code}")
}

/// `21 Nov 2026`.
pub fn day(time: i64) -> String {
    chrono::DateTime::from_timestamp(time, 0).map_or_else(String::new, |at| at.format("%-d %b %Y").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_has_the_decimals_of_its_currency() {
        let shown =
            [(1500, "eur"), (-5, "usd"), (1500, "jpy"), (1500, "kwd")].map(|(amount, code)| money(amount, code));
        assert_eq!(shown, ["15.00 EUR", "-0.05 USD", "1500 JPY", "1.500 KWD"]);
        assert_eq!(day(1_795_000_000), "18 Nov 2026");
    }
}
