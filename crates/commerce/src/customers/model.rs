//! What a customer is.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

kernel::id! {
    /// Identifies a customer.
    CustomerId
}

/// May a customer buy?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum CustomerStatus {
    /// Like everybody.
    Active,
    /// No more.
    Blocked,
}

impl CustomerStatus {
    /// The name that is stored.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Blocked => "blocked",
        }
    }
}

/// What a store knows of a customer.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Customer {
    /// Its id.
    pub id: CustomerId,
    /// In lower case.
    pub email: String,
    /// What people call them.
    pub name: Option<String>,
    /// May they buy?
    pub status: CustomerStatus,
    /// Do their orders go on without review?
    pub trusted: bool,
    /// For staff alone.
    pub note: Option<String>,
    /// When the store came to know them.
    pub created_at: DateTime<Utc>,
    /// When this was last changed.
    pub updated_at: DateTime<Utc>,
}

/// An address as it is kept: without spaces around it, in lower case.
pub(super) fn normal_email(email: &str) -> String {
    email.trim().to_lowercase()
}
