//! Extractors whose refusals are problems: JSON bodies, path segments, query strings.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use garde::Validate;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use crate::mend;
use crate::problem::{FieldError, Problem};

/// The largest body that everything wrong is told of; of a larger one, what is met first.
const MENDABLE: usize = 32 << 10;

/// A JSON body, decoded and validated. Unknown fields are refused when the type says `deny_unknown_fields`,
/// as every request type does.
#[derive(Debug, Clone, Copy)]
pub struct Json<T>(pub T);

impl<T, S> FromRequest<S> for Json<T>
where
    T: DeserializeOwned + Validate<Context = ()>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        announced(request.headers())?;
        let Mended(value, mut told) = mended::<T>(&body(request, state).await?)?;
        if let Err(report) = value.validate() {
            let errors =
                report.iter().map(|(path, error)| FieldError::new(path.to_string(), "invalid", error.message()));
            // What is wrong with a value that stands in for another says nothing.
            let errors: Vec<_> = errors.filter(|error| !mend::is_told(&told, &error.field)).collect();
            told.extend(errors);
        }
        if told.is_empty() { Ok(Self(value)) } else { Err(Problem::invalid(told)) }
    }
}

/// A JSON body, and what is wrong with it, for who has more to say about it than can be known without looking it up.
/// Whoever uses the value when something is wrong uses what nobody sent.
#[derive(Debug, Clone)]
pub struct Mended<T>(pub T, pub Vec<FieldError>);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Mended<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        announced(request.headers())?;
        mended(&body(request, state).await?)
    }
}

fn mended<T: DeserializeOwned>(bytes: &[u8]) -> Result<Mended<T>, Problem> {
    // Types with fields can be read from arrays too, by position; nobody means that.
    if bytes.trim_ascii_start().starts_with(b"[") {
        return Err(Problem::invalid(vec![FieldError::new("", "invalid", "must be an object")]));
    }
    let first = match decode(bytes) {
        Ok(value) => return Ok(Mended(value, Vec::new())),
        Err(problem) => problem,
    };
    // Nobody fills in a larger form, and whoever sends one shall not have it read again and again.
    if first.status != StatusCode::UNPROCESSABLE_ENTITY || bytes.len() > MENDABLE {
        return Err(first);
    }
    match serde_json::from_slice(bytes) {
        Ok(body) => match mend::mend(body, first.errors) {
            (Some(value), told) => Ok(Mended(value, told)),
            (None, told) => Err(Problem::invalid(told)),
        },
        Err(_) => Err(first),
    }
}

fn announced(headers: &HeaderMap) -> Result<(), Problem> {
    if is_json(headers) {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "request.unsupported_media_type",
        "send the body as application/json",
    ))
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

/// What a body fails with that does not arrive in time; put there by whoever reads from the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the body did not arrive in time")]
pub struct TooLate;

/// The raw body, refused when it is over the limit.
pub async fn body<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Problem> {
    Bytes::from_request(request, state).await.map_err(|rejection: BytesRejection| {
        if is_too_late(&rejection) {
            Problem::new(StatusCode::REQUEST_TIMEOUT, "request.too_late", TooLate)
        } else if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "request.too_large", "the body is larger than is accepted here")
        } else {
            Problem::new(StatusCode::BAD_REQUEST, "request.incomplete", "the body did not arrive as announced")
        }
    })
}

fn is_too_late(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if error.is::<TooLate>() {
            return true;
        }
        next = error.source();
    }
    false
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(Ok(content_type)) = headers.get(CONTENT_TYPE).map(|value| value.to_str()) else { return false };
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    media_type.eq_ignore_ascii_case("application/json")
}

/// Decodes JSON; says where it is wrong.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value: T = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        match inner.classify() {
            Category::Data => {
                let field = if path == "." { String::new() } else { path };
                Problem::invalid(vec![FieldError::new(field, "invalid", without_position(&inner))])
            }
            Category::Syntax | Category::Eof | Category::Io => malformed(&inner),
        }
    })?;
    reader.end().map_err(|error| malformed(&error))?;
    Ok(value)
}

fn malformed(error: &serde_json::Error) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "request.malformed", format!("the body is not JSON: {error}"))
}

/// The message without serde's " at line 1 column 2", which the field's path says better.
fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}

/// The variable parts of the path. One that does not even look like an id is as missing as any other.
#[derive(Debug, Clone, Copy)]
pub struct Path<T>(pub T);

impl<T, S> FromRequestParts<S> for Path<T>
where
    T: DeserializeOwned + Send,
    S: Send + Sync,
{
    type Rejection = Problem;

    #[expect(clippy::disallowed_types, reason = "wrapped here, so that its refusal is a problem")]
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        path.map(|axum::extract::Path(value)| Self(value)).map_err(|_| Problem::not_found("object"))
    }
}

/// The query string.
#[derive(Debug, Clone, Copy)]
pub struct Query<T>(pub T);

impl<T, S> FromRequestParts<S> for Query<T>
where
    T: DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let pairs = serde_urlencoded::Deserializer::new(form_pairs(parts.uri.query().unwrap_or_default().as_bytes()));
        serde_path_to_error::deserialize(pairs).map(Self).map_err(|error| {
            let field = error.path().to_string();
            let field = if field == "." { String::new() } else { field };
            Problem::invalid_query(&field, error.into_inner().to_string())
        })
    }
}

fn form_pairs(query: &[u8]) -> form_urlencoded::Parse<'_> {
    form_urlencoded::parse(query)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Line {
        #[expect(dead_code, reason = "decoded only")]
        quantity: u32,
    }

    #[derive(Debug, serde::Deserialize)]
    struct Order {
        #[expect(dead_code, reason = "decoded only")]
        lines: Vec<Line>,
    }

    #[test]
    fn a_wrong_field_is_named_with_its_path() {
        for wrong in ["1.5", "\"2\"", "-1", "9223372036854775808", "null", "true", "[1]", "1e400"] {
            let problem =
                decode::<Order>(format!(r#"{{"lines":[{{"quantity":{wrong}}}]}}"#).as_bytes()).expect_err(wrong);
            if wrong == "1e400" {
                assert_eq!(problem.status, StatusCode::BAD_REQUEST);
            } else {
                assert_eq!(problem.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
                assert_eq!(problem.errors[0].field, "lines[0].quantity");
            }
        }
        let unknown = decode::<Order>(br#"{"lines":[{"quantity":1,"price":0}]}"#).expect_err("unknown field");
        assert_eq!(unknown.errors[0].field, "lines[0].price");
    }

    #[test]
    fn what_is_not_json_is_malformed() {
        for wrong in ["", "{", "{}x", "nope"] {
            let problem = decode::<serde_json::Value>(wrong.as_bytes()).expect_err(wrong);
            assert_eq!((problem.status, problem.code), (StatusCode::BAD_REQUEST, "request.malformed"));
        }
    }
}
