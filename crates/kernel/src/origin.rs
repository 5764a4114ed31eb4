//! Who caused a change, and through which request: written beside every event and audit row.

use std::net::IpAddr;

use serde::Serialize;
use serde_json::{Value, json};
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
    /// A key to the store, held by a program.
    ApiKey(Uuid),
    /// The payment provider, by a verified message or by our own question.
    Provider,
}

/// Where a change comes from.
#[derive(Debug, Clone)]
pub struct Origin {
    /// Who.
    pub actor: Actor,
    /// The request's id, carried on through jobs that it makes.
    pub request_id: String,
    /// What belongs together across requests, jobs and webhooks: a purchase's is that of the request that began it.
    pub correlation_id: String,
    /// The job or the provider's message that caused it, if one did.
    pub causation_id: Option<String>,
    /// The peer's address, if there is one.
    pub ip: Option<IpAddr>,
    /// At most 256 bytes of what the client calls itself.
    pub user_agent: Option<String>,
}

impl Origin {
    /// Work that nobody asked for just now.
    pub fn system() -> Self {
        Self::of_request(Actor::System, Uuid::now_v7().to_string())
    }

    /// A request that belongs to no other.
    pub fn of_request(actor: Actor, request_id: String) -> Self {
        let correlation_id = request_id.clone();
        Self { actor, request_id, correlation_id, causation_id: None, ip: None, user_agent: None }
    }

    /// The same, caused by a job or a message.
    pub fn caused_by(mut self, cause: impl Into<String>) -> Self {
        self.causation_id = Some(cause.into());
        self
    }

    /// The same, as a part of what has this correlation; unchanged when there is none.
    pub fn correlated(mut self, correlation_id: Option<String>) -> Self {
        self.correlation_id = correlation_id.unwrap_or(self.correlation_id);
        self
    }

    /// What is written beside an event.
    pub fn metadata(&self) -> Value {
        let mut metadata = json!({
            "actor": self.actor, "request_id": self.request_id, "correlation_id": self.correlation_id,
        });
        if let (Some(cause), Some(members)) = (&self.causation_id, metadata.as_object_mut()) {
            members.insert("causation_id".into(), json!(cause));
        }
        metadata
    }

    /// The same request with another actor.
    pub fn acting(mut self, actor: Actor) -> Self {
        self.actor = actor;
        self
    }
}

/// The longest id that a caller may give.
const LONGEST_ID: usize = 128;

/// An id that a caller gave, if it may stand in logs and headers: visible ASCII, and not too long.
pub fn given_id(id: &str) -> Option<String> {
    let fits = (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
    fits.then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_callers_are_visible_and_short() {
        assert_eq!(given_id("abc-123_/:%").as_deref(), Some("abc-123_/:%"));
        assert_eq!(given_id(&"x".repeat(128)).map(|id| id.len()), Some(128));
        for bad in ["", " ", "a b", "a\nb", "a\u{7f}", "ü", &"x".repeat(129)] {
            assert_eq!(given_id(bad), None, "{bad:?}");
        }
    }
}
