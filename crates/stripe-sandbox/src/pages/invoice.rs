//! An invoice's own page: what it says, a way to pay it, and its PDF.

use std::sync::Arc;

use hyper::Method;
use hyper::body::Bytes;
use hyper::http::request::Parts;

use super::{by_person, card_choice, complaint, escape, go, nothing, page};
use crate::error::ApiError;
use crate::form::Params;
use crate::invoices::{self, Invoice, Status, day, money};
use crate::payment_methods;
use crate::server::Reply;
use crate::state::Tx;
use crate::table::Row as _;
use crate::world::World;

/// `GET` shows it, `…/pdf` is the document; `POST` with `card` pays.
pub async fn invoice(world: &Arc<World>, head: &Parts, body: &Bytes) -> Reply {
    let path = head.uri.path().trim_start_matches("/i/");
    let (secret, document) = match path.strip_suffix("/pdf") {
        Some(secret) => (secret, true),
        None => (path, false),
    };
    let Some(found) = world.with_state(|state| invoices::by_secret(state, secret)) else { return nothing() };
    if document {
        let name = format!("inline; filename=\"invoice-{}.pdf\"", found.number.as_deref().unwrap_or("draft"));
        return Reply::of(200, "application/pdf", invoices::pdf(&found)).with("content-disposition", &name);
    }
    if head.method != Method::POST {
        return Reply::page(200, page(&heading(&found), &shown(&found, None)));
    }
    let Ok(said) = Params::parse(&[body]) else { return nothing() };
    let card = said.nested(&["card"]).unwrap_or_default().to_owned();
    match world.act(|tx| pay(tx, &found, &card)).await {
        Ok(paid) if by_person(head) => go(paid.page.as_deref().unwrap_or("/")),
        Ok(paid) => Reply::json(200, paid.render().to_string()),
        Err(error) if by_person(head) => Reply::page(200, page(&heading(&found), &shown(&found, Some(&error)))),
        Err(error) => Reply::json(error.status, error.render("").to_string()),
    }
}

fn pay(tx: &mut Tx<'_>, invoice: &Invoice, card: &str) -> Result<Invoice, ApiError> {
    tx.live_by(invoice.clock.as_deref());
    let payable = tx.state.invoices.any(&invoice.id).is_some_and(|invoice| match invoice.status {
        Status::Open | Status::Uncollectible => true,
        Status::Draft | Status::Paid | Status::Void => false,
    });
    if !payable {
        return Err(ApiError::invalid("Invoice is already paid", None, None));
    }
    let account = invoice.account.as_deref();
    let method = payment_methods::named(tx, account, card)?;
    let method = payment_methods::attach_to(tx, account, &method.id, &invoice.customer)?;
    invoices::attempt(tx, &invoice.id, Some(method), false)?;
    // The person is there: the bank may ask at once.
    let waiting =
        tx.state.invoices.any(&invoice.id).and_then(|row| tx.state.intents.any(row.payment_intent.as_deref()?));
    if let Some(page) = waiting.and_then(|intent| intent.authenticate_at.clone()) {
        return Ok(Invoice { page: Some(page), ..invoice.clone() });
    }
    tx.state.invoices.get(account, &invoice.id).cloned()
}

fn heading(invoice: &Invoice) -> String {
    format!("Invoice {}", invoice.number.as_deref().unwrap_or_default())
}

fn shown(invoice: &Invoice, error: Option<&ApiError>) -> String {
    let lines: String = invoice
        .lines
        .iter()
        .map(|line| {
            let (start, end) = (day(line.start), day(line.end));
            let amount = money(line.amount, &line.currency);
            format!("<tr><td>{}</td><td>{start} – {end}</td><td>{amount}</td></tr>", escape(&line.description))
        })
        .collect();
    let pay = match invoice.status {
        Status::Open | Status::Uncollectible => {
            let owed = money(invoice.remaining(), &invoice.currency);
            format!("<form method=\"post\">{}<button>Pay {owed}</button></form>", card_choice())
        }
        Status::Draft | Status::Paid | Status::Void => String::new(),
    };
    format!(
        "{complaint}<p>{status} · issued {issued} · <a href=\"{link}/pdf\">PDF</a></p><table>{lines}\
         <tr><td><b>Total</b></td><td></td><td><b>{total}</b></td></tr>\
         <tr><td>Amount due</td><td></td><td>{due}</td></tr></table>{pay}",
        complaint = complaint(error.map(|error| error.message.as_str())),
        status = invoice.status.word(),
        issued = day(invoice.moments.finalized.unwrap_or(invoice.created)),
        link = escape(invoice.page.as_deref().unwrap_or_default()),
        total = money(invoice.total(), &invoice.currency),
        due = money(invoice.amount_due, &invoice.currency),
    )
}
