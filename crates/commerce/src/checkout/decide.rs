//! The decision over a slice of checkouts, in order of arrival. Pure: no database, no clock, no network.

use std::collections::{HashMap, HashSet};

use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use kernel::idempotency::{Answer, Fingerprint};
use kernel::money;
use kernel::origin::Origin;
use kernel::problem::{FieldError, Problem};

use super::error::{insufficient_stock, invalid};
use super::model::{CheckoutId, Method, Status};
use super::validate::Form;
use super::view::{CheckoutView, PaymentView, Purchase};
use crate::carts::{CartId, CartStatus, LockedCart};
use crate::catalog::{SaleVariant, VariantId, full_title};
use crate::idempotency::StoredKey;
use crate::inventory::{Level, Take};
use crate::orders::{NewOrder, NewOrderItem, OrderId, OrderItemId, Step};
use crate::payments::{NewPayment, PaymentId, Provider};
use crate::usage::MonthlyOrders;

/// Most lines of one order.
pub(super) const MAX_LINES: usize = 50;
/// Most of one variant in one order.
const MAX_QUANTITY: i32 = 100;

/// One request of a slice; what needs chance or a key is prepared.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) scope: String,
    pub(super) key: String,
    pub(super) fingerprint: Fingerprint,
    pub(super) cart: CartId,
    pub(super) form: Result<Form, Vec<FieldError>>,
    pub(super) expected_total_minor: Option<i64>,
    pub(super) checkout: CheckoutId,
    pub(super) order: OrderId,
    pub(super) order_token: String,
    pub(super) payment: PaymentId,
    /// The key by which the provider will know the payment.
    pub(super) provider_key: String,
    pub(super) origin: Origin,
}

/// What the slice's transaction has read and locked. Deciding uses it up.
#[derive(Debug, Clone)]
pub(super) struct State {
    pub(super) currency: &'static str,
    pub(super) account: Option<String>,
    pub(super) now: DateTime<Utc>,
    pub(super) expires_at: DateTime<Utc>,
    pub(super) next_number: i64,
    pub(super) month: MonthlyOrders,
    pub(super) keys: HashMap<(String, String), StoredKey>,
    pub(super) carts: HashMap<CartId, LockedCart>,
    /// Carts under checkout, and by which.
    pub(super) live: HashMap<CartId, CheckoutId>,
    pub(super) variants: HashMap<VariantId, SaleVariant>,
    pub(super) levels: HashMap<VariantId, Level>,
}

/// What becomes of a request.
#[derive(Debug, Clone)]
pub(super) enum Outcome {
    /// Answered before; the same again.
    Replay(Answer),
    /// The key was used for something else.
    Reused,
    /// The first request with this key is still at work.
    InFlight,
    /// The first request with this key died on the way: go on from its checkout.
    Resume(CheckoutId),
    /// The cart is being bought already: by this checkout.
    Live(CheckoutId),
    /// No. Outcomes are stored under the key, as an answer; refusals of the request itself are not.
    Refused { problem: Problem, stored: Option<Answer> },
    /// The order exists, and there is nothing more to do.
    Done(Answer),
    /// The order exists; now the provider must be asked.
    Pay { checkout: CheckoutId, payment: PaymentId },
}

/// What the slice has to write.
#[derive(Debug, Default)]
pub(super) struct Writes {
    pub(super) orders: Vec<NewOrder>,
    pub(super) payments: Vec<NewPayment>,
    pub(super) checkouts: Vec<NewCheckout>,
    pub(super) takes: Vec<Take>,
    /// Orders that are sure without money: their stock is committed at once.
    pub(super) sure: Vec<OrderId>,
    /// Indices of requests whose keys are to be written, with the answer if there is one.
    pub(super) keys: Vec<(usize, Option<Answer>)>,
    /// Indices of requests whose keys are to be taken over.
    pub(super) resumed: Vec<usize>,
}

/// A checkout to be written.
#[derive(Debug, Clone)]
pub(super) struct NewCheckout {
    pub(super) id: CheckoutId,
    pub(super) cart: CartId,
    pub(super) order: OrderId,
    pub(super) payment: PaymentId,
    pub(super) method: Method,
    pub(super) expires_at: DateTime<Utc>,
    pub(super) request_id: String,
}

/// Decides each request in turn: what an earlier one takes, a later one does not find.
pub(super) fn decide(mut state: State, requests: &[Request]) -> (Vec<Outcome>, Writes) {
    let mut writes = Writes::default();
    let mut first_with_key: HashMap<(&str, &str), usize> = HashMap::new();
    let mut outcomes = Vec::with_capacity(requests.len());
    for (at, request) in requests.iter().enumerate() {
        let name = (request.scope.as_str(), request.key.as_str());
        let outcome = match first_with_key.get(&name) {
            Some(first) if requests[*first].fingerprint != request.fingerprint => Outcome::Reused,
            Some(first) => again(&outcomes[*first]),
            None => {
                let outcome = fresh(&mut state, &mut writes, at, request);
                if !matches!(outcome, Outcome::Refused { stored: None, .. } | Outcome::Reused) {
                    first_with_key.insert(name, at);
                }
                outcome
            }
        };
        outcomes.push(outcome);
    }
    (outcomes, writes)
}

/// The outcome of a request whose key came up earlier in the slice.
fn again(first: &Outcome) -> Outcome {
    match first {
        Outcome::Done(answer) | Outcome::Replay(answer) | Outcome::Refused { stored: Some(answer), .. } => {
            Outcome::Replay(Answer { replayed: true, ..answer.clone() })
        }
        Outcome::Refused { stored: None, .. }
        | Outcome::InFlight
        | Outcome::Resume(_)
        | Outcome::Live(_)
        | Outcome::Pay { .. }
        | Outcome::Reused => Outcome::InFlight,
    }
}

fn fresh(state: &mut State, writes: &mut Writes, at: usize, request: &Request) -> Outcome {
    if let Some(stored) = state.keys.get(&(request.scope.clone(), request.key.clone())) {
        if stored.fingerprint != request.fingerprint {
            return Outcome::Reused;
        }
        return match (&stored.answer, stored.subject) {
            (Some(answer), _) => Outcome::Replay(answer.clone()),
            (None, Some(checkout)) if !stored.leased => {
                writes.resumed.push(at);
                Outcome::Resume(CheckoutId(checkout))
            }
            (None, _) => Outcome::InFlight,
        };
    }
    if let Some(checkout) = state.live.get(&request.cart) {
        return Outcome::Live(*checkout);
    }
    match purchase(state, request) {
        Ok(order) => accept(state, writes, at, request, order),
        Err(problem) => {
            let conflict = problem.status == StatusCode::CONFLICT;
            let stored = conflict.then(|| Answer::problem(&problem, &request.origin.request_id));
            if stored.is_some() {
                writes.keys.push((at, stored.clone()));
            }
            Outcome::Refused { problem, stored }
        }
    }
}

/// The order that the request makes, or everything that is wrong with it.
fn purchase(state: &State, request: &Request) -> Result<NewOrder, Problem> {
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

/// Takes stock, number and place in the month for an order, and writes it down.
fn accept(state: &mut State, writes: &mut Writes, at: usize, request: &Request, order: NewOrder) -> Outcome {
    let method = if order.first_step == Step::Confirm { Method::Cod } else { Method::Card };
    let provider = match method {
        Method::Card => Provider::Stripe,
        Method::Cod => Provider::Cod,
    };
    state.next_number += 1;
    state.month.used += 1;
    state.live.insert(request.cart, request.checkout);
    for item in &order.items {
        let variant_id = VariantId(item.variant_id);
        if let Some(level) = state.levels.get_mut(&variant_id) {
            level.reserved += item.quantity;
        }
        writes.takes.push(Take { order_id: order.id.0, variant_id, quantity: item.quantity });
    }
    writes.checkouts.push(NewCheckout {
        id: request.checkout,
        cart: request.cart,
        order: order.id,
        payment: request.payment,
        method,
        expires_at: state.expires_at,
        request_id: request.origin.request_id.clone(),
    });
    writes.payments.push(NewPayment {
        id: request.payment,
        order: order.id,
        provider,
        attempt: 1,
        amount_minor: order.total_minor,
        currency: order.currency,
        account: state.account.clone().filter(|_| provider == Provider::Stripe),
        provider_key: request.provider_key.clone(),
        origin: request.origin.clone(),
    });
    let (outcome, answer) = match method {
        Method::Card => (Outcome::Pay { checkout: request.checkout, payment: request.payment }, None),
        Method::Cod => {
            writes.sure.push(order.id);
            let purchase = Purchase {
                checkout: CheckoutView {
                    id: request.checkout,
                    status: Status::Completed.name(),
                    phase: "completed".into(),
                    expires_at: state.expires_at,
                },
                order: (&order, request.order_token.as_str(), state.now).into(),
                payment: PaymentView {
                    id: request.payment,
                    provider: Provider::Cod.name().into(),
                    status: crate::payments::Status::Processing.name().into(),
                    client_secret: None,
                },
            };
            match Answer::new(StatusCode::CREATED, &purchase) {
                Ok(answer) => (Outcome::Done(answer.clone()), Some(answer)),
                Err(problem) => return Outcome::Refused { problem, stored: None },
            }
        }
    };
    writes.keys.push((at, answer));
    writes.orders.push(order);
    outcome
}

/// Carts whose status the slice changes: those on their way, and those that are bought.
pub(super) fn carts(writes: &Writes) -> (Vec<CartId>, Vec<CartId>) {
    let sure: HashSet<OrderId> = writes.sure.iter().copied().collect();
    let all = writes.checkouts.iter().map(|checkout| checkout.cart).collect();
    let bought =
        writes.checkouts.iter().filter(|checkout| sure.contains(&checkout.order)).map(|checkout| checkout.cart);
    (all, bought.collect())
}
