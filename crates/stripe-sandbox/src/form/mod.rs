//! Form-encoded input with nested brackets, as Stripe's clients send it, and the checks Stripe makes on it.

mod metadata;

pub use metadata::Metadata;

use serde_json::{Map, Value};

use crate::error::ApiError;

const MOST_PAIRS: usize = 1000;
const DEEPEST: usize = 8;

/// The parameters of one request, query and body together.
#[derive(Debug, Clone, Default)]
pub struct Params {
    fields: Map<String, Value>,
    pairs: Vec<(String, String)>,
}

impl Params {
    /// Reads `a=1&b[c]=2&d[]=3&e[0][f]=4`.
    pub fn parse(encoded: &[&[u8]]) -> Result<Self, ApiError> {
        let mut params = Self::default();
        for part in encoded {
            let pairs: Vec<(String, String)> = serde_urlencoded::from_bytes(part)
                .map_err(|_| ApiError::invalid("the body is not form-encoded", None, None))?;
            params.pairs.extend(pairs);
        }
        if params.pairs.len() > MOST_PAIRS {
            return Err(ApiError::invalid("too many parameters", None, None));
        }
        for (key, value) in &params.pairs {
            let path = split(key).ok_or_else(|| ApiError::invalid("malformed parameter name", Some(key), None))?;
            insert(&mut params.fields, &path, value);
        }
        for value in params.fields.values_mut() {
            into_lists(value);
        }
        Ok(params)
    }

    /// Reads a flat JSON object of words; `None` when it is anything else.
    pub fn of_json(body: &[u8]) -> Option<Self> {
        let sent: Map<String, Value> = if body.is_empty() { Map::new() } else { serde_json::from_slice(body).ok()? };
        sent.values().all(Value::is_string).then_some(Self { fields: sent, pairs: Vec::new() })
    }

    /// The pairs in one order whatever the order they were sent in, without the key that authenticates.
    pub fn canonical(&self) -> String {
        let mut pairs: Vec<_> = self.pairs.iter().filter(|(name, _)| name != "key").collect();
        pairs.sort();
        pairs.iter().map(|(name, value)| format!("{name}={value}\n")).collect()
    }

    /// Refuses parameters that are not in `known`.
    pub fn only(&self, known: &[&str]) -> Result<(), ApiError> {
        let always = ["expand", "key", "client_secret", "_stripe_account", "_stripe_version"];
        match self.fields.keys().find(|name| !known.contains(&name.as_str()) && !always.contains(&name.as_str())) {
            Some(name) => Err(ApiError::invalid(
                &format!("Received unknown parameter: {name}"),
                Some(name),
                Some("parameter_unknown"),
            )),
            None => Ok(()),
        }
    }

    pub fn has(&self, name: &str) -> bool {
        self.fields.contains_key(name)
    }

    pub fn object(&self, name: &str) -> Option<&Value> {
        self.fields.get(name)
    }

    /// A word inside nested parameters, such as `["card", "number"]`.
    pub fn nested(&self, path: &[&str]) -> Option<&str> {
        let (first, rest) = path.split_first()?;
        let mut value = self.fields.get(*first)?;
        for step in rest {
            value = value.get(step)?;
        }
        value.as_str()
    }

    /// The parameters inside `name`, to be read as if they stood alone; none when it is not there.
    pub fn within(&self, name: &str) -> Self {
        Self {
            fields: self.fields.get(name).and_then(Value::as_object).cloned().unwrap_or_default(),
            pairs: Vec::new(),
        }
    }

    /// The parameters of every element of the list `name`, sent as `name[0][…]`.
    pub fn each(&self, name: &str) -> Vec<Self> {
        let items = match self.fields.get(name) {
            Some(Value::Array(items)) => items.clone(),
            // One element may be sent as `name[][…]`, and numbering may have gaps.
            Some(Value::Object(items)) => items.values().cloned().collect(),
            Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) | None => Vec::new(),
        };
        let fields = items.into_iter().filter_map(|item| item.as_object().cloned());
        fields.map(|fields| Self { fields, pairs: Vec::new() }).collect()
    }

    /// Unix seconds.
    pub fn time(&self, name: &str) -> Result<Option<i64>, ApiError> {
        let Some(time) = self.integer(name)? else { return Ok(None) };
        if (0..=253_402_300_799).contains(&time) {
            return Ok(Some(time));
        }
        let message = "Invalid timestamp: must be an integer Unix timestamp in seconds";
        Err(ApiError::invalid(message, Some(name), Some("parameter_invalid_integer")))
    }

    /// An integer within bounds.
    pub fn between(&self, name: &str, least: i64, most: i64) -> Result<Option<i64>, ApiError> {
        match self.integer(name)? {
            Some(number) if number < least || number > most => {
                let message = format!("This value must be between {least} and {most}.");
                Err(ApiError::invalid(&message, Some(name), Some("parameter_invalid_integer")))
            }
            other => Ok(other),
        }
    }

    /// Whether a time in `created[gte]`, `[gt]`, `[lte]`, `[lt]` or `created` itself covers `time`.
    pub fn covers_time(&self, name: &str, time: i64) -> Result<bool, ApiError> {
        if let Some(Value::String(_)) = self.fields.get(name) {
            return Ok(self.time(name)? == Some(time));
        }
        let range = self.within(name);
        Ok(range.time("gt")?.is_none_or(|bound| time > bound)
            && range.time("gte")?.is_none_or(|bound| time >= bound)
            && range.time("lt")?.is_none_or(|bound| time < bound)
            && range.time("lte")?.is_none_or(|bound| time <= bound))
    }

    /// A word. Empty is an error, as it is with Stripe.
    pub fn text(&self, name: &str) -> Result<Option<String>, ApiError> {
        match self.fields.get(name) {
            None => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Err(ApiError::invalid(
                &format!(
                    "You passed an empty string for '{name}'. We assume empty values are an attempt to unset a \
                     parameter; however '{name}' cannot be unset."
                ),
                Some(name),
                Some("parameter_invalid_empty"),
            )),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(ApiError::invalid(&format!("Invalid string: {name}"), Some(name), None)),
        }
    }

    /// A word that may be unset by sending it empty: `None` is "not sent", `Some(None)` is "unset".
    pub fn change(&self, name: &str) -> Result<Option<Option<String>>, ApiError> {
        match self.fields.get(name) {
            Some(Value::String(text)) if text.is_empty() => Ok(Some(None)),
            _ => Ok(self.text(name)?.map(Some)),
        }
    }

    pub fn integer(&self, name: &str) -> Result<Option<i64>, ApiError> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        text.parse().map(Some).map_err(|_| {
            ApiError::invalid(&format!("Invalid integer: {text}"), Some(name), Some("parameter_invalid_integer"))
        })
    }

    /// A positive amount in minor units, of at most eight digits.
    pub fn amount(&self, name: &str) -> Result<Option<i64>, ApiError> {
        let Some(amount) = self.integer(name)? else { return Ok(None) };
        if amount < 1 {
            return Err(ApiError::invalid(
                "This value must be greater than or equal to 1.",
                Some(name),
                Some("parameter_invalid_integer"),
            ));
        }
        if amount > 99_999_999 {
            let message = "Amount must be no more than 99999999";
            return Err(ApiError::invalid(message, Some(name), Some("amount_too_large")));
        }
        Ok(Some(amount))
    }

    pub fn boolean(&self, name: &str) -> Result<Option<bool>, ApiError> {
        match self.text(name)?.as_deref() {
            None => Ok(None),
            Some("true" | "1") => Ok(Some(true)),
            Some("false" | "0") => Ok(Some(false)),
            Some(other) => Err(ApiError::invalid(&format!("Invalid boolean: {other}"), Some(name), None)),
        }
    }

    /// One word out of a closed list.
    pub fn choice(&self, name: &str, allowed: &[&str]) -> Result<Option<String>, ApiError> {
        let Some(word) = self.text(name)? else { return Ok(None) };
        if allowed.contains(&word.as_str()) {
            return Ok(Some(word));
        }
        let message = format!("Invalid {name}: must be one of {}", allowed.join(", "));
        Err(ApiError::invalid(&message, Some(name), None))
    }

    /// A list of words, sent as `name[]` or `name[0]`.
    pub fn list(&self, name: &str) -> Vec<String> {
        let items = self.fields.get(name).and_then(Value::as_array);
        items.into_iter().flatten().filter_map(|item| item.as_str().map(str::to_owned)).collect()
    }
}

/// `a[b][]` is `a`, `b` and an empty step.
fn split(key: &str) -> Option<Vec<&str>> {
    let (first, mut rest) = key.split_at(key.find('[').unwrap_or(key.len()));
    let mut path = vec![first];
    while !rest.is_empty() {
        let inner = rest.strip_prefix('[')?;
        let end = inner.find(']')?;
        path.push(&inner[..end]);
        rest = &inner[end + 1..];
    }
    (!first.is_empty() && path.len() <= DEEPEST).then_some(path)
}

fn insert(into: &mut Map<String, Value>, path: &[&str], value: &str) {
    let Some((step, rest)) = path.split_first() else { return };
    let name = if step.is_empty() { into.len().to_string() } else { (*step).to_owned() };
    if rest.is_empty() {
        into.insert(name, Value::String(value.to_owned()));
        return;
    }
    let next = into.entry(name).or_insert_with(|| Value::Object(Map::new()));
    if !next.is_object() {
        *next = Value::Object(Map::new());
    }
    if let Some(next) = next.as_object_mut() {
        insert(next, rest, value);
    }
}

fn into_lists(value: &mut Value) {
    let Some(fields) = value.as_object_mut() else { return };
    for inner in fields.values_mut() {
        into_lists(inner);
    }
    let list = !fields.is_empty() && (0..fields.len()).all(|at| fields.contains_key(&at.to_string()));
    if list {
        let items = (0..fields.len()).filter_map(|at| fields.remove(&at.to_string())).collect();
        *value = Value::Array(items);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_nest() {
        let params = Params::parse(&[b"a=1&b[c][d]=2&e[]=3&e[]=4&f[0][g]=5&metadata%5Bk%5D=%C3%A9"]).unwrap();
        assert_eq!(params.text("a").unwrap().as_deref(), Some("1"));
        assert_eq!(params.nested(&["b", "c", "d"]), Some("2"));
        assert_eq!(params.list("e"), ["3", "4"]);
        assert_eq!(params.object("f"), Some(&serde_json::json!([{ "g": "5" }])));
        let mut metadata = Metadata::new();
        params.merge_metadata(&mut metadata).unwrap();
        assert_eq!(metadata["k"], "é");
    }

    #[test]
    fn the_order_of_pairs_does_not_matter() {
        let one = Params::parse(&[b"a=1&b=2&key=pk_1"]).unwrap();
        let two = Params::parse(&[b"b=2", b"a=1"]).unwrap();
        assert_eq!(one.canonical(), two.canonical());
    }

    #[test]
    fn odd_names_are_refused_not_fatal() {
        for odd in ["a[=1", "[a]=1", "a[b]c=1", "a[b][c][d][e][f][g][h][i]=1"] {
            assert!(Params::parse(&[odd.as_bytes()]).is_err(), "{odd}");
        }
        assert!(Params::parse(&[b"a=1&a[b]=2&a[b][c]=3&&="]).is_err());
        assert!(Params::parse(&[b"a=1&a[b]=2&a[b][c]=3"]).is_ok());
    }
}
