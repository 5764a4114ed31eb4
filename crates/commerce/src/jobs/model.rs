//! What a job is.

use std::time::Duration;

use chrono::{DateTime, Utc};
use kernel::id::TenantId;
use uuid::Uuid;

/// Work of one sort. What is due is done in the order of due time + priority in seconds, so that a queue whose work matters
/// more goes first, and work of any other gives way to it for so many seconds and no longer: nobody starves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Queue {
    NewOrder,
    Payment,
    Fulfilment,
    Notification,
    Webhook,
    Maintenance,
}

impl Queue {
    /// All queues, the most urgent first.
    pub const ALL: [Self; 6] =
        [Self::NewOrder, Self::Payment, Self::Fulfilment, Self::Notification, Self::Webhook, Self::Maintenance];

    /// The name that is stored.
    pub fn name(self) -> &'static str {
        match self {
            Self::NewOrder => "new_order",
            Self::Payment => "payment",
            Self::Fulfilment => "fulfilment",
            Self::Notification => "notification",
            Self::Webhook => "webhook",
            Self::Maintenance => "maintenance",
        }
    }

    /// Lower runs first: by how many seconds its work gives way to work that became due later.
    pub fn priority(self) -> i16 {
        match self {
            Self::NewOrder => 0,
            Self::Payment => 5,
            Self::Fulfilment => 30,
            Self::Notification => 60,
            Self::Webhook => 120,
            Self::Maintenance => 600,
        }
    }
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// End a checkout whose time is over. Subject: the checkout.
    ExpireCheckout,
    /// Remind of an order that waits for a person's word, and reject it in the end. Subject: the order.
    EndReview,
    /// Ask the provider about a payment that is not decided. Subject: the payment.
    SettlePayment,
    /// Ask for authorised money that somebody wants. Subject: the payment.
    CapturePayment,
    /// Call off at the provider what has ended here, or send back what bought nothing. Subject: the payment.
    CallOffPayment,
    /// Process a provider's message that was stored. Subject: the payment or order it names; only a wake-up.
    ProcessProviderEvents,
    /// Give money back. Subject: the refund.
    ProcessRefund,
    /// Bring a store's reports up to its feed. Subject: the store.
    CatchUpReports,
    /// Put away what a store has kept long enough. Subject: the store.
    Retain,
}

impl Kind {
    /// All kinds.
    pub const ALL: &'static [Self] = &[
        Self::ExpireCheckout,
        Self::EndReview,
        Self::SettlePayment,
        Self::CapturePayment,
        Self::CallOffPayment,
        Self::ProcessProviderEvents,
        Self::ProcessRefund,
        Self::CatchUpReports,
        Self::Retain,
    ];

    /// The name that is stored.
    pub fn name(self) -> &'static str {
        match self {
            Self::ExpireCheckout => "checkout.expire",
            Self::EndReview => "review.end",
            Self::SettlePayment => "payment.settle",
            Self::CapturePayment => "payment.capture",
            Self::CallOffPayment => "payment.call_off",
            Self::ProcessProviderEvents => "provider_events.process",
            Self::ProcessRefund => "refund.process",
            Self::CatchUpReports => "reports.catch_up",
            Self::Retain => "store.retain",
        }
    }

    /// Reads a stored name; `None` for one that another version of the server knows.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }

    /// Where it waits.
    pub fn queue(self) -> Queue {
        match self {
            Self::ExpireCheckout | Self::EndReview => Queue::NewOrder,
            Self::SettlePayment
            | Self::CapturePayment
            | Self::CallOffPayment
            | Self::ProcessProviderEvents
            | Self::ProcessRefund => Queue::Payment,
            Self::CatchUpReports | Self::Retain => Queue::Maintenance,
        }
    }

    /// Tries before the job is put aside as dead.
    pub fn tries(self) -> i32 {
        match self {
            // They end by themselves once the purchase is decided, and giving up would leave it undecided.
            Self::ExpireCheckout
            | Self::EndReview
            | Self::SettlePayment
            | Self::CapturePayment
            | Self::CallOffPayment
            | Self::ProcessRefund => 1000,
            Self::ProcessProviderEvents => 20,
            // The next one comes by the clock.
            Self::CatchUpReports | Self::Retain => 5,
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

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// To be done when it is due, or being done.
    Waiting,
    /// Given up after too many tries; a person may have it done again.
    Dead,
}

/// A job, as people look at it.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Listed {
    /// Row.
    pub id: i64,
    /// Whose.
    pub tenant: TenantId,
    /// Where it waits.
    pub queue: String,
    /// Name of its kind.
    pub kind: String,
    /// With what.
    pub subject: Uuid,
    /// When it is due, or when the present lease ends.
    pub run_at: DateTime<Utc>,
    /// Tries so far.
    pub attempts: i32,
    /// What went wrong last, with its cause.
    pub last_error: Option<String>,
    /// When it was given up.
    pub dead_at: Option<DateTime<Utc>>,
    /// The request that made it necessary.
    pub request_id: String,
    /// When it was put off.
    pub created_at: DateTime<Utc>,
}

impl Listed {
    /// Where it stands.
    pub fn state(&self) -> JobState {
        if self.dead_at.is_some() { JobState::Dead } else { JobState::Waiting }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_and_no_two_are_alike() {
        for kind in Kind::ALL {
            assert_eq!(Kind::from_name(kind.name()), Some(*kind));
        }
        let mut names: Vec<_> = Kind::ALL.iter().map(|kind| kind.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Kind::ALL.len());
    }

    #[test]
    fn queues_stand_in_the_order_of_their_priorities() {
        assert!(Queue::ALL.is_sorted_by(|a, b| a.priority() < b.priority()));
    }
}
