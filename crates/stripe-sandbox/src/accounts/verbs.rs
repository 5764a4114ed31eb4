//! What a platform may do with its connected accounts.

use super::Account;
use crate::error::ApiError;
use crate::form::{Metadata, Params};
use crate::ids::{now, random};
use crate::state::{Body, Change, Snapshot, Tx};
use crate::table::Row as _;

const KNOWN: &[&str] = &[
    "business_profile",
    "business_type",
    "capabilities",
    "company",
    "default_currency",
    "email",
    "individual",
    "metadata",
    "settings",
    "tos_acceptance",
];

pub fn create(tx: &mut Tx<'_>, params: &Params) -> Result<Body, ApiError> {
    params.only(&[KNOWN, &["controller", "country", "type"]].concat())?;
    let kind = params.choice("type", &["custom", "express", "standard"])?;
    let dashboard = params.nested(&["controller", "stripe_dashboard", "type"]);
    let kind = kind.unwrap_or_else(|| if dashboard == Some("express") { "express" } else { "standard" }.to_owned());
    let country = params.text("country")?.unwrap_or_else(|| "US".to_owned());
    if country.len() != 2 || !country.bytes().all(|byte| byte.is_ascii_uppercase()) {
        let message = format!("Country '{country}' is unknown. Try using a 2-character alphanumeric country code.");
        return Err(ApiError::invalid(&message, Some("country"), Some("country_unsupported")));
    }
    let account = Account {
        id: format!("acct_1{}", random(15)),
        created: now(),
        kind,
        default_currency: currency(&country).to_owned(),
        country,
        email: None,
        business_type: None,
        business_name: None,
        business_url: None,
        capabilities: Vec::new(),
        submitted: false,
        enabled: false,
        metadata: Metadata::new(),
        deleted: false,
    };
    let account = read(account, params)?;
    tx.put(Change::Account(account.clone()));
    Ok(Body::of(Snapshot::Account(account)))
}

fn currency(country: &str) -> &'static str {
    match country {
        "US" => "usd",
        "GB" => "gbp",
        "CH" => "chf",
        "SE" => "sek",
        "DK" => "dkk",
        "NO" => "nok",
        "PL" => "pln",
        "CA" => "cad",
        "AU" => "aud",
        "JP" => "jpy",
        _ => "eur",
    }
}

fn read(mut account: Account, params: &Params) -> Result<Account, ApiError> {
    if let Some(email) = params.change("email")? {
        account.email = email;
    }
    let kinds = ["company", "government_entity", "individual", "non_profit"];
    if let Some(kind) = params.choice("business_type", &kinds)? {
        account.business_type = Some(kind);
    }
    if let Some(currency) = params.text("default_currency")? {
        account.default_currency = currency;
    }
    let profile = params.within("business_profile");
    for (name, field) in [("name", &mut account.business_name), ("url", &mut account.business_url)] {
        if let Some(change) = profile.change(name)? {
            *field = change;
        }
    }
    let asked = params.object("capabilities").and_then(serde_json::Value::as_object);
    for (name, wish) in asked.into_iter().flatten() {
        let wanted = wish["requested"] == "true";
        account.capabilities.retain(|known| known != name);
        if wanted {
            account.capabilities.push(name.clone());
        }
    }
    params.merge_metadata(&mut account.metadata)?;
    Ok(account)
}

pub fn retrieve(tx: &Tx<'_>, id: &str) -> Result<Body, ApiError> {
    Ok(Body::of(Snapshot::Account(living(tx, id)?)))
}

/// The platform's own account.
pub fn platform() -> Body {
    let own = Account {
        id: "acct_1sandboxplatform".to_owned(),
        created: 0,
        kind: "standard".to_owned(),
        country: "US".to_owned(),
        default_currency: "usd".to_owned(),
        email: None,
        business_type: None,
        business_name: Some("Sandbox".to_owned()),
        business_url: None,
        capabilities: vec!["card_payments".to_owned(), "transfers".to_owned()],
        submitted: true,
        enabled: true,
        metadata: Metadata::new(),
        deleted: false,
    };
    Body::of(Snapshot::Account(own))
}

pub fn update(tx: &mut Tx<'_>, id: &str, params: &Params) -> Result<Body, ApiError> {
    params.only(KNOWN)?;
    let account = living(tx, id)?;
    let before = account.render();
    let account = read(account, params)?;
    tx.put(Change::Account(account.clone()));
    tx.emit_update("account.updated", &before, Snapshot::Account(account.clone()));
    Ok(Body::of(Snapshot::Account(account)))
}

pub fn delete(tx: &mut Tx<'_>, id: &str) -> Result<Body, ApiError> {
    let account = Account { deleted: true, ..living(tx, id)? };
    tx.put(Change::Account(account.clone()));
    Ok(Body::of(Snapshot::Account(account)))
}

pub fn list(tx: &Tx<'_>, params: &Params) -> Result<Body, ApiError> {
    let alive = |account: &Account| !account.deleted;
    Ok(Body::json(&tx.state.accounts.list(None, params, "/v1/accounts", alive)?))
}

pub fn living(tx: &Tx<'_>, id: &str) -> Result<Account, ApiError> {
    match tx.state.accounts.any(id).filter(|account| !account.deleted) {
        Some(account) => Ok(account.clone()),
        None => {
            let message = format!(
                "The provided key does not have access to account '{id}' (or that account does not exist). Application \
                 access may have been revoked."
            );
            Err(ApiError::new(403, "invalid_request_error", Some("account_invalid"), &message))
        }
    }
}
