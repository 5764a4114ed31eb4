//! The routes of billing: what is sold, to whom, and what they pay.

use crate::error::ApiError;
use crate::form::Params;
use crate::state::{Body, Tx};
use crate::{accounts, catalog, clocks, invoices, meters, portal, sessions, setup_intents, subscriptions};

type Answer = Option<Result<Body, ApiError>>;

/// `None` when there is no such route.
pub fn execute(tx: &mut Tx<'_>, account: Option<&str>, params: &Params, route: (&str, &[&str])) -> Answer {
    sold(tx, account, params, route)
        .or_else(|| billed(tx, account, params, route))
        .or_else(|| reached(tx, account, params, route))
}

fn sold(tx: &mut Tx<'_>, account: Option<&str>, params: &Params, route: (&str, &[&str])) -> Answer {
    Some(match route {
        ("POST", ["products"]) => catalog::create_product(tx, account, params),
        ("GET", ["products"]) => catalog::list_products(tx, account, params),
        ("GET", ["products", "search"]) => catalog::search_products(tx, account, params),
        ("GET", ["products", id]) => catalog::retrieve_product(tx, account, id),
        ("POST", ["products", id]) => catalog::update_product(tx, account, id, params),
        ("DELETE", ["products", id]) => catalog::delete_product(tx, account, id),

        ("POST", ["prices"]) => catalog::create_price(tx, account, params),
        ("GET", ["prices"]) => catalog::list_prices(tx, account, params),
        ("GET", ["prices", "search"]) => catalog::search_prices(tx, account, params),
        ("GET", ["prices", id]) => catalog::retrieve_price(tx, account, id),
        ("POST", ["prices", id]) => catalog::update_price(tx, account, id, params),

        ("POST", ["billing", "meters"]) => meters::create(tx, account, params),
        ("GET", ["billing", "meters"]) => meters::list(tx, account, params),
        ("GET", ["billing", "meters", id]) => meters::retrieve(tx, account, id),
        ("POST", ["billing", "meters", id]) => meters::update(tx, account, id, params),
        ("POST", ["billing", "meters", id, "deactivate"]) => meters::set_active(tx, account, id, false),
        ("POST", ["billing", "meters", id, "reactivate"]) => meters::set_active(tx, account, id, true),
        ("GET", ["billing", "meters", id, "event_summaries"]) => meters::summaries(tx, account, id, params),
        ("POST", ["billing", "meter_events"]) => meters::report(tx, account, params),
        _ => return None,
    })
}

fn billed(tx: &mut Tx<'_>, account: Option<&str>, params: &Params, route: (&str, &[&str])) -> Answer {
    Some(match route {
        ("POST", ["subscriptions"]) => subscriptions::create(tx, account, params),
        ("GET", ["subscriptions"]) => subscriptions::list(tx, account, params),
        ("GET", ["subscriptions", "search"]) => subscriptions::search(tx, account, params),
        ("GET", ["subscriptions", id]) => subscriptions::retrieve(tx, account, id),
        ("POST", ["subscriptions", id]) => subscriptions::update(tx, account, id, params),
        ("DELETE", ["subscriptions", id]) => subscriptions::cancel(tx, account, id, params),
        ("POST", ["subscriptions", id, "resume"]) => subscriptions::resume(tx, account, id, params),

        ("POST", ["invoices"]) => invoices::create(tx, account, params),
        ("GET", ["invoices"]) => invoices::list(tx, account, params),
        ("GET", ["invoices", "search"]) => invoices::search(tx, account, params),
        ("POST", ["invoices", "create_preview"]) => invoices::create_preview(tx, account, params),
        ("GET", ["invoices", id]) => invoices::retrieve(tx, account, id),
        ("POST", ["invoices", id]) => invoices::update(tx, account, id, params),
        ("DELETE", ["invoices", id]) => invoices::delete(tx, account, id),
        ("GET", ["invoices", id, "lines"]) => invoices::list_lines(tx, account, id, params),
        ("POST", ["invoices", id, "finalize"]) => invoices::finalize_verb(tx, account, id, params),
        ("POST", ["invoices", id, "pay"]) => invoices::pay(tx, account, id, params),
        ("POST", ["invoices", id, "void"]) => invoices::void_verb(tx, account, id),
        ("POST", ["invoices", id, "mark_uncollectible"]) => invoices::uncollectible_verb(tx, account, id),
        ("GET", ["invoice_payments"]) => invoices::payments(tx, account, params),

        ("POST", ["invoiceitems"]) => invoices::create_item(tx, account, params),
        ("GET", ["invoiceitems"]) => invoices::list_items(tx, account, params),
        ("GET", ["invoiceitems", id]) => invoices::retrieve_item(tx, account, id),
        ("DELETE", ["invoiceitems", id]) => invoices::delete_item(tx, account, id),

        ("POST", ["test_helpers", "test_clocks"]) => clocks::create(tx, account, params),
        ("GET", ["test_helpers", "test_clocks"]) => clocks::list(tx, account, params),
        ("GET", ["test_helpers", "test_clocks", id]) => clocks::retrieve(tx, account, id),
        ("DELETE", ["test_helpers", "test_clocks", id]) => clocks::delete(tx, account, id),
        ("POST", ["test_helpers", "test_clocks", id, "advance"]) => clocks::advance(tx, account, id, params),
        _ => return None,
    })
}

fn reached(tx: &mut Tx<'_>, account: Option<&str>, params: &Params, route: (&str, &[&str])) -> Answer {
    Some(match route {
        ("POST", ["checkout", "sessions"]) => sessions::create(tx, account, params),
        ("GET", ["checkout", "sessions"]) => sessions::list(tx, account, params),
        ("GET", ["checkout", "sessions", id]) => sessions::retrieve(tx, account, id),
        ("POST", ["checkout", "sessions", id, "expire"]) => sessions::expire(tx, account, id),
        ("GET", ["checkout", "sessions", id, "line_items"]) => sessions::line_items(tx, account, id),

        ("POST", ["setup_intents"]) => setup_intents::create(tx, account, params),
        ("GET", ["setup_intents"]) => setup_intents::list(tx, account, params),
        ("GET", ["setup_intents", id]) => setup_intents::retrieve(tx, account, id),
        ("POST", ["setup_intents", id, "confirm"]) => setup_intents::confirm(tx, account, id, params),
        ("POST", ["setup_intents", id, "cancel"]) => setup_intents::cancel(tx, account, id, params),

        ("POST", ["billing_portal", "sessions"]) => portal::create(tx, account, params),
        ("POST", ["billing_portal", "configurations"]) => portal::create_configuration(tx, account, params),
        ("GET", ["billing_portal", "configurations"]) => portal::list_configurations(tx, account, params),
        ("GET", ["billing_portal", "configurations", id]) => portal::retrieve_configuration(tx, account, id),
        ("POST", ["billing_portal", "configurations", id]) => portal::update_configuration(tx, account, id, params),

        ("GET", ["account"]) => Ok(accounts::platform()),
        ("POST", ["accounts"]) => accounts::create(tx, params),
        ("GET", ["accounts"]) => accounts::list(tx, params),
        ("GET", ["accounts", id]) => accounts::retrieve(tx, id),
        ("POST", ["accounts", id]) => accounts::update(tx, id, params),
        ("DELETE", ["accounts", id]) => accounts::delete(tx, id),
        ("POST", ["accounts", id, "login_links"]) => accounts::login(tx, id),
        ("POST", ["account_links"]) => accounts::create_link(tx, params),
        _ => return None,
    })
}
