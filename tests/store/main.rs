//! What happens inside one store: catalogue, stock, carts, checkout, payment.
#![expect(clippy::unwrap_used, reason = "tests")]

mod cancel;
mod cancel_by_staff;
mod cart;
mod catalog;
mod doctor;
mod events;
mod expiry;
mod faults;
mod idempotency;
mod input;
mod limits;
mod logs;
mod order_errors;
mod order_views;
mod payment;
mod pricing;
mod pricing_cart;
mod promotion;
mod queue;
mod quote;
mod replay;
mod reports;
mod resume;
mod retention;
mod review;
mod sale;
mod shelf;
mod shipments;
mod staff_orders;
mod stock;
mod validation;
mod webhook;
mod webhook_orders;
