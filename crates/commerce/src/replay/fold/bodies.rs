//! What events make of an order, of stock, of a payment and of a refund.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::events::PublishedEvent;
use crate::reports::{Amounts, StockDay, Tally};

/// An order.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Order {
    pub number: i64,
    pub stage: String,
    pub money: String,
    pub total_minor: i64,
    pub refunded_minor: i64,
    pub amounts: Amounts,
}

/// The stock of a variant.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Stock {
    pub on_hand: i64,
    pub reserved: i64,
    pub days: BTreeMap<NaiveDate, StockDay>,
}

/// A payment.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Payment {
    pub order_id: Option<Uuid>,
    pub status: String,
    pub amount_minor: i64,
    pub captured_minor: i64,
    pub refunded_minor: i64,
}

/// A refund.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Refund {
    pub order_id: Option<Uuid>,
    pub status: String,
    pub amount_minor: i64,
}

const STAGES: [&str; 10] = [
    "pending",
    "awaiting_payment",
    "paid",
    "confirmed",
    "packed",
    "shipped",
    "delivered",
    "fulfilled",
    "failed",
    "cancelled",
];
const PAYMENTS: [&str; 8] =
    ["created", "processing", "requires_action", "unknown", "authorized", "succeeded", "failed", "cancelled"];
const REFUNDS: [&str; 7] = ["requested", "approved", "processing", "succeeded", "failed", "rejected", "cancelled"];

impl Order {
    pub(super) fn apply(&mut self, event_type: &str, data: &Value) {
        if event_type == "order.created" {
            self.amounts = Amounts::of(data);
            self.stage = "pending".into();
        }
        set(&mut self.number, data, "number");
        set(&mut self.total_minor, data, "total_minor");
        set(&mut self.refunded_minor, data, "refunded_minor");
        if let Some(money) = data["money"].as_str() {
            money.clone_into(&mut self.money);
        }
        set_status(&mut self.stage, data, "to", suffix(event_type, "order.", &STAGES));
    }
}

impl Payment {
    pub(super) fn apply(&mut self, event_type: &str, data: &Value) {
        self.order_id = uuid(data, "order_id").or(self.order_id);
        if event_type == "payment.created" {
            set(&mut self.amount_minor, data, "amount_minor");
            // Cash is on its way from the beginning, and so is a transfer.
            self.status = if data["provider"] == "stripe" { "created" } else { "processing" }.into();
            set_status(&mut self.status, data, "status", None);
            return;
        }
        let named = match event_type {
            "payment.declined" => Some("requires_action"),
            _ => suffix(event_type, "payment.", &PAYMENTS),
        };
        set_status(&mut self.status, data, "status", named);
        set(&mut self.refunded_minor, data, "refunded_minor");
        if event_type == "payment.succeeded" {
            set(&mut self.captured_minor, data, "received_minor");
        }
        set(&mut self.captured_minor, data, "captured_minor");
    }
}

impl Stock {
    pub(super) fn apply(&mut self, event: &PublishedEvent) {
        set(&mut self.on_hand, &event.data, "on_hand");
        set(&mut self.reserved, &event.data, "reserved");
        let mut tally = Tally::default();
        let day = event.created_at.date_naive();
        if let Some(known) = self.days.get(&day) {
            tally.stock.insert((day, event.aggregate_id), *known);
        }
        tally.stock(event.aggregate_id, &event.event_type, event.created_at, &event.data);
        self.days.extend(tally.stock.into_iter().map(|((day, _), counts)| (day, counts)));
    }
}

impl Refund {
    pub(super) fn apply(&mut self, event_type: &str, data: &Value) {
        self.order_id = uuid(data, "order_id").or(self.order_id);
        set(&mut self.amount_minor, data, "amount_minor");
        set_status(&mut self.status, data, "status", suffix(event_type, "refund.", &REFUNDS));
    }
}

/// The state that an event's name speaks of.
fn suffix<'a>(event_type: &'a str, prefix: &str, known: &[&str]) -> Option<&'a str> {
    event_type.strip_prefix(prefix).filter(|state| known.contains(state))
}

fn set_status(status: &mut String, data: &Value, field: &str, named: Option<&str>) {
    if let Some(told) = data[field].as_str().or(named) {
        told.clone_into(status);
    }
}

fn set(number: &mut i64, data: &Value, field: &str) {
    if let Some(told) = data[field].as_i64() {
        *number = told;
    }
}

fn uuid(data: &Value, field: &str) -> Option<Uuid> {
    data[field].as_str()?.parse().ok()
}
