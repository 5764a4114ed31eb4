//! The order that one request makes, or everything that is wrong with it. Pure: no database, no clock, no network.

use axum::http::StatusCode;
use kernel::money;
use kernel::problem::{FieldError, Problem};

use super::decide::{Request, State};
use super::error::{insufficient_stock, invalid};
use super::model::Method;
use crate::carts::CartStatus;
use crate::catalog::full_title;
use crate::orders::{NewOrder, NewOrderItem, OrderItemId, Step};

/// Most lines of one order.
pub(super) const MAX_LINES: usize = 50;
/// Most of one variant in one order.
const MAX_QUANTITY: i32 = 100;

/// The order that the request makes, or everything that is wrong with it.
pub(super) fn purchase(state: &State, request: &Request) -> Result<NewOrder, Problem> {
    let Some(cart) = state.carts.get(&request.cart).filter(|cart| !cart.expired) else {
        return Err(Problem::not_found("cart"));
    };
    match cart.status {
        CartStatus::Open => {}
        CartStatus::InCheckout | CartStatus::Completed => {
            return Err(Problem::new(StatusCode::CONFLICT, "cart.completed", "this cart has been bought"));
        }
    }

    let mut errors = request.form.as_ref().err().cloned().unwrap_or_default();
    let mut shortages = Vec::new();
    let mut items = Vec::with_capacity(cart.lines.len());
    if cart.lines.is_empty() {
        errors.push(FieldError::new("cart_id", "ITEMS_REQUIRED", "the cart is empty"));
    }
    if cart.lines.len() > MAX_LINES {
        let message = format!("an order has at most {MAX_LINES} lines; this cart has {}", cart.lines.len());
        errors.push(FieldError::new("cart_id", "TOO_MANY_ITEMS", message));
    }
    for (n, line) in cart.lines.iter().enumerate() {
        let field = format!("items[{n}]");
        let wrong = |code, message: &str| {
            FieldError::new(&*field, code, message).with("variant_id", line.variant_id.to_string())
        };
        if line.quantity > MAX_QUANTITY {
            errors.push(wrong("QUANTITY_LIMIT", "an order has at most 100 of a variant"));
        }
        let Some(variant) = state.variants.get(&line.variant_id) else {
            errors.push(wrong("VARIANT_NOT_FOUND", "is no longer there"));
            continue;
        };
        if !variant.product_active {
            errors.push(wrong("PRODUCT_UNAVAILABLE", "is not for sale"));
            continue;
        }
        if !variant.variant_active {
            errors.push(wrong("VARIANT_UNAVAILABLE", "is not for sale"));
            continue;
        }
        let available = state.levels.get(&line.variant_id).map_or(0, |level| level.available());
        if available < line.quantity {
            let message = format!("{} wanted, {available} available", line.quantity);
            shortages.push(
                wrong("INSUFFICIENT_STOCK", &message).with("requested", line.quantity).with("available", available),
            );
        }
        match money::line_total(variant.price_minor, line.quantity) {
            Ok(total_minor) => items.push(NewOrderItem {
                id: OrderItemId::new(),
                product_id: variant.product_id.0,
                variant_id: variant.variant_id.0,
                sku: variant.sku.clone(),
                title: full_title(&variant.product_title, &variant.title),
                quantity: line.quantity,
                unit_price_minor: variant.price_minor,
                total_minor,
            }),
            Err(_) => errors.push(wrong("AMOUNT_OUT_OF_RANGE", "is more than an order can hold")),
        }
    }
    let subtotal = money::total(items.iter().map(|item| i128::from(item.total_minor)));
    match subtotal {
        Ok(0) if errors.is_empty() && shortages.is_empty() => {
            errors.push(FieldError::new("cart_id", "INVALID_SUBTOTAL", "there is nothing to pay for this cart"));
        }
        Ok(_) => {}
        Err(_) => errors.push(FieldError::new("cart_id", "AMOUNT_OUT_OF_RANGE", "is more than an order can hold")),
    }
    let (form, subtotal_minor) = match (&request.form, subtotal) {
        (Ok(form), Ok(subtotal)) if errors.is_empty() => (form, subtotal),
        _ => {
            errors.append(&mut shortages);
            return Err(invalid(errors));
        }
    };
    if !shortages.is_empty() {
        return Err(insufficient_stock(shortages));
    }
    if let Some(expected) = request.expected_total_minor.filter(|expected| *expected != subtotal_minor) {
        return Err(price_changed(state.currency, expected, subtotal_minor, &items));
    }
    state.month.allows_one_more()?;
    Ok(NewOrder {
        id: request.order,
        number: state.next_number,
        cart: request.cart.0,
        first_step: match form.method {
            Method::Card => Step::AwaitPayment,
            Method::Cod => Step::Confirm,
        },
        payment_method: form.method.name(),
        email: form.email.clone(),
        phone: form.phone.clone(),
        currency: state.currency,
        subtotal_minor,
        discount_minor: 0,
        shipping_minor: 0,
        tax_minor: 0,
        total_minor: subtotal_minor,
        shipping_address: form.address.clone(),
        items,
        origin: request.origin.clone(),
    })
}

fn price_changed(currency: &str, expected: i64, total: i64, items: &[NewOrderItem]) -> Problem {
    let lines: Vec<_> = items
        .iter()
        .map(|item| {
            serde_json::json!({
                "variant_id": item.variant_id, "quantity": item.quantity,
                "unit_price_minor": item.unit_price_minor, "total_minor": item.total_minor,
            })
        })
        .collect();
    Problem::new(
        StatusCode::CONFLICT,
        "checkout.price_changed",
        format!("the total is {total} {currency} in minor units, not {expected}; ask the shopper and send the new one"),
    )
    .with("expected_total_minor", expected)
    .with("quote", serde_json::json!({ "currency": currency, "items": lines, "total_minor": total }))
}
