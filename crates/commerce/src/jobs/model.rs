//! What a job is.

use std::time::Duration;

use chrono::{DateTime, Utc};
use kernel::id::TenantId;
use uuid::Uuid;

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// End a checkout whose time is over. Subject: the checkout.
    ExpireCheckout,
    /// Ask the provider about a payment that is not decided. Subject: the payment.
    SettlePayment,
    /// Process a provider's message that was stored. Subject: the payment or order it names; only a wake-up.
    ProcessProviderEvents,
    /// Give money back. Subject: the refund.
    ProcessRefund,
}

impl Kind {
    const ALL: [Self; 4] =
        [Self::ExpireCheckout, Self::SettlePayment, Self::ProcessProviderEvents, Self::ProcessRefund];

    /// The name that is stored.
    pub fn name(self) -> &'static str {
        match self {
            Self::ExpireCheckout => "checkout.expire",
            Self::SettlePayment => "payment.settle",
            Self::ProcessProviderEvents => "provider_events.process",
            Self::ProcessRefund => "refund.process",
        }
    }

    /// Reads a stored name; `None` for one that another version of the server knows.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Tries before the job is put aside as dead.
    pub fn tries(self) -> i32 {
        match self {
            // They end by themselves once the purchase is decided, and giving up would leave it undecided.
            Self::ExpireCheckout | Self::SettlePayment | Self::ProcessRefund => 1000,
            Self::ProcessProviderEvents => 20,
        }
    }
}

/// When a job is due.
#[derive(Debug, Clone, Copy)]
pub enum Due {
    /// So long after the transaction's beginning, by the database's clock.
    In(Duration),
    /// At a time read from the database.
    At(DateTime<Utc>),
}

/// A job to be.
#[derive(Debug, Clone)]
pub struct NewJob {
    /// What is to be done.
    pub kind: Kind,
    /// With what.
    pub subject: Uuid,
    /// When.
    pub due: Due,
    /// The request that makes it necessary.
    pub request_id: String,
}

/// A job that this worker holds until its lease ends.
#[derive(Debug, Clone)]
pub struct Job {
    /// Row.
    pub id: i64,
    /// Whose.
    pub tenant: TenantId,
    /// Name of its kind.
    pub kind: String,
    /// With what.
    pub subject: Uuid,
    /// Tries so far, this one included.
    pub attempts: i32,
    /// Which lease.
    pub lease: i64,
    /// The request that made it necessary.
    pub request_id: String,
}
