//! The pages for people: what the sandbox is, and the authentication step of a payment.

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
        return Reply::page(404, page("Not found", "<p>There is nothing here. <a href=\"/\">Home</a></p>"));
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
         <p><a href=\"/sandbox/ledger\">Ledger</a> · <a href=\"/sandbox/deliveries\">Deliveries</a> · \
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
    let settled = match world.commit(&[], |tx| intents::authenticate(tx, id, secret, outcome), |_| None) {
        Ok((Ok(intent), commit)) => world.settle(commit).await.map(|batches| (intent, batches)),
        Ok((Err(error), _)) | Err(error) => Err(error),
    };
    let intent = match settled {
        Ok((intent, batches)) => {
            batches.into_iter().for_each(|batch| world.deliveries.push(batch));
            intent
        }
        Err(error) => return Reply::json(error.status, error.render("").to_string()),
    };
    let person = head.headers.get("accept").and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    if !person.contains("text/html") {
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
            Reply::page(303, String::new()).with("location", &location)
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

fn meaning(behaviour: Behaviour) -> &'static str {
    match behaviour {
        Behaviour::Succeeds => "succeeds",
        Behaviour::Declined(decline) => decline.words().2,
        Behaviour::Authenticates => "asks for authentication, then succeeds",
        Behaviour::AuthenticatesThenDeclined => "asks for authentication, then is declined",
        Behaviour::Processes => "is processing for a moment, then succeeds",
        Behaviour::RefundsSlowly => "succeeds; its refunds are pending for a moment",
        Behaviour::RefundsFail => "succeeds; its refunds fail after a moment",
    }
}

fn page(title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title>\
         <meta name=\"viewport\" content=\"width=device-width\">\
         <style>body{{font:16px/1.5 system-ui;max-width:56rem;margin:2rem auto;padding:0 1rem}}\
         table{{border-collapse:collapse}}td,th{{text-align:left;padding:.2rem 1rem .2rem 0}}\
         button{{font:inherit;padding:.4rem 1rem}}</style><h1>{title}</h1>{body}</html>"
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
