//! Who caused a change, and through which request: written beside every event and audit row.

use std::net::IpAddr;

use serde::Serialize;
use uuid::Uuid;

/// Who acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "id")]
pub enum Actor {
    /// A worker, a job, the command line.
    System,
    /// A person in the shop, known or not.
    Shopper,
    /// An account with a role in the store.
    Staff(Uuid),
    /// The payment provider, by a verified message or by our own question.
    Provider,
}

/// Where a change comes from.
#[derive(Debug, Clone)]
pub struct Origin {
    /// Who.
    pub actor: Actor,
    /// The request's id, carried on through jobs and webhooks that it causes.
    pub request_id: String,
    /// The peer's address, if there is one.
    pub ip: Option<IpAddr>,
    /// At most 256 bytes of what the client calls itself.
    pub user_agent: Option<String>,
}

impl Origin {
    /// Work that nobody asked for just now.
    pub fn system() -> Self {
        Self { actor: Actor::System, request_id: Uuid::now_v7().to_string(), ip: None, user_agent: None }
    }

    /// The same request with another actor.
    pub fn acting(mut self, actor: Actor) -> Self {
        self.actor = actor;
        self
    }
}
