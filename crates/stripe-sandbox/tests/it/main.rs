//! The sandbox over real HTTP: the typed Stripe client, our gateway, and Stripe's official Node SDK.

mod faults;
mod gateway;
mod harness;
mod node;
mod typed;
mod webhooks;
