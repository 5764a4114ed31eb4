//! Links that lead an account's owner to the form, once.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Account;
use super::verbs::living;
use crate::error::ApiError;
use crate::form::Params;
use crate::ids::{now, random};
use crate::state::{Body, Change, Snapshot, Tx};
use crate::table::Row;

const LIFE: i64 = 5 * 60;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AccountLink {
    pub id: String,
    pub owner: String,
    pub created: i64,
    pub url: String,
    pub refresh_url: String,
    pub return_url: String,
    pub used: bool,
}

impl AccountLink {
    pub fn usable(&self) -> bool {
        !self.used && now() <= self.created + LIFE
    }
}

impl Row for AccountLink {
    const NAME: &'static str = "account link";
    const PARAM: &'static str = "link";

    fn id(&self) -> &str {
        &self.id
    }

    fn account(&self) -> Option<&str> {
        None
    }

    fn render(&self) -> Value {
        json!({
            "object": "account_link", "created": self.created, "expires_at": self.created + LIFE, "url": self.url,
        })
    }
}

pub fn create(tx: &mut Tx<'_>, params: &Params) -> Result<Body, ApiError> {
    params.only(&["account", "collect", "collection_options", "refresh_url", "return_url", "type"])?;
    let required = |name: &str| params.text(name)?.ok_or_else(|| ApiError::missing_param(name));
    let owner = living(tx, &required("account")?)?;
    let kind = params.choice("type", &["account_onboarding", "account_update"])?;
    let kind = kind.ok_or_else(|| ApiError::missing_param("type"))?;
    if kind == "account_update" && owner.kind != "custom" {
        let message = "You cannot create `account_update` type Account Links for this account.";
        return Err(ApiError::invalid(message, Some("type"), None));
    }
    let id = random(32);
    let link = AccountLink {
        url: format!("{}/connect/onboard/{id}", tx.url),
        id,
        owner: owner.id,
        created: now(),
        refresh_url: required("refresh_url")?,
        return_url: required("return_url")?,
        used: false,
    };
    tx.put(Change::AccountLink(link.clone()));
    Ok(Body::json(&link.render()))
}

/// A link into the dashboard of an Express account.
pub fn login(tx: &Tx<'_>, id: &str) -> Result<Body, ApiError> {
    let account = living(tx, id)?;
    if account.kind != "express" || !account.submitted {
        let message = "Cannot create a login link for an account that has not completed onboarding.";
        return Err(ApiError::invalid(message, None, None));
    }
    let url = format!("{}/connect/dashboard/{id}", tx.url);
    Ok(Body::json(&json!({ "object": "login_link", "created": now(), "url": url })))
}

/// The owner filled in the form; the account may take payments from now on, unless it was left `pending`.
pub fn complete(tx: &mut Tx<'_>, id: &str, pending: bool) -> Result<Account, ApiError> {
    let mut account = living(tx, id)?;
    let before = account.render();
    account.submitted = true;
    account.enabled = !pending;
    account.business_type.get_or_insert_with(|| "company".to_owned());
    tx.put(Change::Account(account.clone()));
    tx.emit_update("account.updated", &before, Snapshot::Account(account.clone()));
    Ok(account)
}
