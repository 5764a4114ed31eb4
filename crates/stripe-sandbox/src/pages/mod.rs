//! The pages for people: what the sandbox is, the authentication step of a payment, and an invoice.

mod invoice;

pub use invoice::invoice;

use std::sync::Arc;

use hyper::Method;
use hyper::body::Bytes;
use hyper::http::request::Parts;

use crate::cards::{Behaviour, CARDS};
use crate::form::Params;
use crate::intents::{self, Intent, Outcome};
use crate::server::Reply;
use crate::table::Row as _;
use crate::world::World;

const LATEST: usize = 20;

pub fn front(world: &World, head: &Parts) -> Reply {
    if head.uri.path() != "/" {
        return nothing();
    }
    let cards: String = CARDS
        .iter()
        .map(|card| {
            format!(
                "<tr><td><code>{}</code></td><td><code>{}</code></td><td>{}</td></tr>",
                card.number,
                card.names.first().unwrap_or(&""),
                meaning(card.behaviour)
            )
        })
        .collect();
    let intents: String = world.with_state(|state| state.intents.iter().rev().take(LATEST).map(row).collect());
    let body = format!(
        "<p>This server behaves like Stripe's API for payments, and no money moves. Point an SDK at \
         <code>{url}</code>.</p>\
         <p>Secret key <code>{secret}</code><br>Publishable key <code>{publishable}</code><br>\
         Webhooks go to <code>{webhook}</code></p>\
         <p><a href=\"/sandbox/ledger\">Ledger</a> · <a href=\"/sandbox/billing\">Billing</a> · <a href=\"/sandbox/deliveries\">Deliveries</a> · \
         <a href=\"/sandbox/faults\">Faults</a></p>\
         <h2>Test cards</h2><table><tr><th>Number</th><th>Payment method</th><th>What happens</th></tr>{cards}</table>\
         <h2>Latest payment intents</h2><table><tr><th>Id</th><th>Account</th><th>Amount</th><th>Status</th></tr>\
         {intents}</table>",
        url = escape(&world.url),
        secret = escape(&world.secret_key),
        publishable = escape(&world.publishable_key),
        webhook = escape(world.webhook_url().as_deref().unwrap_or("nobody")),
    );
    Reply::page(200, page("Stripe sandbox", &body))
}

/// `GET` shows the choice; `POST` with `outcome=complete|fail` makes it, for people and tests alike.
pub async fn authenticate(world: &Arc<World>, head: &Parts, body: &Bytes) -> Reply {
    let id = head.uri.path().trim_start_matches("/sandbox/authenticate/");
    let query = head.uri.query().unwrap_or_default();
    let Ok(params) = Params::parse(&[query.as_bytes(), body]) else {
        return Reply::page(400, page("Not understood", ""));
    };
    let given = params.nested(&["client_secret"]);
    let found = world.with_state(|state| state.intents.any(id).cloned());
    // Whoever drives a test by the intent's id alone may leave the secret out of the POST.
    let known = |intent: &Intent| match given {
        Some(secret) => intent.client_secret == secret,
        None => head.method == Method::POST,
    };
    let Some(intent) = found.filter(known) else {
        return Reply::page(404, page("Not found", "<p>There is no such payment.</p>"));
    };
    if head.method != Method::POST {
        return Reply::page(200, page("Authenticate your payment", &choice(&intent)));
    }
    let outcome = match params.nested(&["outcome"]) {
        Some("complete") => Outcome::Complete,
        Some("fail") => Outcome::Fail,
        Some(_) | None => return Reply::page(400, page("Not understood", "<p>outcome is complete or fail</p>")),
    };
    let secret = &intent.client_secret;
    let intent = match world.act(|tx| intents::authenticate(tx, id, secret, outcome)).await {
        Ok(intent) => intent,
        Err(error) => return Reply::json(error.status, error.render("").to_string()),
    };
    if !by_person(head) {
        return Reply::json(200, intent.render().to_string());
    }
    match &intent.return_url {
        Some(back) => {
            let mark = if back.contains('?') { '&' } else { '?' };
            let result = if outcome == Outcome::Complete { "succeeded" } else { "failed" };
            let location = format!(
                "{back}{mark}payment_intent={}&payment_intent_client_secret={}&redirect_status={result}",
                intent.id, intent.client_secret
            );
            go(&location)
        }
        None => Reply::page(200, page("Done", "<p>You can close this page.</p>")),
    }
}

fn choice(intent: &Intent) -> String {
    format!(
        "<p>A payment of {} {} waits for you.</p>\
         <form method=\"post\"><input type=\"hidden\" name=\"client_secret\" value=\"{}\">\
         <button name=\"outcome\" value=\"complete\">Complete</button> \
         <button name=\"outcome\" value=\"fail\">Fail</button></form>",
        intent.amount,
        escape(&intent.currency.to_ascii_uppercase()),
        escape(&intent.client_secret)
    )
}

fn row(intent: &Intent) -> String {
    format!(
        "<tr><td><code>{}</code></td><td>{}</td><td>{} {}</td><td>{}</td></tr>",
        escape(&intent.id),
        escape(intent.account.as_deref().unwrap_or("–")),
        intent.amount,
        escape(&intent.currency),
        intent.status.word()
    )
}

pub fn meaning(behaviour: Behaviour) -> &'static str {
    match behaviour {
        Behaviour::Succeeds => "succeeds",
        Behaviour::Declined(decline) => decline.words().2,
        Behaviour::Authenticates => "asks for authentication, then succeeds",
        Behaviour::AuthenticatesOnce => "asks for authentication once, then succeeds",
        Behaviour::DeclinedLater => "can be saved, but every payment is declined",
        Behaviour::AuthenticatesThenDeclined => "asks for authentication, then is declined",
        Behaviour::Processes => "is processing for a moment, then succeeds",
        Behaviour::RefundsSlowly => "succeeds; its refunds are pending for a moment",
        Behaviour::RefundsFail => "succeeds; its refunds fail after a moment",
    }
}

/// Whether a browser asks, rather than a program.
pub fn by_person(head: &Parts) -> bool {
    let accepted = head.headers.get("accept").and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    accepted.contains("text/html")
}

/// Leads on to another page.
pub fn go(url: &str) -> Reply {
    Reply::page(303, String::new()).with("location", url)
}

/// There is no such page.
pub fn nothing() -> Reply {
    Reply::page(404, page("Not found", "<p>There is nothing here. <a href=\"/\">Home</a></p>"))
}

/// What a person chooses a test card with.
pub fn card_choice() -> String {
    let options: String = CARDS
        .iter()
        .map(|card| {
            let name = card.names.first().unwrap_or(&"");
            format!("<option value=\"{name}\">{} – {}</option>", card.number, meaning(card.behaviour))
        })
        .collect();
    format!("<p><label>Test card <select name=\"card\">{options}</select></label></p>")
}

/// What went wrong, above a form.
pub fn complaint(message: Option<&str>) -> String {
    message.map_or_else(String::new, |message| format!("<p class=\"wrong\">{}</p>", escape(message)))
}

pub fn page(title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title>\
         <meta name=\"viewport\" content=\"width=device-width\">\
         <style>body{{font:16px/1.5 system-ui;max-width:56rem;margin:2rem auto;padding:0 1rem}}\
         table{{border-collapse:collapse}}td,th{{text-align:left;padding:.2rem 1rem .2rem 0}}\
         button,select,input{{font:inherit;padding:.4rem 1rem}}.wrong{{color:#b00020}}\
         td:last-child{{text-align:right}}</style><h1>{title}</h1>{body}</html>",
        title = escape(title)
    )
}

pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
