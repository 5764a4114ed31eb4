//! Which request is which verb.

mod billing;

use serde_json::Value;

use crate::error::ApiError;
use crate::expand::expand;
use crate::request::{Ask, Caller};
use crate::state::{Body, Tx};
use crate::{balance, charges, customers, endpoints, events, intents, payment_methods, refunds};

/// Executes a request.
pub fn execute(tx: &mut Tx<'_>, ask: &Ask) -> Result<Body, ApiError> {
    let body = answer(tx, ask)?;
    expand(tx.state, ask.account.as_deref(), &ask.params, body)
}

fn answer(tx: &mut Tx<'_>, ask: &Ask) -> Result<Body, ApiError> {
    let steps = ask.steps();
    if ask.caller == Caller::Publishable {
        return as_browser(tx, ask, &steps);
    }
    let (account, params) = (ask.account.as_deref(), &ask.params);
    match (ask.method.as_str(), steps.as_slice()) {
        ("POST", ["customers"]) => customers::create(tx, account, params),
        ("GET", ["customers"]) => customers::list(tx, account, params),
        ("GET", ["customers", "search"]) => customers::search(tx, account, params),
        ("GET", ["customers", id]) => customers::retrieve(tx, account, id),
        ("POST", ["customers", id]) => customers::update(tx, account, id, params),
        ("DELETE", ["customers", id]) => customers::delete(tx, account, id),
        ("GET", ["customers", id, "payment_methods"]) => payment_methods::list(tx, account, Some(id), params),
        ("POST", ["customers", id, "balance_transactions"]) => balance::create(tx, account, id, params),
        ("GET", ["customers", id, "balance_transactions"]) => balance::list(tx, account, id, params),

        ("POST", ["payment_intents"]) => intents::create(tx, account, params),
        ("GET", ["payment_intents"]) => intents::list(tx, account, params),
        ("GET", ["payment_intents", "search"]) => intents::search(tx, account, params),
        ("GET", ["payment_intents", id]) => intents::retrieve(tx, account, id),
        ("POST", ["payment_intents", id]) => intents::update(tx, account, id, params),
        ("POST", ["payment_intents", id, "confirm"]) => intents::confirm(tx, account, id, params),
        ("POST", ["payment_intents", id, "capture"]) => intents::capture(tx, account, id, params),
        ("POST", ["payment_intents", id, "cancel"]) => intents::cancel(tx, account, id, params),

        ("POST", ["refunds"]) => refunds::create(tx, account, params),
        ("GET", ["refunds"]) => refunds::list(tx, account, params),
        ("GET", ["refunds", id]) => refunds::retrieve(tx, account, id),
        ("POST", ["refunds", id]) => refunds::update(tx, account, id, params),

        ("GET", ["charges"]) => charges::list(tx, account, params),
        ("GET", ["charges", id]) => charges::retrieve(tx, account, id),

        ("POST", ["payment_methods"]) => payment_methods::create(tx, account, params),
        ("GET", ["payment_methods"]) => payment_methods::list(tx, account, None, params),
        ("GET", ["payment_methods", id]) => payment_methods::retrieve(tx, account, id),
        ("POST", ["payment_methods", id, "attach"]) => payment_methods::attach(tx, account, id, params),
        ("POST", ["payment_methods", id, "detach"]) => payment_methods::detach(tx, account, id),

        ("GET", ["events"]) => events::list(tx, account, params),
        ("GET", ["events", id]) => events::retrieve(tx, account, id),

        ("POST", ["webhook_endpoints"]) => endpoints::create(tx, account, params),
        ("GET", ["webhook_endpoints"]) => endpoints::list(tx, account, params),
        ("GET", ["webhook_endpoints", id]) => endpoints::retrieve(tx, account, id),
        ("POST", ["webhook_endpoints", id]) => endpoints::update(tx, account, id, params),
        ("DELETE", ["webhook_endpoints", id]) => endpoints::delete(tx, account, id),

        (method, steps) => {
            billing::execute(tx, account, params, (method, steps)).unwrap_or_else(|| Err(unrecognized(ask)))
        }
    }
}

/// What a page in a browser may do, as Stripe.js does it.
fn as_browser(tx: &mut Tx<'_>, ask: &Ask, steps: &[&str]) -> Result<Body, ApiError> {
    let (account, params) = (ask.account.as_deref(), &ask.params);
    let body = match (ask.method.as_str(), steps) {
        ("POST", ["payment_methods"]) => return payment_methods::create(tx, account, params),
        ("GET", ["payment_intents", id]) => {
            knows_secret(tx, ask, id)?;
            intents::retrieve(tx, account, id)?
        }
        ("POST", ["payment_intents", id, "confirm"]) => {
            knows_secret(tx, ask, id)?;
            intents::confirm(tx, account, id, params)?
        }
        _ => {
            let message = "This API call cannot be made with a publishable API key. Please use a secret API key. You \
                           can find a list of your API keys at https://dashboard.stripe.com/account/apikeys.";
            return Err(ApiError::new(403, "invalid_request_error", Some("secret_key_required"), message));
        }
    };
    Ok(for_browser(&body))
}

fn knows_secret(tx: &Tx<'_>, ask: &Ask, id: &str) -> Result<(), ApiError> {
    let secret = ask.params.text("client_secret")?.ok_or_else(|| ApiError::missing_param("client_secret"))?;
    let intent = tx.state.intents.get(ask.account.as_deref(), id)?;
    if intent.client_secret == secret {
        return Ok(());
    }
    let code = Some("payment_intent_invalid_parameter");
    let message = "The client_secret provided does not match the client_secret associated with the PaymentIntent.";
    Err(ApiError::invalid(message, Some("client_secret"), code))
}

/// Without what is none of the shopper's business.
fn for_browser(body: &Body) -> Body {
    let mut value: Value = match body {
        Body::Object(object) => object.render(),
        Body::Text(text) => serde_json::from_str(text).unwrap_or_default(),
    };
    if let Some(fields) = value.as_object_mut() {
        for private in ["metadata", "customer", "application_fee_amount", "latest_charge", "transfer_data"] {
            fields.remove(private);
        }
    }
    Body::json(&value)
}

fn unrecognized(ask: &Ask) -> ApiError {
    let message = format!(
        "Unrecognized request URL ({}: {}). If you are trying to list objects, remove the trailing slash. If you are \
         trying to retrieve an object, make sure you passed a valid (non-empty) identifier in your code.",
        ask.method, ask.path
    );
    ApiError::new(404, "invalid_request_error", None, &message)
}
