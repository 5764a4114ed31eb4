//! Find everything that is wrong with a body, not only what its decoder meets first.
//!
//! The decoder stops at the first value that it cannot read. That value is taken away, or where one is needed replaced by
//! any that fits, and the body is read again, until all of it can be read. What was put in its place is never used but
//! for finding out what else is wrong.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use serde_path_to_error::Segment;

use crate::problem::FieldError;

/// Nobody mends more than this.
const MOST: usize = 64;

/// What the decoder could not read.
struct Wrong {
    place: Vec<Step>,
    field: String,
    message: String,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Key(String),
    At(usize),
}

/// What has been done about a place.
#[derive(Default)]
struct Tried {
    removed: bool,
    /// Values that may fit, the best last.
    candidates: Vec<Value>,
}

/// Reads a body, with all that is wrong with it; `None` when nothing that fits could be found.
pub(crate) fn mend<T: DeserializeOwned>(mut body: Value, mut told: Vec<FieldError>) -> (Option<T>, Vec<FieldError>) {
    let mut tried = BTreeMap::<Vec<Step>, Tried>::new();
    for _ in 0..MOST {
        let wrong = match read::<T>(&body) {
            Ok(value) => return (Some(value), told),
            Err(wrong) => wrong,
        };
        if !is_told(&told, &wrong.field) {
            told.push(FieldError::new(&wrong.field, "invalid", &wrong.message));
        }
        let of = tried.entry(wrong.place.clone()).or_insert_with(|| Tried { removed: false, candidates: usual() });
        // The decoder knows names that fit.
        if let Some(named) = wrong.message.split_once("expected ").and_then(|(_, names)| names.split('`').nth(1)) {
            of.candidates.push(json!(named));
        }
        if !replace(&mut body, &wrong.place, of) {
            break;
        }
    }
    (None, told)
}

/// Is a field, or what it is a part of, among the errors?
pub(crate) fn is_told(told: &[FieldError], field: &str) -> bool {
    told.iter().any(|error| {
        let rest = field.strip_prefix(error.field.as_str());
        rest.is_some_and(|rest| rest.is_empty() || !error.field.is_empty() && rest.starts_with(['.', '[']))
    })
}

fn usual() -> Vec<Value> {
    let id = "00000000-0000-0000-0000-000000000000";
    vec![json!({}), json!([]), json!("2000-01-01T00:00:00Z"), json!(id), json!(false), json!(0), json!("")]
}

fn read<T: DeserializeOwned>(body: &Value) -> Result<T, Wrong> {
    serde_path_to_error::deserialize(body).map_err(|error| {
        let mut place: Vec<Step> = Vec::new();
        for segment in error.path() {
            match segment {
                Segment::Seq { index } => place.push(Step::At(*index)),
                Segment::Map { key } => place.push(Step::Key(key.clone())),
                Segment::Enum { .. } | Segment::Unknown => {}
            }
        }
        let path = error.path().to_string();
        let mut field = if path == "." { String::new() } else { path };
        let message = error.into_inner().to_string();
        // What is missing is named in words only.
        if let Some(name) = message.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')) {
            field = if field.is_empty() { name.to_owned() } else { format!("{field}.{name}") };
            place.push(Step::Key(name.to_owned()));
        }
        Wrong { place, field, message }
    })
}

/// Takes the value away, or puts the next candidate there. False when there is nothing left to try.
fn replace(body: &mut Value, place: &[Step], tried: &mut Tried) -> bool {
    let Some((last, path)) = place.split_last() else { return false };
    let mut holder = body;
    for step in path {
        let next = match step {
            Step::Key(key) => holder.get_mut(key),
            Step::At(index) => holder.get_mut(index),
        };
        let Some(next) = next else { return false };
        holder = next;
    }
    match (holder, last) {
        (Value::Object(fields), Step::Key(key)) => {
            if !tried.removed {
                tried.removed = true;
                if fields.remove(key).is_some() {
                    return true;
                }
            }
            let Some(candidate) = tried.candidates.pop() else { return false };
            fields.insert(key.clone(), candidate);
            true
        }
        (Value::Array(values), Step::At(index)) => match (values.get_mut(*index), tried.candidates.pop()) {
            (Some(value), Some(candidate)) => {
                *value = candidate;
                true
            }
            _ => false,
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize, PartialEq, Eq)]
    #[serde(rename_all = "snake_case")]
    enum Kind {
        Percent,
        Fixed,
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Line {
        quantity: u8,
        #[expect(dead_code, reason = "read only")]
        id: uuid::Uuid,
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Form {
        #[expect(dead_code, reason = "read only")]
        title: String,
        kind: Kind,
        limit: Option<i32>,
        lines: Vec<Line>,
        #[expect(dead_code, reason = "read only")]
        at: chrono::DateTime<chrono::Utc>,
    }

    fn fields(body: Value) -> (Option<Form>, Vec<String>) {
        let (form, told) = mend::<Form>(body, Vec::new());
        (form, told.into_iter().map(|error| error.field).collect())
    }

    #[test]
    fn everything_that_cannot_be_read_is_told() {
        let id = uuid::Uuid::nil();
        let (form, told) = fields(json!({
            "title": 7, "kind": "most", "limit": 3_000_000_000_i64, "color": "red",
            "lines": [{ "quantity": 1, "id": id }, { "quantity": 300, "id": "x" }, { "quantity": 2 }, 5],
        }));
        let mut told: Vec<&str> = told.iter().map(String::as_str).collect();
        told.sort_unstable();
        assert_eq!(
            told,
            ["at", "color", "kind", "limit", "lines[1].id", "lines[1].quantity", "lines[2].id", "lines[3]", "title"]
        );
        let form = form.expect("it could be mended");
        assert_eq!((form.kind, form.limit, form.lines[0].quantity), (Kind::Percent, None, 1));
    }

    #[test]
    fn what_cannot_be_mended_comes_to_an_end() {
        let lines: Vec<Value> = (0..1000).map(|_| json!({ "quantity": -1 })).collect();
        let (form, told) = fields(json!({ "lines": lines }));
        assert!(form.is_none() && !told.is_empty() && told.len() <= MOST);
        assert!(fields(json!(7)).0.is_none());
    }

    #[test]
    fn what_is_right_is_left_alone() {
        let at = "2026-01-01T00:00:00Z";
        let (form, told) = fields(json!({ "title": "t", "kind": "fixed", "limit": 5, "lines": [], "at": at }));
        assert_eq!((form.map(|form| (form.kind, form.limit)), told.len()), (Some((Kind::Fixed, Some(5))), 0));
    }

    #[test]
    fn a_part_of_what_is_told_is_told() {
        let told = [FieldError::new("lines[1]", "invalid", ""), FieldError::new("", "invalid", "")];
        assert!(is_told(&told, "lines[1].quantity") && is_told(&told, "lines[1]"));
        assert!(!is_told(&told, "lines[11]") && !is_told(&told, "lines"));
    }
}
