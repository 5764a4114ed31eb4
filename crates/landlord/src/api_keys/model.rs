//! What an API key is.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

kernel::id! {
    /// One key.
    ApiKeyId
}

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum ApiKeyKind {
    /// `sk_…`: acts as staff.
    Secret,
    /// `pk_…`: names the storefront.
    Publishable,
}

impl ApiKeyKind {
    /// What the key begins with.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Secret => "sk_",
            Self::Publishable => "pk_",
        }
    }
}

/// A key as the store's staff sees it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// What it is for.
    pub kind: ApiKeyKind,
    /// Its name for people.
    pub name: String,
    /// All of a publishable key, the first letters of a secret one.
    pub shown: String,
    /// Permissions.
    pub scopes: Vec<String>,
    /// Since when.
    pub created_at: DateTime<Utc>,
    /// Until when.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
    /// From where.
    pub last_used_ip: Option<String>,
    /// Since when it opens nothing.
    pub revoked_at: Option<DateTime<Utc>>,
}

/// A key with its secret, told once.
#[derive(Serialize, utoipa::ToSchema)]
pub struct NewApiKey {
    /// The key itself. Never told again.
    pub key: String,
    /// What it is.
    #[serde(flatten)]
    pub api_key: ApiKey,
}
