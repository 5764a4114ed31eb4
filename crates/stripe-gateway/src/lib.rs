//! Speaks Stripe and knows no order: payment intents, refunds, and the verification of webhooks.
//!
//! Requests and answers are async-stripe's; the wire below them is ours (`transport`), because retrying with one's
//! own idempotency key needs the status, `Retry-After` and `Stripe-Should-Retry`, and because async-stripe's client
//! opens a new TLS connection for every call.
//!
//! ```text
//! StripeGateway ── attempt ×n, one key ── breaker ── transport ── Stripe
//! ```

pub mod billing;
mod breaker;
mod error;
mod intent;
mod refund;
mod retry;
mod settings;
mod transport;
pub mod webhook;

pub use error::{GatewayError, SettingsError};
pub use intent::{Capture, CreateIntent, Intent, IntentStatus};
pub use refund::{CreateRefund, Refund, RefundReason, RefundStatus};
pub use settings::StripeSettings;

use std::sync::Arc;
use std::time::Duration;

/// A connection to Stripe. Clones share the connection pool and the circuit breaker.
#[derive(Clone)]
pub struct StripeGateway {
    transport: Arc<transport::Transport>,
    breaker: Arc<breaker::Breaker>,
    attempts: u32,
    deadline: Duration,
}

impl StripeGateway {
    /// Prepares the connection; nothing is sent.
    ///
    /// # Errors
    /// When the key or the base address cannot be used.
    pub fn new(settings: &StripeSettings) -> Result<Self, SettingsError> {
        Ok(Self {
            transport: Arc::new(transport::Transport::new(settings)?),
            breaker: Arc::new(breaker::Breaker::default()),
            attempts: settings.attempts.max(1),
            deadline: settings.timeout + retry::SPARE,
        })
    }
}
