//! One request's view of the state: what it changes, what it announces, and what time it is for it.

use serde_json::{Map, Value};

use crate::events::Event;
use crate::ids::{new_id, now};
use crate::refunds;
use crate::state::{Change, Snapshot, State};

/// One request's view of the state. Its changes apply at once and reach the ledger together.
pub struct Tx<'a> {
    pub state: &'a mut State,
    pub changes: Vec<Change>,
    pub events: Vec<Event>,
    /// Where people reach the sandbox.
    pub url: &'a str,
    pub request_id: Option<String>,
    pub idempotency_key: Option<String>,
    /// A fault: where refunds made by this request go instead of succeeding at once.
    pub refund_goes: Option<refunds::Status>,
    /// The time of the test clock that the objects at hand live by.
    moment: Option<i64>,
}

impl<'a> Tx<'a> {
    pub fn new(state: &'a mut State, url: &'a str) -> Self {
        Self {
            state,
            changes: Vec::new(),
            events: Vec::new(),
            url,
            request_id: None,
            idempotency_key: None,
            refund_goes: None,
            moment: None,
        }
    }

    /// From here on it is the time of `clock`; the machine's when there is none.
    pub fn live_by(&mut self, clock: Option<&str>) {
        self.moment = clock.and_then(|id| self.state.clocks.any(id)).map(|clock| clock.frozen_time);
    }

    /// Unix seconds, for the objects at hand.
    pub fn now(&self) -> i64 {
        self.moment.unwrap_or_else(now)
    }

    pub fn put(&mut self, change: Change) {
        self.state.apply(change.clone());
        self.changes.push(change);
    }

    pub fn emit(&mut self, kind: &str, object: Snapshot) {
        self.announce(kind, object, None);
    }

    /// Announces a change together with what was before; a change that shows nowhere is not announced.
    pub fn emit_update(&mut self, kind: &str, before: &Value, object: Snapshot) {
        let previous = difference(before, &object.render());
        if !previous.is_empty() {
            self.announce(kind, object, Some(Value::Object(previous)));
        }
    }

    fn announce(&mut self, kind: &str, object: Snapshot, previous: Option<Value>) {
        // What is told of a connected account is told by that account.
        let account =
            if let Snapshot::Account(account) = &object { Some(account.id.clone()) } else { object.account() };
        self.events.push(Event {
            id: new_id("evt"),
            account,
            created: self.now(),
            kind: kind.to_owned(),
            request_id: self.request_id.clone(),
            idempotency_key: self.idempotency_key.clone(),
            object,
            previous: previous.map(|value| value.to_string()),
            targets: Vec::new(),
        });
    }
}

/// The fields of `before` that are otherwise in `after`: of objects the fields within, of lists the whole.
fn difference(before: &Value, after: &Value) -> Map<String, Value> {
    let mut changed = Map::new();
    let names = |value: &Value| value.as_object().map(|fields| fields.keys().cloned().collect()).unwrap_or_default();
    let mut all: Vec<String> = names(before);
    all.extend(names(after));
    for name in all {
        let (old, new) = (&before[&name], &after[&name]);
        if old == new {
            continue;
        }
        let value = match (old, new) {
            (Value::Object(_), Value::Object(_)) => Value::Object(difference(old, new)),
            (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_), _)
            | (Value::Object(_), _) => old.clone(),
        };
        changed.insert(name, value);
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_difference_holds_what_was() {
        let before = json!({ "a": 1, "b": { "c": 2, "d": 3 }, "e": [1], "f": null });
        let after = json!({ "a": 1, "b": { "c": 4, "d": 3 }, "e": [2], "f": { "g": 1 }, "h": 1 });
        let expected = json!({ "b": { "c": 2 }, "e": [1], "f": null, "h": null });
        assert_eq!(Value::Object(difference(&before, &after)), expected);
        assert!(difference(&after, &after).is_empty());
    }
}
