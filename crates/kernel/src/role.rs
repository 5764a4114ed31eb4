//! What somebody is in a store. What a role may do there is the store's business, who has it the platform's.

use serde::{Deserialize, Serialize};

/// What an account is in a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Role {
    Owner,
    Manager,
    Fulfilment,
    Support,
    Viewer,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 5] = [Self::Owner, Self::Manager, Self::Fulfilment, Self::Support, Self::Viewer];

    /// Reads the name that the landlord stores.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    /// The name that the landlord stores.
    pub fn name(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Manager => "manager",
            Self::Fulfilment => "fulfilment",
            Self::Support => "support",
            Self::Viewer => "viewer",
        }
    }

    /// May somebody of this role give or take that one? Owners any, managers what is below them, nobody else.
    pub fn decides_over(self, other: Self) -> bool {
        match self {
            Self::Owner => true,
            Self::Manager => match other {
                Self::Owner | Self::Manager => false,
                Self::Fulfilment | Self::Support | Self::Viewer => true,
            },
            Self::Fulfilment | Self::Support | Self::Viewer => false,
        }
    }
}
