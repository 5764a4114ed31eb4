//! Metadata: what callers keep on objects.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Params;
use crate::error::ApiError;

pub type Metadata = BTreeMap<String, String>;

impl Params {
    /// Merges the metadata sent into `current`: an empty value removes its key, an empty map removes all.
    pub fn merge_metadata(&self, current: &mut Metadata) -> Result<(), ApiError> {
        match self.fields.get("metadata") {
            None => return Ok(()),
            Some(Value::String(text)) if text.is_empty() => current.clear(),
            Some(Value::Object(pairs)) => {
                for (key, value) in pairs {
                    merge_pair(current, key, value)?;
                }
            }
            // Keys that are all numbers look like a list.
            Some(Value::Array(values)) => {
                for (key, value) in values.iter().enumerate() {
                    merge_pair(current, &key.to_string(), value)?;
                }
            }
            Some(_) => return Err(ApiError::invalid("Invalid metadata: must be a hash", Some("metadata"), None)),
        }
        if current.len() > 50 {
            return Err(ApiError::invalid("Metadata can have up to 50 keys", Some("metadata"), None));
        }
        Ok(())
    }
}

fn merge_pair(current: &mut Metadata, key: &str, value: &Value) -> Result<(), ApiError> {
    let param = format!("metadata[{key}]");
    let Some(value) = value.as_str() else {
        return Err(ApiError::invalid("Metadata values must be strings", Some(&param), None));
    };
    if key.chars().count() > 40 || value.chars().count() > 500 {
        let message = "Metadata keys may have 40 characters and values 500";
        return Err(ApiError::invalid(message, Some(&param), None));
    }
    if value.is_empty() {
        current.remove(key);
    } else {
        current.insert(key.to_owned(), value.to_owned());
    }
    Ok(())
}
