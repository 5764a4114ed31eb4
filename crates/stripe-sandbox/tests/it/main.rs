//! The sandbox over real HTTP: the typed Stripe client, our gateway, and Stripe's official Node SDK.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics, in its harness too")]

mod billing;
mod faults;
mod gateway;
mod harness;
mod node;
mod typed;
mod webhooks;
