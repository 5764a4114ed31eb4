//! What an invitation is.

use chrono::{DateTime, Utc};
use kernel::role::Role;
use serde::{Deserialize, Serialize};

kernel::id! {
    /// One invitation.
    InvitationId
}

/// How far an invitation has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum InvitationState {
    Open,
    Accepted,
    Revoked,
    Expired,
}

/// An invitation as the store's staff sees it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Invitation {
    /// Its id.
    pub id: InvitationId,
    /// To whom.
    pub email: String,
    /// As what.
    pub role: Role,
    /// How far it has got.
    pub state: InvitationState,
    /// Address of who invites.
    pub invited_by: String,
    /// When the last letter was asked for.
    pub sent_at: DateTime<Utc>,
    /// Until when its link works.
    pub expires_at: DateTime<Utc>,
    /// Since when it exists.
    pub created_at: DateTime<Utc>,
}
