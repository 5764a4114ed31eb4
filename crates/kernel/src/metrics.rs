//! What is counted and measured. Every name stands in the table here, with what it means and which labels it has; the
//! rest of the product calls the functions below it.
//!
//! A label has few values, all known when the product is built: never a store, a product, a person, an address or a
//! text from outside. What is asked about one store is asked of its database.

use std::time::Duration;

use ::metrics::{counter, gauge, histogram};
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// How a metric behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Observed durations in seconds, of what a caller waits for.
    Seconds,
    /// Observed durations in seconds, of what takes people minutes to days.
    Days,
    /// Observed sizes, in buckets.
    Size,
}

/// One metric.
#[derive(Debug, PartialEq, Eq)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// How it behaves.
    pub kind: Kind,
    /// Its one label and all of the label's values; `None` when it has no label, or several.
    pub label: Option<(&'static str, &'static [&'static str])>,
    /// What it says.
    pub help: &'static str,
}

macro_rules! metrics {
    ($($constant:ident = $kind:ident $name:literal $([$label:literal: $values:expr])?, $help:literal;)*) => {
        $(
            #[doc = $help]
            pub const $constant: Metric =
                Metric { name: $name, kind: Kind::$kind, label: label!($($label, $values)?), help: $help };
        )*

        /// All metrics.
        pub const METRICS: &[Metric] = &[$($constant),*];
    };
}

macro_rules! label {
    () => {
        None
    };
    ($label:literal, $values:expr) => {
        Some(($label, $values))
    };
}

const METHODS: &[&str] = &["card", "cod", "manual"];
const PROVIDERS: &[&str] = &["stripe", "cod", "manual"];
/// What people see of an order.
pub const ORDER_STATUSES: &[&str] = &[
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
    "partially_refunded",
    "refunded",
];
/// How a payment stands.
pub const PAYMENT_STATUSES: &[&str] =
    &["created", "processing", "requires_action", "unknown", "authorized", "succeeded", "failed", "cancelled"];
/// How a refund stands.
pub const REFUND_STATUSES: &[&str] =
    &["requested", "approved", "processing", "succeeded", "failed", "rejected", "cancelled"];
/// Why money does not move: the provider's codes that are common, and `other`.
const REASONS: &[&str] = &[
    "amount_too_small",
    "authentication_required",
    "card_declined",
    "do_not_honor",
    "expired_card",
    "fraudulent",
    "generic_decline",
    "incorrect_cvc",
    "insufficient_funds",
    "invalid_account",
    "lost_card",
    "payment_intent_authentication_failure",
    "processing_error",
    "stolen_card",
    "charge_already_refunded",
    "charge_disputed",
    "never_reached_provider",
    "other",
];
const ERRORS: &[&str] = &["validation", "payment", "inventory", "shipping", "system", "external"];
const CALLS: &[&str] = &["ok", "declined", "rejected", "unknown", "unavailable"];
const ENDS: &[&str] = &["finished", "again", "failed", "dead"];
const CONNECTIONS: &[&str] = &["busy", "idle", "limit"];

metrics! {
    ORDERS_CREATED = Counter "orders_created_total" ["payment_method": METHODS], "Orders made.";
    ORDERS_BY_STATUS = Gauge "orders_by_status" ["status": ORDER_STATUSES], "Orders of all stores by status.";
    ORDER_CREATION = Seconds "order_creation_duration_seconds", "From a checkout's request to its order, the payment at the provider not counted.";
    ORDERS_STUCK_PENDING = Gauge "orders_stuck_pending", "Orders that have waited for their money for more than an hour.";
    ORDER_VALIDATION = Seconds "order_validation_duration_seconds", "Reading and deciding a checkout.";
    ORDER_PAYMENT = Days "order_payment_duration_seconds", "From an order to its money.";
    ORDER_FULFILMENT = Days "order_fulfillment_duration_seconds", "From an order's money until all of it was sent.";
    ORDER_TOTAL = Days "order_total_processing_duration_seconds", "From an order until all of it was sent.";
    ORDER_QUEUE_WAIT = Seconds "order_queue_wait_duration_seconds", "A checkout's wait for its slice.";
    ORDER_ERRORS = Counter "order_errors_total" ["category": ERRORS], "What went wrong with orders.";
    ORDER_RETRIES = Counter "order_retries_total", "Acts on orders that were tried again.";

    PAYMENT_INTENTS_CREATED = Counter "payment_intents_created_total" ["provider": PROVIDERS], "Payments written down.";
    PAYMENT_INTENTS_BY_STATUS = Gauge "payment_intents_by_status" ["status": PAYMENT_STATUSES], "Payments of all stores by status.";
    PAYMENT_CONFIRMATION = Days "payment_confirmation_duration_seconds", "From a payment until the provider confirmed it.";
    PAYMENT_FAILURES = Counter "payment_failures_total" ["reason": REASONS], "Payments that were declined, by the provider's reason.";
    PAYMENTS_FLAGGED = Counter "payments_flagged_total", "Reports of the provider that do not fit the payment.";

    REFUNDS_REQUESTED = Counter "refunds_requested_total", "Refunds asked for.";
    REFUNDS_BY_STATUS = Gauge "refunds_by_status" ["status": REFUND_STATUSES], "Refunds of all stores by status.";
    REFUND_PROCESSING = Days "refund_processing_duration_seconds", "From a refund's request until the money went back.";
    REFUND_FAILURES = Counter "refund_failures_total" ["reason": REASONS], "Refunds that failed, by the provider's reason.";

    STOCK_AVAILABLE = Gauge "stock_available", "Units of all stores that can be sold.";
    STOCK_RESERVED = Gauge "stock_reserved", "Units of all stores that are set aside for orders.";
    STOCK_LOW = Gauge "stock_low_variants", "Variants of all stores with few left.";
    STOCK_OUT = Gauge "stock_out_variants", "Variants of all stores with none left.";
    STOCK_RESERVATION_FAILURES = Counter "stock_reservation_failures_total", "Checkouts refused for want of stock.";
    STOCK_INCONSISTENCIES = Gauge "stock_inconsistencies", "Levels that are negative or oversold.";

    EVENTS_PENDING = Gauge "domain_events_pending", "Events that wait to be handed on.";
    EVENTS_PROCESSED = Counter "domain_events_processed_total", "Events handed on.";
    EVENT_LAG = Gauge "event_processing_lag_seconds", "How long the oldest event has waited.";
    EVENT_FAILURES = Counter "event_processing_failures_total", "Times that handing on a store's events failed.";

    JOBS = Gauge "jobs", "Jobs by queue and state: due, scheduled for later, dead.";
    JOBS_DEAD = Gauge "jobs_dead", "Jobs that were given up, and wait for a person.";
    JOBS_LATE = Gauge "jobs_late_seconds", "How long the job that is due first has waited.";
    JOBS_DONE = Counter "jobs_processed_total" ["outcome": ENDS], "Leases of jobs that ended.";

    CHECKOUT_SLICE = Size "checkout_slice_size", "Checkouts that shared a transaction.";
    CHECKOUT_QUEUE = Gauge "checkout_queue_depth", "Checkouts that wait for a slice, in this process.";
    HTTP_REQUESTS = Seconds "http_request_duration_seconds", "Requests by method, route and class of status.";
    IDEMPOTENCY_CONFLICTS = Counter "idempotency_conflicts_total", "Keys that came again with another request.";
    WEBHOOKS_REFUSED = Counter "webhook_invalid_signatures_total", "Webhooks that the provider did not sign.";
    POOL_CONNECTIONS = Gauge "database_pool_connections" ["state": CONNECTIONS], "Connections of this process to the database.";
    REDIS_PAUSED = Gauge "redis_breaker_open", "1 while Redis is left alone after a failure.";
    STRIPE_CALLS = Counter "stripe_calls_total" ["outcome": CALLS], "Calls to Stripe by what they led to, all tries together.";
    STRIPE_DURATION = Seconds "stripe_call_duration_seconds", "Calls to Stripe, all tries together.";
    STORES = Gauge "stores", "Stores that were looked at.";
    STORES_UNREADABLE = Gauge "stores_unreadable", "Stores that could not be looked at.";
}

/// The value of `known` that `value` is; the last of them, which stands for all others, when it is none.
fn bounded(known: &'static [&'static str], value: &str) -> &'static str {
    let last = known.last().copied().unwrap_or_default();
    known.iter().find(|known| **known == value).copied().unwrap_or(last)
}

/// How long ago a thing was made whose id is a UUIDv7, which holds the time.
pub fn age(id: Uuid, now: DateTime<Utc>) -> Duration {
    let (seconds, nanos) = id.get_timestamp().map_or((0, 0), |made| made.to_unix());
    let made = i64::try_from(seconds).ok().and_then(|seconds| DateTime::from_timestamp(seconds, nanos));
    made.and_then(|made| (now - made).to_std().ok()).unwrap_or_default()
}

/// An order was made.
pub fn order_created(payment_method: &str) {
    counter!(ORDERS_CREATED.name, "payment_method" => bounded(METHODS, payment_method)).increment(1);
}

/// A checkout's request has led to an order.
pub fn order_creation(took: Duration) {
    histogram!(ORDER_CREATION.name).record(took);
}

/// A checkout got its place in a slice.
pub fn order_queue_wait(took: Duration) {
    histogram!(ORDER_QUEUE_WAIT.name).record(took);
}

/// A slice was read and decided.
pub fn order_validation(took: Duration) {
    histogram!(ORDER_VALIDATION.name).record(took);
}

/// The money of an order is there, so long after the order was made.
pub fn order_paid(took: Duration) {
    histogram!(ORDER_PAYMENT.name).record(took);
}

/// All of an order was sent: so long after its money, and so long after it was made.
pub fn order_fulfilled(after_payment: Duration, total: Duration) {
    histogram!(ORDER_FULFILMENT.name).record(after_payment);
    histogram!(ORDER_TOTAL.name).record(total);
}

/// Something went wrong with an order.
pub fn order_error(category: &str) {
    counter!(ORDER_ERRORS.name, "category" => bounded(ERRORS, category)).increment(1);
}

/// An act on an order is tried again.
pub fn order_retried() {
    counter!(ORDER_RETRIES.name).increment(1);
}

/// A payment was written down.
pub fn payment_intent_created(provider: &str) {
    counter!(PAYMENT_INTENTS_CREATED.name, "provider" => bounded(PROVIDERS, provider)).increment(1);
}

/// The provider confirmed a payment, so long after it was made.
pub fn payment_confirmed(took: Duration) {
    histogram!(PAYMENT_CONFIRMATION.name).record(took);
}

/// A payment was declined, with the provider's code.
pub fn payment_failed(code: &str) {
    counter!(PAYMENT_FAILURES.name, "reason" => bounded(REASONS, code)).increment(1);
}

/// A report does not fit its payment.
pub fn payment_flagged() {
    counter!(PAYMENTS_FLAGGED.name).increment(1);
}

/// A refund was asked for.
pub fn refund_requested() {
    counter!(REFUNDS_REQUESTED.name).increment(1);
}

/// The money of a refund went back, so long after it was asked for.
pub fn refund_succeeded(took: Duration) {
    histogram!(REFUND_PROCESSING.name).record(took);
}

/// A refund failed, with the provider's code.
pub fn refund_failed(code: &str) {
    counter!(REFUND_FAILURES.name, "reason" => bounded(REASONS, code)).increment(1);
}

/// A checkout was refused for want of stock.
pub fn stock_insufficient() {
    counter!(STOCK_RESERVATION_FAILURES.name).increment(1);
}

/// Events were handed on.
pub fn events_processed(count: usize) {
    counter!(EVENTS_PROCESSED.name).increment(u64::try_from(count).unwrap_or(u64::MAX));
}

/// Handing on a store's events failed.
pub fn events_failed() {
    counter!(EVENT_FAILURES.name).increment(1);
}

/// The lease of a job ended: `finished`, `again`, `failed` or `dead`.
pub fn job_done(outcome: &'static str) {
    counter!(JOBS_DONE.name, "outcome" => bounded(ENDS, outcome)).increment(1);
}

/// So many checkouts shared a transaction.
pub fn checkout_slice(size: usize) {
    // No slice is so large that it would not fit.
    #[expect(clippy::cast_precision_loss, reason = "counts of checkouts are small")]
    histogram!(CHECKOUT_SLICE.name).record(size as f64);
}

/// A checkout waits for its slice.
pub fn checkout_queued() {
    gauge!(CHECKOUT_QUEUE.name).increment(1.0);
}

/// So many checkouts wait no longer.
pub fn checkouts_taken(count: usize) {
    #[expect(clippy::cast_precision_loss, reason = "counts of checkouts are small")]
    gauge!(CHECKOUT_QUEUE.name).decrement(count as f64);
}

/// A request was answered. `route` is the template, never the path.
pub fn http_request(method: &'static str, route: &str, status: u16, took: Duration) {
    let class = match status {
        100..200 => "1xx",
        200..300 => "2xx",
        300..400 => "3xx",
        400..500 => "4xx",
        _ => "5xx",
    };
    histogram!(HTTP_REQUESTS.name, "method" => method, "route" => route.to_owned(), "status" => class).record(took);
}

/// A key came again with another request.
pub fn idempotency_conflict() {
    counter!(IDEMPOTENCY_CONFLICTS.name).increment(1);
}

/// A webhook was not signed by the provider.
pub fn webhook_refused() {
    counter!(WEBHOOKS_REFUSED.name).increment(1);
}

/// A call to Stripe ended: `ok`, `declined`, `rejected`, `unknown` or `unavailable`.
pub fn stripe_call(outcome: &'static str, took: Duration) {
    counter!(STRIPE_CALLS.name, "outcome" => bounded(CALLS, outcome)).increment(1);
    histogram!(STRIPE_DURATION.name).record(took);
}

/// The connections of this process to its database, now.
pub fn pool(busy: u32, idle: u32, limit: u32) {
    for (state, count) in [("busy", busy), ("idle", idle), ("limit", limit)] {
        gauge!(POOL_CONNECTIONS.name, "state" => state).set(f64::from(count));
    }
}

/// Is Redis left alone?
pub fn redis_paused(paused: bool) {
    gauge!(REDIS_PAUSED.name).set(f64::from(u8::from(paused)));
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_follow_the_rules_of_prometheus() {
        let mut names = BTreeSet::new();
        for metric in METRICS {
            assert!(names.insert(metric.name), "{} stands there twice", metric.name);
            assert!(metric.name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{}", metric.name);
            assert_eq!(metric.name.ends_with("_total"), metric.kind == Kind::Counter, "{}", metric.name);
            assert_eq!(
                metric.name.ends_with("_duration_seconds"),
                matches!(metric.kind, Kind::Seconds | Kind::Days),
                "{}",
                metric.name
            );
        }
    }

    #[test]
    fn a_label_that_nobody_knows_becomes_the_last_one() {
        assert_eq!(bounded(REASONS, "insufficient_funds"), "insufficient_funds");
        assert_eq!(bounded(REASONS, "anything that somebody sends"), "other");
    }
}
