//! What can be set about billing.

use std::fmt;

/// What can be set about billing.
#[derive(Clone)]
pub struct BillingSettings {
    /// Any of them may have signed a message.
    pub webhook_secrets: Vec<String>,
    /// Is it about real money?
    pub livemode: bool,
    /// The provider's configuration of the page on which people manage what they have; its usual one otherwise.
    pub portal_configuration: Option<String>,
    /// How many days before a trial ends its owners are told.
    pub trial_warning_days: u32,
    /// A subscription that was not heard of for so long is asked for.
    pub reconcile_hours: u32,
    /// Tries before a message is put aside.
    pub event_tries: i32,
}

impl fmt::Debug for BillingSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BillingSettings")
            .field("webhook_secrets", &self.webhook_secrets.len())
            .field("livemode", &self.livemode)
            .field("portal_configuration", &self.portal_configuration)
            .field("trial_warning_days", &self.trial_warning_days)
            .field("reconcile_hours", &self.reconcile_hours)
            .field("event_tries", &self.event_tries)
            .finish()
    }
}
