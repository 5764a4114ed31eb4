//! Who asks for what: one request of the API, read and authenticated.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::HeaderMap;
use hyper::body::Bytes;
use hyper::http::request::Parts;

use crate::error::ApiError;
use crate::form::Params;
use crate::ids::new_id;
use crate::world::World;

/// Which key the caller holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    Secret,
    /// A browser: it may only see and confirm intents whose client secret it knows.
    Publishable,
}

#[derive(Debug, Clone)]
pub struct Ask {
    pub method: String,
    pub path: String,
    pub params: Params,
    pub caller: Caller,
    pub account: Option<String>,
    pub idempotency_key: Option<String>,
    pub request_id: String,
    pub fault: Option<String>,
}

impl Ask {
    pub fn read(world: &World, head: &Parts, body: &Bytes, request_id: String) -> Result<Self, ApiError> {
        let params = Params::parse(&[head.uri.query().unwrap_or_default().as_bytes(), body])?;
        let caller = authenticate(world, &head.headers, &params)?;
        let account = match header(&head.headers, "stripe-account") {
            Some(account) => Some(account.to_owned()),
            None => params.text("_stripe_account")?,
        };
        if let Some(account) = &account {
            let well_formed = account.strip_prefix("acct_").is_some_and(|rest| {
                !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            });
            if !well_formed {
                let message = format!(
                    "The provided key does not have access to account '{account}' (or that account \
                                       does not exist). Application access may have been revoked."
                );
                return Err(ApiError::new(403, "invalid_request_error", Some("account_invalid"), &message));
            }
        }
        let idempotency_key = header(&head.headers, "idempotency-key").map(str::to_owned);
        if idempotency_key.as_ref().is_some_and(|key| key.is_empty() || key.chars().count() > 255) {
            let message = "Idempotency keys must have between 1 and 255 characters.";
            return Err(ApiError::new(400, "idempotency_error", None, message));
        }
        Ok(Self {
            method: head.method.as_str().to_owned(),
            path: head.uri.path().to_owned(),
            params,
            caller,
            account,
            idempotency_key,
            request_id,
            fault: header(&head.headers, "sandbox-fault").map(str::to_owned),
        })
    }

    /// The steps of the path behind `/v1/`.
    pub fn steps(&self) -> Vec<&str> {
        self.path.trim_start_matches("/v1/").split('/').filter(|step| !step.is_empty()).collect()
    }
}

pub fn new_request_id() -> String {
    new_id("req").chars().take(18).collect()
}

fn authenticate(world: &World, headers: &HeaderMap, params: &Params) -> Result<Caller, ApiError> {
    let key = match header(headers, "authorization") {
        Some(sent) => match sent.split_once(' ') {
            Some((scheme, key)) if scheme.eq_ignore_ascii_case("bearer") => key.trim().to_owned(),
            Some((scheme, pair)) if scheme.eq_ignore_ascii_case("basic") => basic_user(pair.trim()),
            Some(_) | None => String::new(),
        },
        None => params.text("key")?.unwrap_or_default(),
    };
    if key == world.secret_key {
        return Ok(Caller::Secret);
    }
    if key == world.publishable_key {
        return Ok(Caller::Publishable);
    }
    if key.is_empty() {
        return Err(ApiError::unauthorized(
            "You did not provide an API key. You need to provide your API key in the Authorization header, using \
             Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
        ));
    }
    let shown: String = key.chars().take(8).collect();
    Err(ApiError::unauthorized(&format!("Invalid API Key provided: {shown}****")))
}

fn basic_user(pair: &str) -> String {
    let decoded = STANDARD.decode(pair).ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
    decoded.split(':').next().unwrap_or_default().to_owned()
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
