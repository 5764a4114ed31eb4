//! What an event adds to the days. Pure.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::events::PublishedEvent;

/// A day's sales and how they came about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SalesDay {
    /// Checkouts that were started; each makes an order.
    pub checkouts: i64,
    /// Orders that were made.
    pub orders: i64,
    /// Orders that became sure: paid, or confirmed for paying on delivery.
    pub paid: i64,
    /// Orders that failed, those whose time ran out among them.
    pub failed: i64,
    /// Orders that were called off.
    pub cancelled: i64,
    /// Checkouts whose time ran out.
    pub abandoned: i64,
    /// Units of the orders that became sure.
    pub units: i64,
    /// Their goods at their prices.
    pub gross_minor: i64,
    /// What was taken off.
    pub discount_minor: i64,
    /// What was asked for sending.
    pub shipping_minor: i64,
    /// Tax that was added.
    pub tax_minor: i64,
    /// What went back, on the day it did.
    pub refunded_minor: i64,
}

/// A day of one variant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockDay {
    /// What came in by hand, less what was taken out by hand.
    pub received: i64,
    /// What left for orders.
    pub sold: i64,
    /// What came back from orders.
    pub returned: i64,
    /// How many there were at the end.
    pub on_hand: i64,
}

/// What was sold of one variant on a day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SoldDay {
    /// Orders that it was in.
    pub orders: i64,
    /// How many.
    pub units: i64,
    /// At their prices.
    pub gross_minor: i64,
    /// What was taken off.
    pub discount_minor: i64,
}

impl SoldDay {
    /// Adds another count of the same day.
    pub fn add(&mut self, more: &Self) {
        self.orders += more.orders;
        self.units += more.units;
        self.gross_minor += more.gross_minor;
        self.discount_minor += more.discount_minor;
    }
}

/// A line of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Of what.
    pub variant_id: Uuid,
    /// How many.
    pub units: i64,
    /// At their prices.
    pub gross_minor: i64,
    /// What was taken off.
    pub discount_minor: i64,
}

/// What an order is about, as its first event told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amounts {
    /// How many goods.
    pub units: i64,
    /// Σ of the lines.
    pub subtotal_minor: i64,
    /// Taken off.
    pub discount_minor: i64,
    /// For sending.
    pub shipping_minor: i64,
    /// Tax that is added.
    pub tax_minor: i64,
    /// Its goods one by one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<Line>,
}

impl Amounts {
    /// Reads them from the data of `order.created`.
    pub fn of(data: &Value) -> Self {
        let number = |name: &str| data[name].as_i64().unwrap_or_default();
        let items = data["items"].as_array().map(Vec::as_slice).unwrap_or_default();
        Self {
            units: items.iter().filter_map(|item| item["quantity"].as_i64()).sum(),
            subtotal_minor: number("subtotal_minor"),
            discount_minor: number("discount_minor"),
            shipping_minor: number("shipping_minor"),
            tax_minor: number("tax_minor"),
            lines: items.iter().filter_map(Line::of).collect(),
        }
    }
}

impl Line {
    fn of(item: &Value) -> Option<Self> {
        let number = |name: &str| item[name].as_i64().unwrap_or_default();
        Some(Self {
            variant_id: item["variant_id"].as_str()?.parse().ok()?,
            units: number("quantity"),
            gross_minor: number("total_minor"),
            discount_minor: number("discount_minor"),
        })
    }
}

/// An event of an order or a payment, as far as sales go.
#[derive(Debug, Clone, Copy)]
pub struct Happened<'a> {
    /// Such as `order.paid`.
    pub event_type: &'a str,
    /// When.
    pub at: DateTime<Utc>,
    /// The stage that the order came from.
    pub from: Option<&'a str>,
    /// Why.
    pub reason: Option<&'a str>,
    /// How much money it is about.
    pub amount_minor: i64,
}

impl<'a> Happened<'a> {
    /// Reads an event.
    pub fn of(event: &'a PublishedEvent) -> Self {
        Self {
            event_type: &event.event_type,
            at: event.created_at,
            from: event.data["from"].as_str(),
            reason: event.data["reason"].as_str(),
            amount_minor: event.data["amount_minor"].as_i64().unwrap_or_default(),
        }
    }
}

/// What events add to the days.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// By day.
    pub sales: BTreeMap<NaiveDate, SalesDay>,
    /// By day and variant.
    pub stock: BTreeMap<(NaiveDate, Uuid), StockDay>,
    /// By day and variant.
    pub sold: BTreeMap<(NaiveDate, Uuid), SoldDay>,
}

impl Tally {
    /// Does this event need the order's amounts?
    pub fn needs_amounts(happened: &Happened<'_>) -> bool {
        becomes_sure(happened)
    }

    /// Counts an event of an order or a payment.
    pub fn sale(&mut self, happened: &Happened<'_>, amounts: &Amounts) {
        let mut add = SalesDay::default();
        match happened.event_type {
            "order.created" => (add.checkouts, add.orders) = (1, 1),
            "order.paid" | "order.confirmed" if becomes_sure(happened) => {
                add.paid = 1;
                add.units = amounts.units;
                add.gross_minor = amounts.subtotal_minor;
                add.discount_minor = amounts.discount_minor;
                add.shipping_minor = amounts.shipping_minor;
                add.tax_minor = amounts.tax_minor;
                self.sell(happened.at.date_naive(), &amounts.lines);
            }
            "order.failed" => {
                add.failed = 1;
                add.abandoned = i64::from(happened.reason == Some("checkout_expired"));
            }
            "order.cancelled" => add.cancelled = 1,
            "payment.refunded" => add.refunded_minor = happened.amount_minor,
            "payment.refund_reversed" => add.refunded_minor = -happened.amount_minor.abs(),
            _ => return,
        }
        self.sales.entry(happened.at.date_naive()).or_default().add(&add);
    }

    fn sell(&mut self, day: NaiveDate, lines: &[Line]) {
        for line in lines {
            let Line { units, gross_minor, discount_minor, .. } = *line;
            let sold = SoldDay { orders: 1, units, gross_minor, discount_minor };
            self.sold.entry((day, line.variant_id)).or_default().add(&sold);
        }
    }

    /// Counts an event of stock. Events of a variant must come in their order.
    pub fn stock(&mut self, variant: Uuid, event_type: &str, at: DateTime<Utc>, data: &Value) {
        let delta = data["delta_on_hand"].as_i64().unwrap_or_default();
        if delta == 0 {
            return;
        }
        let day = self.stock.entry((at.date_naive(), variant)).or_default();
        match event_type {
            "stock.adjusted" => day.received += delta,
            _ if delta < 0 => day.sold -= delta,
            _ => day.returned += delta,
        }
        day.on_hand = data["on_hand"].as_i64().unwrap_or_default();
    }
}

/// An order becomes sure once: by being paid, or by being confirmed without money.
fn becomes_sure(happened: &Happened<'_>) -> bool {
    matches!(happened.event_type, "order.paid" | "order.confirmed")
        && happened.from.is_none_or(|from| matches!(from, "pending" | "awaiting_payment"))
}

impl SalesDay {
    /// Adds another count of the same day.
    pub fn add(&mut self, more: &Self) {
        self.checkouts += more.checkouts;
        self.orders += more.orders;
        self.paid += more.paid;
        self.failed += more.failed;
        self.cancelled += more.cancelled;
        self.abandoned += more.abandoned;
        self.units += more.units;
        self.gross_minor += more.gross_minor;
        self.discount_minor += more.discount_minor;
        self.shipping_minor += more.shipping_minor;
        self.tax_minor += more.tax_minor;
        self.refunded_minor += more.refunded_minor;
    }

    /// Its counts by name, for telling two apart.
    pub fn fields(&self) -> [(&'static str, i64); 12] {
        [
            ("checkouts", self.checkouts),
            ("orders", self.orders),
            ("paid", self.paid),
            ("failed", self.failed),
            ("cancelled", self.cancelled),
            ("abandoned", self.abandoned),
            ("units", self.units),
            ("gross_minor", self.gross_minor),
            ("discount_minor", self.discount_minor),
            ("shipping_minor", self.shipping_minor),
            ("tax_minor", self.tax_minor),
            ("refunded_minor", self.refunded_minor),
        ]
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn happened<'a>(event_type: &'a str, time: &str) -> Happened<'a> {
        Happened { event_type, at: at(time), from: None, reason: None, amount_minor: 0 }
    }

    #[test]
    fn an_order_is_made_on_one_day_and_paid_on_another() {
        let data = json!({ "subtotal_minor": 3000, "discount_minor": 500, "shipping_minor": 400, "tax_minor": 30,
            "items": [{ "quantity": 2 }, { "quantity": 1 }] });
        let amounts = Amounts::of(&data);
        let mut tally = Tally::default();
        tally.sale(&happened("order.created", "2026-01-01T23:59:59.999Z"), &amounts);
        tally.sale(&happened("order.paid", "2026-01-02T00:00:00Z"), &amounts);
        let days: Vec<_> = tally.sales.values().map(|day| (day.orders, day.paid, day.units, day.gross_minor)).collect();
        assert_eq!(days, [(1, 0, 0, 0), (0, 1, 3, 3000)]);
    }

    #[test]
    fn its_goods_are_sold_on_the_day_it_becomes_sure() {
        let variant = |n| Uuid::from_u128(n);
        let line = |n, quantity, total| json!({ "variant_id": variant(n), "quantity": quantity, "total_minor": total, "discount_minor": 5 });
        let amounts = Amounts::of(&json!({ "items": [line(1, 2, 200), line(2, 1, 50), { "quantity": 3 }] }));
        let mut tally = Tally::default();
        tally.sale(&happened("order.created", "2026-01-01T12:00:00Z"), &amounts);
        tally.sale(&happened("order.paid", "2026-01-02T12:00:00Z"), &amounts);
        tally.sale(&happened("order.paid", "2026-01-02T13:00:00Z"), &amounts);
        let day = "2026-01-02".parse().unwrap();
        let want = |units, gross_minor| SoldDay { orders: 2, units, gross_minor, discount_minor: 10 };
        let sold: Vec<_> = tally.sold.into_iter().collect();
        assert_eq!(sold, [((day, variant(1)), want(4, 400)), ((day, variant(2)), want(2, 100))]);
    }

    #[test]
    fn an_order_is_sold_once() {
        let amounts = Amounts { units: 1, ..Amounts::default() };
        let mut tally = Tally::default();
        tally
            .sale(&Happened { from: Some("pending"), ..happened("order.confirmed", "2026-01-01T00:00:00Z") }, &amounts);
        tally.sale(&Happened { from: Some("confirmed"), ..happened("order.paid", "2026-01-01T00:00:00Z") }, &amounts);
        assert_eq!(tally.sales.values().map(|day| day.paid).sum::<i64>(), 1);
    }

    #[test]
    fn what_is_merely_set_aside_is_no_turnover() {
        let variant = Uuid::from_u128(1);
        let mut tally = Tally::default();
        let noon = at("2026-01-01T12:00:00Z");
        tally.stock(variant, "stock.adjusted", noon, &json!({ "delta_on_hand": 10, "on_hand": 10 }));
        tally.stock(variant, "stock.reserved", noon, &json!({ "delta_on_hand": 0, "on_hand": 10 }));
        tally.stock(variant, "stock.shipped", noon, &json!({ "delta_on_hand": -3, "on_hand": 7 }));
        tally.stock(variant, "stock.returned", noon, &json!({ "delta_on_hand": 1, "on_hand": 8 }));
        let day = tally.stock.values().next().copied();
        assert_eq!(day, Some(StockDay { received: 10, sold: 3, returned: 1, on_hand: 8 }));
    }
}
