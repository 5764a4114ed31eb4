//! What the fields of rules may hold: everything that is wrong is told at once.

use kernel::problem::FieldError;
use serde::{Deserialize, Deserializer};

use super::PricingError;

/// Collects what is wrong with a request.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<FieldError>);

impl Faults {
    /// Goes on from what is known to be wrong.
    pub(super) fn after(told: Vec<FieldError>) -> Self {
        Self(told)
    }

    /// Is this field known to be wrong?
    pub(super) fn told(&self, field: &str) -> bool {
        self.0.iter().any(|error| error.field == field)
    }

    pub(super) fn add(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.push(FieldError::new(field, "invalid", message));
    }

    /// One thing about a field is enough: what could not be read is not what was sent.
    pub(super) fn push(&mut self, error: FieldError) {
        if !self.told(&error.field) {
            self.0.push(error);
        }
    }

    pub(super) fn range(&mut self, field: &str, value: Option<i64>, least: i64, most: i64) {
        if value.is_some_and(|value| !(least..=most).contains(&value)) {
            self.add(field, format!("must be from {least} to {most}"));
        }
    }

    /// Text that people read, on one line.
    pub(super) fn text(&mut self, field: &str, text: &str, most: usize) {
        let length = text.chars().count();
        if text.trim().is_empty() || length > most || text.chars().any(char::is_control) {
            self.add(field, format!("must be visible text of at most {most} characters"));
        }
    }

    /// ISO 3166-1 alpha-2.
    pub(super) fn country(&mut self, field: impl Into<String>, code: &str) {
        if !country_code(code) {
            self.add(field, "must be two capital letters, such as DE");
        }
    }

    pub(super) fn none(self) -> Result<(), PricingError> {
        if self.0.is_empty() { Ok(()) } else { Err(PricingError::Invalid(self.0)) }
    }
}

/// Has it the form of an ISO 3166-1 alpha-2 code?
pub(crate) fn country_code(code: &str) -> bool {
    code.len() == 2 && code.bytes().all(|letter| letter.is_ascii_uppercase())
}

/// Tells null, which takes a value away, from a field that is not there.
pub(super) fn present<'de, T, D>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    Option::deserialize(deserializer).map(Some)
}
