//! What an aggregate has become, event by event. Pure.

mod bodies;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

pub use self::bodies::{Order, Payment, Refund, Stock};
use crate::events::PublishedEvent;
use crate::reports::{Amounts, Happened, Tally};

/// What an aggregate has become, and how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Version of the last event.
    pub version: i64,
    /// What it is.
    pub body: Body,
    /// What happened to it: who, what, when and why. Stock keeps its days instead.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<Entry>,
}

/// What it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Body {
    /// An order.
    Order(Order),
    /// The stock of a variant.
    Stock(Stock),
    /// A payment.
    Payment(Payment),
    /// A refund.
    Refund(Refund),
    /// Anything else: what its last event told.
    Other {
        /// The data of its last event.
        last: Value,
    },
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    #[serde(rename = "type")]
    pub event_type: String,
    pub at: DateTime<Utc>,
    pub actor: Value,
    pub request_id: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount_minor: Option<i64>,
}

impl State {
    /// An aggregate to which nothing has happened.
    pub fn new(aggregate_type: &str) -> Self {
        let body = match aggregate_type {
            "order" => Body::Order(Order { money: "none".into(), ..Order::default() }),
            "stock" => Body::Stock(Stock::default()),
            "payment" => Body::Payment(Payment::default()),
            "refund" => Body::Refund(Refund::default()),
            _ => Body::Other { last: Value::Null },
        };
        Self { version: 0, body, history: Vec::new() }
    }

    /// Takes in the next event.
    pub fn apply(&mut self, event: &PublishedEvent) {
        self.version = event.version;
        let data = &event.data;
        match &mut self.body {
            Body::Order(order) => order.apply(&event.event_type, data),
            Body::Stock(stock) => return stock.apply(event),
            Body::Payment(payment) => payment.apply(&event.event_type, data),
            Body::Refund(refund) => refund.apply(&event.event_type, data),
            Body::Other { last } => *last = data.clone(),
        }
        self.history.push(Entry {
            event_type: event.event_type.clone(),
            at: event.created_at,
            actor: event.metadata["actor"].clone(),
            request_id: event.metadata["request_id"].clone(),
            from: data["from"].as_str().map(str::to_owned),
            reason: data["reason"].as_str().or(data["failure_code"].as_str()).map(str::to_owned),
            amount_minor: data["amount_minor"].as_i64(),
        });
    }

    /// Will nothing more happen to it in the ordinary course of things?
    pub fn at_rest(&self) -> bool {
        match &self.body {
            Body::Order(order) => {
                matches!(order.stage.as_str(), "failed" | "cancelled" | "delivered" | "fulfilled")
                    || order.money == "full"
            }
            Body::Payment(payment) => matches!(payment.status.as_str(), "succeeded" | "failed" | "cancelled"),
            Body::Refund(refund) => {
                matches!(refund.status.as_str(), "succeeded" | "failed" | "rejected" | "cancelled")
            }
            Body::Stock(_) | Body::Other { .. } => true,
        }
    }

    /// May its older events be put away while newer ones stay?
    pub fn in_parts(&self) -> bool {
        match &self.body {
            Body::Stock(_) | Body::Other { .. } => true,
            Body::Order(_) | Body::Payment(_) | Body::Refund(_) => false,
        }
    }

    /// Adds an event that was just taken in to the days.
    pub fn count(&self, event: &PublishedEvent, tally: &mut Tally) {
        match &self.body {
            Body::Order(order) => tally.sale(&Happened::of(event), &order.amounts),
            Body::Payment(_) => tally.sale(&Happened::of(event), &Amounts::default()),
            Body::Stock(_) => tally.stock(event.aggregate_id, &event.event_type, event.created_at, &event.data),
            Body::Refund(_) | Body::Other { .. } => {}
        }
    }

    /// Adds everything that it has kept of what happened to the days.
    pub fn count_history(&self, id: Uuid, tally: &mut Tally) {
        let amounts = match &self.body {
            Body::Order(order) => order.amounts.clone(),
            Body::Payment(_) => Amounts::default(),
            Body::Stock(stock) => {
                tally.stock.extend(stock.days.iter().map(|(day, counts)| ((*day, id), *counts)));
                return;
            }
            Body::Refund(_) | Body::Other { .. } => return,
        };
        for entry in &self.history {
            let happened = Happened {
                event_type: &entry.event_type,
                at: entry.at,
                from: entry.from.as_deref(),
                reason: entry.reason.as_deref(),
                amount_minor: entry.amount_minor.unwrap_or_default(),
            };
            tally.sale(&happened, &amounts);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::reports::StockDay;

    fn event(aggregate_type: &str, version: i64, event_type: &str, data: Value) -> PublishedEvent {
        PublishedEvent {
            sequence: version,
            aggregate_type: aggregate_type.into(),
            aggregate_id: Uuid::from_u128(7),
            version,
            event_type: event_type.into(),
            data,
            metadata: json!({ "actor": { "kind": "system" }, "request_id": "r" }),
            created_at: "2026-01-01T12:00:00Z".parse().unwrap(),
        }
    }

    fn life() -> Vec<PublishedEvent> {
        let created =
            json!({ "number": 1001, "subtotal_minor": 500, "total_minor": 500, "items": [{ "quantity": 2 }] });
        vec![
            event("order", 1, "order.created", created),
            event("order", 2, "order.awaiting_payment", json!({ "from": "pending" })),
            event("order", 3, "order.paid", json!({ "from": "awaiting_payment" })),
            event("order", 4, "order.noted", json!({})),
            event("order", 5, "order.refunded", json!({ "refunded_minor": 500, "money": "full" })),
        ]
    }

    #[test]
    fn an_order_is_what_its_events_made_of_it() {
        let mut state = State::new("order");
        for event in life() {
            state.apply(&event);
        }
        let Body::Order(order) = &state.body else { panic!("{state:?}") };
        assert_eq!((order.stage.as_str(), order.money.as_str(), order.refunded_minor), ("paid", "full", 500));
        assert!(state.at_rest());
        assert_eq!((state.version, state.history.len()), (5, 5));
    }

    #[test]
    fn a_snapshot_and_the_rest_are_the_same_as_the_whole() {
        let mut whole = State::new("order");
        let mut days = Tally::default();
        for event in life() {
            whole.apply(&event);
            whole.count(&event, &mut days);
        }
        for cut in 0..=5 {
            let mut state = State::new("order");
            life()[..cut].iter().for_each(|event| state.apply(event));
            let mut state: State = serde_json::from_value(serde_json::to_value(&state).unwrap()).unwrap();
            let mut counted = Tally::default();
            state.count_history(Uuid::from_u128(7), &mut counted);
            for event in &life()[cut..] {
                state.apply(event);
                state.count(event, &mut counted);
            }
            assert_eq!((&state, &counted), (&whole, &days), "cut at {cut}");
        }
    }

    #[test]
    fn stock_keeps_its_days() {
        let mut state = State::new("stock");
        state.apply(&event("stock", 1, "stock.adjusted", json!({ "delta_on_hand": 5, "on_hand": 5, "reserved": 0 })));
        state.apply(&event("stock", 2, "stock.reserved", json!({ "delta_on_hand": 0, "on_hand": 5, "reserved": 2 })));
        state.apply(&event("stock", 3, "stock.shipped", json!({ "delta_on_hand": -2, "on_hand": 3, "reserved": 0 })));
        let Body::Stock(stock) = &state.body else { panic!("{state:?}") };
        assert_eq!((stock.on_hand, stock.reserved), (3, 0));
        let day = stock.days.values().next().copied();
        assert_eq!(day, Some(StockDay { received: 5, sold: 2, returned: 0, on_hand: 3 }));
        assert!(state.history.is_empty());
    }
}
