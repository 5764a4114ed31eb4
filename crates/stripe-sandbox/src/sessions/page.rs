//! The checkout page.

use std::sync::Arc;

use hyper::Method;
use hyper::body::Bytes;
use hyper::http::request::Parts;

use super::{Mode, Session, Status, complete};
use crate::error::ApiError;
use crate::form::Params;
use crate::invoices::{day, money, rate};
use crate::pages::{self, escape};
use crate::server::Reply;
use crate::table::Row as _;
use crate::world::World;

const DAY: i64 = 24 * 60 * 60;

/// `GET` shows the form; `POST` with `card`, `email` and perhaps `authentication` pays, for people and tests alike.
pub async fn page(world: &Arc<World>, head: &Parts, body: &Bytes) -> Reply {
    let id = head.uri.path().trim_start_matches("/c/pay/");
    let Some(session) = world.with_state(|state| state.sessions.any(id).cloned()) else { return pages::nothing() };
    if session.status != Status::Open && pages::by_person(head) {
        return over(&session);
    }
    if head.method != Method::POST {
        return Reply::page(200, pages::page(title(&session), &form(&session, None)));
    }
    let Ok(said) = Params::parse(&[body]) else { return pages::nothing() };
    let done = world.act(|tx| complete(tx, id, &said)).await;
    match done {
        Ok(done) if pages::by_person(head) => over(&done),
        Ok(done) => Reply::json(200, done.render().to_string()),
        Err(error) if pages::by_person(head) => {
            let body = match error.code.as_deref() {
                Some("authentication_required") => question(&said),
                Some(_) | None => form(&session, Some(&error)),
            };
            Reply::page(200, pages::page(title(&session), &body))
        }
        Err(error) => Reply::json(error.status, error.render("").to_string()),
    }
}

fn title(session: &Session) -> &'static str {
    match session.mode {
        Mode::Subscription => "Subscribe",
        Mode::Payment => "Pay",
        Mode::Setup => "Save a card",
    }
}

fn over(session: &Session) -> Reply {
    match (session.status, &session.success_url) {
        (Status::Complete, Some(url)) => pages::go(&url.replace("{CHECKOUT_SESSION_ID}", &session.id)),
        (Status::Complete, None) => Reply::page(200, pages::page("Done", "<p>You can close this page.</p>")),
        (Status::Open | Status::Expired, _) => {
            Reply::page(200, pages::page("Too late", "<p>This page has expired. Go back and start again.</p>"))
        }
    }
}

fn form(session: &Session, error: Option<&ApiError>) -> String {
    let rows: String = session
        .items
        .iter()
        .map(|item| {
            let quantity = item.quantity.map_or_else(|| "by use".to_owned(), |quantity| quantity.to_string());
            format!("<tr><td>{}</td><td>{quantity}</td><td>{}</td></tr>", escape(&item.description), rate(&item.price))
        })
        .collect();
    let now = session.created;
    let trial = session.data.trial_end.or_else(|| session.data.trial_days.map(|days| now + days * DAY));
    let trial = trial.map_or_else(String::new, |end| format!("<p>Free until {}.</p>", day(end)));
    let due = session.currency.as_ref().map(|currency| money(session.due_now(), currency));
    let due = due.map_or_else(String::new, |due| format!("<p>To pay today: <b>{due}</b></p>"));
    let email = match (&session.customer, &session.customer_email) {
        (Some(_), email) => format!("<p>{}</p>", escape(email.as_deref().unwrap_or_default())),
        (None, email) => format!(
            "<p><label>E-mail <input name=\"email\" type=\"email\" required value=\"{}\"></label></p>",
            escape(email.as_deref().unwrap_or_default())
        ),
    };
    let card = if session.needs_card() { pages::card_choice() } else { String::new() };
    let back =
        session.cancel_url.as_ref().map_or_else(String::new, |url| format!(" <a href=\"{}\">Cancel</a>", escape(url)));
    format!(
        "{complaint}<table>{rows}</table>{trial}{due}<form method=\"post\">{email}{card}\
         <button>{button}</button>{back}</form><p><small>A sandbox: no money moves.</small></p>",
        complaint = pages::complaint(error.map(|error| error.message.as_str())),
        button = title(session),
    )
}

/// The bank's question, with what was said so far.
fn question(said: &Params) -> String {
    let kept: String = ["card", "email", "name"]
        .iter()
        .filter_map(|name| {
            let value = said.nested(&[name])?;
            Some(format!("<input type=\"hidden\" name=\"{name}\" value=\"{}\">", escape(value)))
        })
        .collect();
    format!(
        "<p>Your bank wants to know that it is you.</p><form method=\"post\">{kept}\
         <button name=\"authentication\" value=\"complete\">Complete</button> \
         <button name=\"authentication\" value=\"fail\">Fail</button></form>"
    )
}
