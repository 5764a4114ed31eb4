//! Lists in pages: `{data, next_cursor}`, at most 100 a page.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::problem::Problem;

/// How many there are on a page when the client does not say.
pub const DEFAULT_LIMIT: i64 = 20;
/// The most on one page.
pub const MAX_LIMIT: i64 = 100;

/// What a client asks of a list.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// How many, from 1 to 100.
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<i64>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// One page of a list.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Page<T> {
    /// The objects.
    pub data: Vec<T>,
    /// Ask with this for the next page; null on the last one.
    pub next_cursor: Option<String>,
}

/// Checks a requested page size.
pub fn limit(asked: Option<i64>) -> Result<i64, Problem> {
    match asked {
        None => Ok(DEFAULT_LIMIT),
        Some(limit) if (1..=MAX_LIMIT).contains(&limit) => Ok(limit),
        Some(_) => Err(Problem::invalid_query("limit", format!("must be from 1 to {MAX_LIMIT}"))),
    }
}

/// Reads a cursor made by [`cut`]. `K` names what the list is sorted by, so a cursor of another sort is refused.
pub fn after<K: DeserializeOwned>(cursor: Option<&str>) -> Result<Option<K>, Problem> {
    let Some(cursor) = cursor else { return Ok(None) };
    let key = URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|json| serde_json::from_slice(&json).ok());
    key.map(Some).ok_or_else(|| Problem::invalid_query("cursor", "is not a cursor of this list"))
}

/// Makes a page of rows that were fetched with `limit + 1`: the extra row only tells that there are more.
pub fn cut<T, K: Serialize>(mut rows: Vec<T>, limit: i64, key: impl Fn(&T) -> K) -> Page<T> {
    let size = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > size;
    rows.truncate(size);
    let next_cursor = rows
        .last()
        .filter(|_| more)
        .and_then(|last| serde_json::to_vec(&key(last)).ok())
        .map(|json| URL_SAFE_NO_PAD.encode(json));
    Page { data: rows, next_cursor }
}
