//! What the gateway needs to know before the first call.

use std::fmt;
use std::time::Duration;

/// How to reach Stripe. `Debug` never shows the key.
#[derive(Clone)]
pub struct StripeSettings {
    /// The secret key, `sk_…` or `rk_…`.
    pub secret_key: String,
    /// Scheme and authority of another server, such as `http://127.0.0.1:12111`; Stripe's own when absent.
    pub api_base: Option<String>,
    /// Total time for one attempt, connecting included.
    pub timeout: Duration,
    /// Attempts inside one call, all with the same idempotency key.
    pub attempts: u32,
}

impl StripeSettings {
    /// Stripe itself, 8 s an attempt, three attempts.
    pub fn new(secret_key: impl Into<String>) -> Self {
        Self { secret_key: secret_key.into(), api_base: None, timeout: Duration::from_secs(8), attempts: 3 }
    }
}

impl fmt::Debug for StripeSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StripeSettings")
            .field("secret_key", &"…")
            .field("api_base", &self.api_base)
            .field("timeout", &self.timeout)
            .field("attempts", &self.attempts)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_not_shown() {
        let shown = format!("{:?}", StripeSettings::new("sk_test_abc"));
        assert!(!shown.contains("sk_test"), "{shown}");
    }
}
