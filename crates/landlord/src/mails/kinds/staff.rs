//! Letters about working in a store.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::mails::letter::name;
use crate::mails::{Letter, Stationery};

/// Letters about working in a store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum StaffMail {
    /// Come and work in a store.
    Invitation {
        /// The row whose secret opens it.
        token: Uuid,
        /// The store's name.
        store: String,
        /// As what.
        role: String,
        /// Address of who invites.
        by: String,
    },
    /// What one is in a store has changed.
    RoleChanged {
        /// The store's name.
        store: String,
        /// What one was.
        from: String,
        /// What one is.
        to: String,
    },
    /// One is no longer in a store.
    Removed {
        /// The store's name.
        store: String,
    },
    /// To the owners: the store has another owner.
    OwnershipTransferred {
        /// The store's name.
        store: String,
        /// Address of who gave it.
        from: String,
        /// Address of who has it.
        to: String,
    },
    /// To the owners: there is a new key to the store.
    ApiKeyCreated {
        /// The store's name.
        store: String,
        /// The key's name.
        key: String,
        /// Address of who made it.
        by: String,
    },
}

impl StaffMail {
    pub(in crate::mails) fn letter(&self, paper: &Stationery<'_>) -> Letter {
        match self {
            Self::Invitation { token, store, role, by } => {
                let store = name(store);
                Letter::new(format!("Invitation to work in {store}"))
                    .say(format!("{by} invites you to work in the store {store} as {role}."))
                    .link("Accept", paper.secret_url("/account/accept-invitation", "invitation", *token))
                    .say("The link works for 7 days. If you know nothing of this, there is nothing to do.")
            }
            Self::RoleChanged { store, from, to } => {
                let store = name(store);
                Letter::new(format!("Your role in {store} is {to} now"))
                    .say(format!("In the store {store} you were {from}. You are {to} now."))
            }
            Self::Removed { store } => {
                let store = name(store);
                Letter::new(format!("You are no longer on the staff of {store}"))
                    .say(format!("You have no role in the store {store} any more. Your account stays as it is."))
            }
            Self::OwnershipTransferred { store, from, to } => {
                let store = name(store);
                Letter::new(format!("{store} has another owner"))
                    .say(format!("{from} has made {to} owner of the store {store}, and is a manager there now."))
                    .say("If you did not expect this, write to us at once.")
            }
            Self::ApiKeyCreated { store, key, by } => {
                let store = name(store);
                Letter::new(format!("A new API key for {store}"))
                    .say(format!("{by} has made the API key \"{}\" for the store {store}.", name(key)))
                    .say("If you did not expect this, revoke the key among the store's API keys.")
            }
        }
    }
}
