//! Everything that the platform writes letters about. Pure.

use serde::{Deserialize, Serialize};

use super::kinds::{AccountMail, BillingMail, StaffMail};
use super::{Letter, Stationery};

/// A letter before it is put into words. It is stored, so it must hold no secret; and one that is stored must be read
/// by the next version: give a new field a `#[serde(default)]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "area", rename_all = "snake_case")]
pub enum Mail {
    /// About one's account.
    Account(AccountMail),
    /// About paying for a store.
    Billing(BillingMail),
    /// About working in a store.
    Staff(StaffMail),
}

impl Mail {
    /// In words.
    pub fn letter(&self, paper: &Stationery<'_>) -> Letter {
        match self {
            Self::Account(mail) => mail.letter(paper),
            Self::Billing(mail) => mail.letter(paper),
            Self::Staff(mail) => mail.letter(paper),
        }
    }
}

/// Area and kind of a stored letter, such as `account.verify_email`.
pub(super) fn kind(data: &serde_json::Value) -> String {
    let part = |name: &str| data.get(name).and_then(serde_json::Value::as_str).unwrap_or_default();
    format!("{}.{}", part("area"), part("kind"))
}

impl From<AccountMail> for Mail {
    fn from(mail: AccountMail) -> Self {
        Self::Account(mail)
    }
}

impl From<BillingMail> for Mail {
    fn from(mail: BillingMail) -> Self {
        Self::Billing(mail)
    }
}

impl From<StaffMail> for Mail {
    fn from(mail: StaffMail) -> Self {
        Self::Staff(mail)
    }
}
