//! The part of Stripe's search language that finds things by their fields: exact clauses joined with `AND`.

use serde_json::Value;

use crate::error::ApiError;
use crate::form::Params;
use crate::intents::Intent;

#[derive(Debug, PartialEq, Eq)]
pub enum Clause {
    Metadata {
        key: String,
        value: String,
    },
    Status(String),
    Currency(String),
    Customer(String),
    Amount(i64),
    /// Any other field by its name.
    Field {
        name: String,
        value: String,
    },
}

impl Clause {
    pub fn matches(&self, intent: &Intent) -> bool {
        match self {
            Self::Metadata { key, value } => intent.metadata.get(key) == Some(value),
            Self::Status(status) => intent.status.word() == status,
            Self::Currency(currency) => intent.currency.eq_ignore_ascii_case(currency),
            Self::Customer(customer) => intent.customer.as_ref() == Some(customer),
            Self::Amount(amount) => intent.amount == *amount,
            Self::Field { .. } => false,
        }
    }
}

/// Reads `metadata['k']:'v' AND status:'succeeded'`; `None` when it is anything else.
pub fn parse(query: &str) -> Option<Vec<Clause>> {
    let mut rest = query.trim();
    let mut clauses = Vec::new();
    loop {
        let (clause, after) = clause(rest)?;
        clauses.push(clause);
        rest = after.trim_start();
        if rest.is_empty() {
            return Some(clauses);
        }
        rest = rest.strip_prefix("AND ").or_else(|| rest.strip_prefix("and "))?.trim_start();
    }
}

fn clause(text: &str) -> Option<(Clause, &str)> {
    if let Some(after) = text.strip_prefix("metadata[") {
        let (key, after) = quoted(after)?;
        let (value, after) = quoted(after.strip_prefix("]")?.trim_start().strip_prefix(':')?.trim_start())?;
        return Some((Clause::Metadata { key, value }, after));
    }
    let (field, after) = text.split_once(':')?;
    if field == "amount" {
        let end = after.find(' ').unwrap_or(after.len());
        let amount = after[..end].trim_matches(['\'', '"']).parse().ok()?;
        return Some((Clause::Amount(amount), &after[end..]));
    }
    let (value, after) = quoted(after)?;
    let clause = match field {
        "status" => Clause::Status(value),
        "currency" => Clause::Currency(value),
        "customer" => Clause::Customer(value),
        "email" | "name" | "subscription" | "number" | "active" | "lookup_key" | "product" => {
            Clause::Field { name: field.to_owned(), value }
        }
        _ => return None,
    };
    Some((clause, after))
}

/// A string in single or double quotes, with backslash escapes.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mark = text.chars().next().filter(|mark| matches!(mark, '\'' | '"'))?;
    let mut value = String::new();
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => {
                value.push(c);
                escaped = false;
            }
            '\\' => escaped = true,
            _ if c == mark => return Some((value, &text[at + 1..])),
            _ => value.push(c),
        }
    }
    None
}

/// The clauses of a search over any kind of object.
pub struct Terms(Vec<Clause>);

impl Terms {
    /// Reads the parameter `query`.
    pub fn read(params: &Params) -> Result<Self, ApiError> {
        let query = params.text("query")?.ok_or_else(|| ApiError::missing_param("query"))?;
        parse(&query).map(Self).ok_or_else(|| {
            ApiError::invalid(&format!("We were unable to parse your query: {query}"), Some("query"), None)
        })
    }

    /// Whether all of them hold for the object as it is shown.
    pub fn hold(&self, object: &Value) -> bool {
        self.0.iter().all(|clause| match clause {
            Clause::Metadata { key, value } => object["metadata"][key] == *value,
            Clause::Status(status) => object["status"] == *status,
            Clause::Currency(currency) => object["currency"] == currency.to_ascii_lowercase(),
            Clause::Customer(customer) => object["customer"] == *customer,
            Clause::Amount(amount) => object["amount"] == *amount,
            Clause::Field { name, value } => match &object[name] {
                Value::String(text) => text == value,
                Value::Bool(flag) => flag.to_string() == *value,
                Value::Null | Value::Number(_) | Value::Array(_) | Value::Object(_) => false,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_clauses_are_read() {
        let metadata = Clause::Metadata { key: "order".to_owned(), value: "it's".to_owned() };
        assert_eq!(
            parse(r"metadata['order']:'it\'s' AND status:'succeeded'"),
            Some(vec![metadata, Clause::Status("succeeded".to_owned())])
        );
    }

    #[test]
    fn anything_else_is_refused() {
        for odd in ["", "metadata", "metadata['a']", "metadata['a']:b", "status:'x' OR status:'y'", "x:'y'"] {
            assert_eq!(parse(odd), None, "{odd}");
        }
    }
}
