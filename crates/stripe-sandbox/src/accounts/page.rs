//! The form that an account's owner fills in.

use std::sync::Arc;

use hyper::Method;
use hyper::body::Bytes;
use hyper::http::request::Parts;

use super::{AccountLink, complete};
use crate::form::Params;
use crate::pages::{self, escape};
use crate::server::Reply;
use crate::state::{Change, Tx};
use crate::table::Row as _;
use crate::world::World;

/// `GET` shows the form; `POST` with `outcome=complete|pending|leave` sends it.
pub async fn page(world: &Arc<World>, head: &Parts, body: &Bytes) -> Reply {
    let id = head.uri.path().trim_start_matches("/connect/onboard/");
    let Some(link) = world.with_state(|state| state.account_links.any(id).cloned()) else {
        return pages::nothing();
    };
    if !link.usable() {
        return pages::go(&link.refresh_url);
    }
    if head.method != Method::POST {
        return Reply::page(200, pages::page("Set up your account", &form(&link)));
    }
    let Ok(said) = Params::parse(&[body]) else { return pages::nothing() };
    let outcome = said.nested(&["outcome"]).unwrap_or("complete").to_owned();
    if outcome == "leave" {
        return pages::go(&link.return_url);
    }
    let back = link.return_url.clone();
    let work = |tx: &mut Tx<'_>| {
        tx.put(Change::AccountLink(AccountLink { used: true, ..link.clone() }));
        complete(tx, &link.owner, outcome == "pending")
    };
    match world.act(work).await {
        Ok(_) if pages::by_person(head) => pages::go(&back),
        Ok(account) => Reply::json(200, account.render().to_string()),
        Err(error) => Reply::json(error.status, error.render("").to_string()),
    }
}

fn form(link: &AccountLink) -> String {
    format!(
        "<p>Account <code>{}</code> is not set up yet. In the sandbox nothing needs to be filled in.</p>\
         <form method=\"post\"><button name=\"outcome\" value=\"complete\">Complete and enable payments</button> \
         <button name=\"outcome\" value=\"pending\">Complete, but leave it under review</button> \
         <button name=\"outcome\" value=\"leave\">Come back later</button></form>",
        escape(&link.owner)
    )
}
