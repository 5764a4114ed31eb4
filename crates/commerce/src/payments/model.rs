//! What a payment is.

use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

kernel::id! {
    /// Identifies a payment.
    PaymentId
}

/// Who moves the money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Provider {
    Stripe,
    /// Cash on delivery: the carrier.
    Cod,
}

impl Provider {
    /// The name on the wire and in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stripe => "stripe",
            Self::Cod => "cod",
        }
    }
}

/// Where a payment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Status {
    Created,
    Processing,
    RequiresAction,
    Unknown,
    Succeeded,
    Failed,
    Cancelled,
}

impl Status {
    /// The name on the wire and in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Processing => "processing",
            Self::RequiresAction => "requires_action",
            Self::Unknown => "unknown",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// May it still become anything?
    pub fn open(self) -> bool {
        match self {
            Self::Created | Self::Processing | Self::RequiresAction | Self::Unknown => true,
            Self::Succeeded | Self::Failed | Self::Cancelled => false,
        }
    }
}

/// A payment, as shopper and staff see it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Payment {
    /// Its id.
    pub id: PaymentId,
    /// The order that it pays.
    pub order_id: Uuid,
    /// `stripe` or `cod`.
    pub provider: String,
    /// Where it stands.
    pub status: String,
    /// In minor units of the order's currency.
    pub amount_minor: i64,
    /// What has arrived.
    pub captured_minor: i64,
    /// Three capital letters.
    pub currency: String,
    /// The provider's own id.
    pub provider_ref: Option<String>,
    /// With it a browser confirms the payment.
    #[serde(skip)]
    pub client_secret: Option<String>,
    /// Why the last try was declined.
    pub failure_code: Option<String>,
    /// Why a person must look at it.
    pub flag: Option<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// A payment that this transaction holds.
#[derive(Debug, Clone)]
pub struct Locked {
    /// Its id.
    pub id: PaymentId,
    /// The order that it pays.
    pub order_id: Uuid,
    /// Who moves the money.
    pub provider: Provider,
    /// Where it stands.
    pub status: Status,
    /// What must be paid.
    pub amount_minor: i64,
    /// Three capital letters.
    pub currency: String,
    /// The connected account that gets it; `None`: the platform's.
    pub account: Option<String>,
    /// The key by which the provider knows our request.
    pub provider_key: String,
    /// The provider's own id, once known.
    pub provider_ref: Option<String>,
    /// Why the last try was declined.
    pub failure_code: Option<String>,
    /// Why a person must look at it.
    pub flag: Option<String>,
    /// Version of its last event.
    pub version: i64,
    /// Is it so old that the provider may have forgotten our key?
    pub stale: bool,
}
