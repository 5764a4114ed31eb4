//! The portal's page.

use std::sync::Arc;

use hyper::Method;
use hyper::body::Bytes;
use hyper::http::request::Parts;

use super::{Configuration, Session};
use crate::catalog::Price;
use crate::customers::{self, Customer};
use crate::error::ApiError;
use crate::form::Params;
use crate::invoices::{day, money, product_name, rate};
use crate::pages::{self, escape};
use crate::payment_methods;
use crate::server::Reply;
use crate::state::{Change, Snapshot, State, Tx};
use crate::subscriptions::{self, Subscription};
use crate::table::Row as _;
use crate::world::World;

/// `GET` shows what the customer has; `POST` with `action=card|cancel|resume|plan` changes it, with `card`,
/// `subscription` and `price` as it needs them.
pub async fn page(world: &Arc<World>, head: &Parts, body: &Bytes) -> Reply {
    let secret = head.uri.path().trim_start_matches("/p/session/");
    let found = world.with_state(|state| {
        let session = state.portal_sessions.iter().find(|session| session.secret == secret)?.clone();
        let configuration = state.portal_configurations.any(&session.configuration)?.clone();
        Some((session, configuration))
    });
    let Some((session, configuration)) = found.filter(|(session, _)| session.open()) else {
        return Reply::page(404, pages::page("Too late", "<p>This link has expired. Go back and open it again.</p>"));
    };
    let show = |wrong: Option<&str>| {
        let body = world.with_state(|state| shown(state, &session, &configuration, wrong));
        Reply::page(200, pages::page("Billing", &body))
    };
    if head.method != Method::POST {
        return show(None);
    }
    let Ok(said) = Params::parse(&[body]) else { return pages::nothing() };
    match world.act(|tx| act(tx, &session, &configuration, &said)).await {
        Ok(()) if pages::by_person(head) => pages::go(&session.url),
        Ok(()) => Reply::json(200, session.render().to_string()),
        Err(error) if pages::by_person(head) => show(Some(&error.message)),
        Err(error) => Reply::json(error.status, error.render("").to_string()),
    }
}

fn act(tx: &mut Tx<'_>, session: &Session, allowed: &Configuration, said: &Params) -> Result<(), ApiError> {
    let account = session.account.as_deref();
    let customer = customers::living(tx, account, &session.customer)?;
    tx.live_by(customer.clock.as_deref());
    let action = said.choice("action", &["cancel", "card", "plan", "resume"])?;
    let off = || ApiError::new(403, "invalid_request_error", None, "The portal's configuration does not allow this.");
    let of_customer = |tx: &Tx<'_>| -> Result<Subscription, ApiError> {
        let id = said.text("subscription")?.ok_or_else(|| ApiError::missing_param("subscription"))?;
        let theirs = tx.state.subscriptions.get(account, &id)?;
        let own = theirs.customer == session.customer;
        if own { Ok(theirs.clone()) } else { Err(ApiError::not_found("subscription", &id, "subscription")) }
    };
    match action.as_deref() {
        Some("card") if allowed.may_change_card => {
            let card = said.text("card")?.ok_or_else(|| ApiError::missing_param("card"))?;
            change_card(tx, customer, &card)
        }
        Some("cancel") if allowed.may_cancel => {
            let id = of_customer(tx)?.id;
            if allowed.cancel_mode == "immediately" {
                subscriptions::cancel(tx, account, &id, &Params::default()).map(drop)
            } else {
                subscriptions::update(tx, account, &id, &Params::parse(&[b"cancel_at_period_end=true"])?).map(drop)
            }
        }
        Some("resume") if allowed.may_cancel => {
            let id = of_customer(tx)?.id;
            subscriptions::update(tx, account, &id, &Params::parse(&[b"cancel_at_period_end=false"])?).map(drop)
        }
        Some("plan") if allowed.may_change_plan => {
            let subscription = of_customer(tx)?;
            let price = said.text("price")?.ok_or_else(|| ApiError::missing_param("price"))?;
            if !choices(tx.state, allowed, &subscription).iter().any(|choice| choice.id == price) {
                return Err(ApiError::not_found("price", &price, "price"));
            }
            let item = subscription.items.first().map(|item| item.id.clone()).unwrap_or_default();
            let behavior = &allowed.proration_behavior;
            let form = format!("items[0][id]={item}&items[0][price]={price}&proration_behavior={behavior}");
            subscriptions::update(tx, account, &subscription.id, &Params::parse(&[form.as_bytes()])?).map(drop)
        }
        Some(_) => Err(off()),
        None => Err(ApiError::missing_param("action")),
    }
}

/// The new card stands for the customer and for all that it subscribed to.
fn change_card(tx: &mut Tx<'_>, customer: Customer, card: &str) -> Result<(), ApiError> {
    let account = customer.account.clone();
    let mut method = payment_methods::attach_to(tx, account.as_deref(), card, &customer.id)?;
    // The person is there, and the bank is satisfied.
    method.authenticated = true;
    tx.put(Change::PaymentMethod(method.clone()));
    let before = customer.render();
    let customer = Customer { default_payment_method: Some(method.id.clone()), ..customer };
    tx.put(Change::Customer(customer.clone()));
    tx.emit_update("customer.updated", &before, Snapshot::Customer(customer.clone()));
    let theirs = |row: &&Subscription| {
        row.customer == customer.id && !row.status.ended() && row.default_payment_method.is_some()
    };
    let subscribed: Vec<Subscription> = tx.state.subscriptions.iter().filter(theirs).cloned().collect();
    for subscription in subscribed {
        let before = subscription.render();
        let changed = Subscription { default_payment_method: Some(method.id.clone()), ..subscription };
        tx.put(Change::Subscription(changed.clone()));
        tx.emit_update("customer.subscription.updated", &before, Snapshot::Subscription(changed));
    }
    Ok(())
}

/// What the subscription could change to.
fn choices(state: &State, allowed: &Configuration, subscription: &Subscription) -> Vec<Price> {
    let offered = |price: &&Price| {
        price.account == subscription.account
            && price.currency == subscription.currency
            && price.active
            && price.recurring.is_some()
            && !price.metered()
            && (allowed.prices.is_empty() || allowed.prices.contains(&price.id))
    };
    state.prices.iter().filter(offered).cloned().collect()
}

fn shown(state: &State, session: &Session, allowed: &Configuration, wrong: Option<&str>) -> String {
    let Some(customer) = state.customers.any(&session.customer) else { return String::new() };
    let theirs = state.subscriptions.iter().rev().filter(|row| row.customer == customer.id);
    let subscribed: String = theirs.map(|row| subscription(state, allowed, row)).collect();
    let card = customer.default_payment_method.as_deref().and_then(|id| state.payment_methods.any(id));
    let card = card.map_or_else(|| "none".to_owned(), |card| format!("{} ···· {}", card.brand, card.last4));
    let change = if allowed.may_change_card {
        format!(
            "<form method=\"post\">{}<button name=\"action\" value=\"card\">Use this card</button></form>",
            pages::card_choice()
        )
    } else {
        String::new()
    };
    let invoices: String = state
        .invoices
        .iter()
        .rev()
        .filter(|invoice| allowed.shows_invoices && invoice.customer == customer.id && invoice.page.is_some())
        .map(|invoice| {
            format!(
                "<tr><td><a href=\"{}\">{}</a></td><td>{}</td><td>{}</td><td>{}</td></tr>",
                escape(invoice.page.as_deref().unwrap_or_default()),
                escape(invoice.number.as_deref().unwrap_or_default()),
                day(invoice.created),
                invoice.status.word(),
                money(invoice.total(), &invoice.currency)
            )
        })
        .collect();
    let back = session
        .return_url
        .as_ref()
        .map_or_else(String::new, |url| format!("<p><a href=\"{}\">Back</a></p>", escape(url)));
    format!(
        "{}{back}<p>{}</p>{subscribed}<h2>Card</h2><p>{card}</p>{change}<h2>Invoices</h2><table>{invoices}</table>",
        pages::complaint(wrong),
        escape(customer.email.as_deref().unwrap_or_default())
    )
}

fn subscription(state: &State, allowed: &Configuration, row: &Subscription) -> String {
    let items: String = row
        .items
        .iter()
        .map(|item| format!("<li>{} – {}</li>", escape(&product_name(state, &item.price)), rate(&item.price)))
        .collect();
    let until = match row.cancel_at {
        Some(end) => format!("ends on {}", day(end)),
        None => format!("until {}", day(row.period_end)),
    };
    let mut forms = String::new();
    if !row.status.ended() {
        let id = format!("<input type=\"hidden\" name=\"subscription\" value=\"{}\">", escape(&row.id));
        if allowed.may_change_plan {
            let options: String = choices(state, allowed, row)
                .iter()
                .map(|price| {
                    let name = escape(&product_name(state, price));
                    format!("<option value=\"{}\">{name} – {}</option>", price.id, rate(price))
                })
                .collect();
            forms.push_str(&format!(
                "<form method=\"post\">{id}<select name=\"price\">{options}</select> \
                 <button name=\"action\" value=\"plan\">Change plan</button></form>"
            ));
        }
        if allowed.may_cancel {
            let (action, label) = match row.cancel_at {
                Some(_) => ("resume", "Do not cancel"),
                None => ("cancel", "Cancel"),
            };
            forms.push_str(&format!(
                "<form method=\"post\">{id}<button name=\"action\" value=\"{action}\">{label}</button></form>"
            ));
        }
    }
    format!("<h2>Subscription: {}</h2><ul>{items}</ul><p>{until}</p>{forms}", row.status.word())
}
