//! How a tenant moves. Pure: no database, no clock.

use serde::{Deserialize, Serialize};

/// How far a tenant has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum TenantState {
    /// Its schema is being made.
    Provisioning,
    /// It trades, if its subscription lets it.
    Active,
    /// The platform stopped it.
    Suspended,
    /// It ends; its data is kept for a while.
    Closing,
    /// Its data is gone.
    Closed,
}

/// Something that happens to a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Step {
    Activate,
    Suspend,
    Resume,
    Close,
    Purge,
}

/// The step is not allowed in this state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("cannot {step:?} a store that is {state:?}")]
pub struct WrongState {
    /// Where the tenant is.
    pub state: TenantState,
    /// What was asked.
    pub step: Step,
}

impl TenantState {
    /// The name on the wire and in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Provisioning => "provisioning",
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Closing => "closing",
            Self::Closed => "closed",
        }
    }

    /// All of them.
    pub const ALL: [Self; 5] = [Self::Provisioning, Self::Active, Self::Suspended, Self::Closing, Self::Closed];

    /// Has it a schema?
    pub fn has_schema(self) -> bool {
        matches!(self, Self::Active | Self::Suspended | Self::Closing)
    }

    /// The state after `step`, or why the step is not allowed.
    pub fn after(self, step: Step) -> Result<Self, WrongState> {
        match (self, step) {
            (Self::Provisioning, Step::Activate) | (Self::Suspended, Step::Resume) => Ok(Self::Active),
            (Self::Active, Step::Suspend) => Ok(Self::Suspended),
            (Self::Active | Self::Suspended, Step::Close) => Ok(Self::Closing),
            (Self::Closing, Step::Purge) => Ok(Self::Closed),
            (state, step) => Err(WrongState { state, step }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Step::{Activate, Close, Purge, Resume, Suspend};
    use TenantState::{Active, Closed, Closing, Provisioning, Suspended};

    #[test]
    fn every_state_and_step() {
        let allowed = [
            (Provisioning, Activate, Active),
            (Active, Suspend, Suspended),
            (Suspended, Resume, Active),
            (Active, Close, Closing),
            (Suspended, Close, Closing),
            (Closing, Purge, Closed),
        ];
        for state in TenantState::ALL {
            for step in [Activate, Suspend, Resume, Close, Purge] {
                let want = allowed.iter().find(|a| (a.0, a.1) == (state, step)).map(|a| a.2);
                assert_eq!(state.after(step), want.ok_or(WrongState { state, step }));
            }
        }
    }
}
