//! Faults on demand: what goes wrong, for which requests, how many times.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    DelayBefore(Duration),
    DelayAfter(Duration),
    DropReply,
    DropRequest,
    ErrorExecuted,
    ErrorNotExecuted,
    RateLimited(u64),
    Garbage,
    WebhookBeforeReply,
    WebhookTwice,
    WebhookNever,
    WebhookLate(Duration),
    WebhooksReversed,
    RefundFails,
    RefundPending,
    /// The search's index lags behind: it finds nothing.
    SearchLags,
}

impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, number) = match text.split_once(':') {
            Some((name, number)) => (name, Some(number.parse::<u64>().map_err(|_| format!("{text}: not a number"))?)),
            None => (text, None),
        };
        let pause =
            || number.map(Duration::from_millis).ok_or_else(|| format!("{name} needs milliseconds: {name}:500"));
        Ok(match name {
            "delay_before" => Self::DelayBefore(pause()?),
            "delay_after" => Self::DelayAfter(pause()?),
            "drop_reply" => Self::DropReply,
            "drop_request" => Self::DropRequest,
            "error_executed" => Self::ErrorExecuted,
            "error_not_executed" => Self::ErrorNotExecuted,
            "rate_limited" => Self::RateLimited(number.unwrap_or(1)),
            "garbage" => Self::Garbage,
            "webhook_before_reply" => Self::WebhookBeforeReply,
            "webhook_twice" => Self::WebhookTwice,
            "webhook_never" => Self::WebhookNever,
            "webhook_late" => Self::WebhookLate(pause()?),
            "webhooks_reversed" => Self::WebhooksReversed,
            "refund_fails" => Self::RefundFails,
            "refund_pending" => Self::RefundPending,
            "search_lags" => Self::SearchLags,
            _ => return Err(format!("there is no fault {name:?}")),
        })
    }
}

/// A fault and the requests it is for: all the conditions given must hold.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path_prefix: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_key_prefix: Option<String>,
    #[serde(default = "once")]
    pub times: u64,
    pub fault: String,
}

fn once() -> u64 {
    1
}

/// What a rule may look at.
pub struct Subject<'a> {
    pub method: &'a str,
    pub path: &'a str,
    pub idempotency_key: Option<&'a str>,
    /// Of the request, or else of the object it names.
    pub metadata: &'a BTreeMap<String, String>,
}

impl Rule {
    fn covers(&self, subject: &Subject<'_>) -> bool {
        self.method.as_ref().is_none_or(|method| method.eq_ignore_ascii_case(subject.method))
            && self.path_prefix.as_ref().is_none_or(|prefix| subject.path.starts_with(prefix))
            && self.metadata.iter().all(|(key, value)| subject.metadata.get(key) == Some(value))
            && self
                .idempotency_key_prefix
                .as_ref()
                .is_none_or(|prefix| subject.idempotency_key.is_some_and(|key| key.starts_with(prefix)))
    }
}

/// The rules in force.
#[derive(Debug, Default)]
pub struct Faults(Mutex<Vec<Rule>>);

impl Faults {
    /// # Errors
    /// When the rule names no fault.
    pub fn add(&self, rule: Rule) -> Result<(), String> {
        rule.fault.parse::<Fault>()?;
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(rule);
        Ok(())
    }

    pub fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    pub fn all(&self) -> Vec<Rule> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The faults for this request; each rule that covers it has one time less left.
    pub fn take(&self, subject: &Subject<'_>) -> Vec<Fault> {
        let mut rules = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut taken = Vec::new();
        for rule in rules.iter_mut().filter(|rule| rule.times > 0 && rule.covers(subject)) {
            rule.times -= 1;
            taken.extend(rule.fault.parse::<Fault>());
        }
        rules.retain(|rule| rule.times > 0);
        taken
    }
}
