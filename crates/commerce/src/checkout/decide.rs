//! The decision over a slice of checkouts, in order of arrival. Pure: no database, no clock, no network.

use std::collections::{HashMap, HashSet};

use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use kernel::idempotency::{Answer, Fingerprint};
use kernel::origin::Origin;
use kernel::problem::{FieldError, Problem};

use super::model::{CheckoutId, Method, Status};
use super::purchase::purchase;
use super::validate::Form;
use super::view::{CheckoutView, PaymentView, Purchase};
use crate::carts::{CartId, LockedCart};
use crate::catalog::{SaleVariant, VariantId};
use crate::idempotency::StoredKey;
use crate::inventory::{Level, Take};
use crate::orders::{NewOrder, OrderId, Step};
use crate::payments::{NewPayment, PaymentId, Provider};
use crate::usage::MonthlyOrders;

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
