//! Does a purchase cost what the shopper saw? Pure.

use axum::http::StatusCode;
use kernel::problem::Problem;
use serde_json::json;

use super::decide::{Request, State};
use super::purchase::Line;
use crate::pricing::Quote;

/// 409 with the new quote when the total moved by more than the store tolerates: the total that the request expects, or
/// else the sum of the prices that the shopper last saw in the cart.
pub(super) fn price_changed(state: &State, request: &Request, lines: &[Line<'_>], quote: &Quote) -> Option<Problem> {
    let drift = match request.expected_total_minor {
        Some(expected) => i128::from(quote.total_minor) - i128::from(expected),
        None => lines.iter().map(drift).sum(),
    };
    if drift.unsigned_abs() <= u128::from(state.tolerance_minor.unsigned_abs()) {
        return None;
    }
    let (total, currency) = (quote.total_minor, state.currency.code());
    let detail = match request.expected_total_minor {
        Some(expected) => format!("the total is {total} {currency} in minor units, not {expected}"),
        None => format!("prices moved since the cart was shown; the total is {total} {currency} in minor units"),
    };
    let detail = format!("{detail}; ask the shopper and send the new one as expected_total_minor");
    let items: Vec<_> = lines
        .iter()
        .zip(&quote.lines)
        .map(|(line, quoted)| {
            json!({
                "variant_id": line.variant.variant_id, "quantity": line.wanted.quantity,
                "unit_price_minor": line.variant.price_minor, "seen_price_minor": line.wanted.seen_price_minor,
                "total_minor": quoted.total_minor, "discount_minor": quoted.discount_minor,
                "tax_minor": quoted.tax_minor, "tax_included_minor": quoted.tax_included_minor,
            })
        })
        .collect();
    let problem = Problem::new(StatusCode::CONFLICT, "checkout.price_changed", detail)
        .with("drift_minor", i64::try_from(drift).unwrap_or(i64::MAX))
        .with(
            "quote",
            json!({
                "currency": currency, "items": items, "subtotal_minor": quote.subtotal_minor,
                "discount_minor": quote.discount_minor, "shipping_minor": quote.shipping_minor,
                "tax_minor": quote.tax_minor, "tax_included_minor": quote.tax_included_minor, "total_minor": total,
            }),
        );
    Some(match request.expected_total_minor {
        Some(expected) => problem.with("expected_total_minor", expected),
        None => problem,
    })
}

/// By how much a line's price has moved since the shopper saw it.
fn drift(line: &Line<'_>) -> i128 {
    let seen = line.wanted.seen_price_minor.unwrap_or(line.variant.price_minor);
    (i128::from(line.variant.price_minor) - i128::from(seen)) * i128::from(line.wanted.quantity)
}
