//! What the doctor finds.

use commerce::health::{Broken, Severity};
use serde::Serialize;

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The store's name in addresses; `None`: the platform.
    pub store: Option<String>,
    /// Its name, which never changes.
    pub code: String,
    /// `critical` or `warning`.
    pub severity: &'static str,
    /// What should hold.
    pub promise: String,
    /// How many things break it.
    pub count: usize,
    /// The first of them.
    pub examples: Vec<String>,
    /// What a person does.
    pub todo: String,
    /// Why mending was refused, for each thing for which it was.
    pub refused: Vec<String>,
}

/// Most that is named of one finding.
const NAMED: usize = 5;

impl Finding {
    /// Of a store, about a promise.
    pub fn of_store(store: &str, broken: Broken) -> Self {
        Self {
            store: Some(store.to_owned()),
            code: broken.promise.code.to_owned(),
            severity: broken.promise.severity.name(),
            promise: broken.promise.says.to_owned(),
            count: broken.count,
            examples: broken.examples,
            todo: broken.promise.todo.to_owned(),
            refused: Vec::new(),
        }
    }

    /// Of the platform; `None` when nothing breaks it.
    pub fn of_platform(code: &str, severity: Severity, promise: &str, broken: Vec<String>, todo: &str) -> Option<Self> {
        let count = broken.len();
        (count > 0).then(|| Self {
            store: None,
            code: code.to_owned(),
            severity: severity.name(),
            promise: promise.to_owned(),
            count,
            examples: broken.into_iter().take(NAMED).collect(),
            todo: todo.to_owned(),
            refused: Vec::new(),
        })
    }

    /// A store that cannot be looked at.
    pub fn unreadable(store: &str, error: &anyhow::Error) -> Self {
        Self {
            store: Some(store.to_owned()),
            code: "store.unreadable".to_owned(),
            severity: Severity::Critical.name(),
            promise: "every store can be read".to_owned(),
            count: 1,
            examples: vec![format!("{error:#}")],
            todo: "see that its schema and role exist, and that it is up to date: souk migrate".to_owned(),
            refused: Vec::new(),
        }
    }
}
