//! What a payment is.

use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

use crate::settings;

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
    /// The shopper by itself, by bank transfer for one; staff says when it has come.
    Manual,
}

/// When the money of a card payment moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Capture {
    /// As soon as the shopper has confirmed.
    Automatic,
    /// The shopper authorises it; it moves when the store asks for it.
    Manual,
}

impl Capture {
    /// The name in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Automatic => "automatic",
            Self::Manual => "manual",
        }
    }
}

impl Provider {
    /// The name on the wire and in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stripe => "stripe",
            Self::Cod => "cod",
            Self::Manual => "manual",
        }
    }
}

impl From<settings::Capture> for Capture {
    fn from(wanted: settings::Capture) -> Self {
        match wanted {
            settings::Capture::Automatic => Self::Automatic,
            settings::Capture::Manual => Self::Manual,
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
    /// The shopper has agreed and the bank has promised; the store has still to ask for it.
    Authorized,
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
            Self::Authorized => "authorized",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// May it still become anything?
    pub fn open(self) -> bool {
        match self {
            Self::Created | Self::Processing | Self::RequiresAction | Self::Unknown | Self::Authorized => true,
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
    /// `stripe`, `cod` or `manual`.
    pub provider: String,
    /// Where it stands.
    pub status: String,
    /// In minor units of the order's currency.
    pub amount_minor: i64,
    /// What has arrived.
    pub captured_minor: i64,
    /// What of it has gone back.
    pub refunded_minor: i64,
    /// The platform's part of it.
    pub application_fee_minor: Option<i64>,
    /// `automatic`, or `manual`: it moves when staff asks for it.
    pub capture: String,
    /// The how-manieth for its order, from 1.
    pub attempt: i32,
    /// It bought nothing, and goes back by itself.
    pub surplus: bool,
    /// What the bank says.
    pub reference: Option<String>,
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
    /// The how-manieth for its order.
    pub attempt: i32,
    /// When the money moves.
    pub capture: Capture,
    /// The platform's part of it.
    pub application_fee_minor: Option<i64>,
    /// What has arrived.
    pub captured_minor: i64,
    /// What of it has gone back.
    pub refunded_minor: i64,
    /// Why it is being called off, if it is.
    pub void_reason: Option<String>,
    /// It bought nothing, and goes back by itself.
    pub surplus: bool,
    /// The provider's id of what went back by itself, or what the bank says.
    pub reference: Option<String>,
    /// How often the provider has failed to say how it stands.
    pub asks: i32,
    /// Is it so old that the provider may have forgotten our key?
    pub stale: bool,
}
