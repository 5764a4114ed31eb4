//! The decision over a slice of checkouts, in order of arrival. Pure: no database, no clock, no network.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use kernel::idempotency::{Answer, Fingerprint};
use kernel::money::Currency;
use kernel::origin::Origin;
use kernel::problem::{FieldError, Problem};

use super::fraud::Limits;
use super::model::{CheckoutId, Method, Status};
use super::purchase::{Bought, purchase};
use super::validate::Form;
use super::view::{CheckoutView, PaymentView, Purchase};
use crate::carts::{CartId, CartStatus, LockedCart};
use crate::catalog::{SaleVariant, VariantId};
use crate::customers::Known;
use crate::idempotency::StoredKey;
use crate::inventory::{Level, Take};
use crate::orders::{NewOrder, OrderId, Recent, Step};
use crate::payments::{NewPayment, PaymentId, Provider};
use crate::pricing::{Counts, Redemption, Rules};
use crate::settings::Capture;
use crate::usage::MonthlyOrders;

/// One request of a slice; what needs chance or a key is prepared.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) scope: String,
    pub(super) key: String,
    pub(super) fingerprint: Fingerprint,
    pub(super) cart: CartId,
    /// As far as it makes sense.
    pub(super) form: Form,
    pub(super) form_errors: Vec<FieldError>,
    pub(super) expected_total_minor: Option<i64>,
    pub(super) checkout: CheckoutId,
    pub(super) order: OrderId,
    pub(super) order_token: String,
    pub(super) payment: PaymentId,
    /// The key by which the provider will know the payment.
    pub(super) provider_key: String,
    pub(super) origin: Origin,
    /// When it was received, for measuring.
    pub(super) received: Instant,
}

/// What the slice's transaction has read and locked. Deciding uses it up.
#[derive(Debug, Clone)]
pub(super) struct State {
    pub(super) currency: Currency,
    /// How the store takes card payments.
    pub(super) capture: Capture,
    /// By how much a total may have moved since the shopper saw it.
    pub(super) tolerance_minor: i64,
    pub(super) account: Option<String>,
    /// How shoppers may pay.
    pub(super) payment_methods: Vec<String>,
    pub(super) now: DateTime<Utc>,
    pub(super) expires_at: DateTime<Utc>,
    /// Until when goods wait for money that comes by itself.
    pub(super) manual_expires_at: DateTime<Utc>,
    pub(super) next_number: i64,
    pub(super) month: MonthlyOrders,
    pub(super) keys: HashMap<(String, String), StoredKey>,
    pub(super) carts: HashMap<CartId, LockedCart>,
    /// Carts that this slice has put under checkout, and by which.
    pub(super) live: HashMap<CartId, CheckoutId>,
    pub(super) variants: HashMap<VariantId, Arc<SaleVariant>>,
    pub(super) levels: HashMap<VariantId, Level>,
    pub(super) rules: Arc<Rules>,
    /// How often promotions with limits are used.
    pub(super) uses: Counts,
    /// Customers who are not like all others.
    pub(super) known: Known,
    /// From when on an order waits for a person's word.
    pub(super) review: Limits,
    /// The newest orders of customers, as far as they matter for that.
    pub(super) recent: HashMap<String, Vec<Recent>>,
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
    Pay(Box<Unpaid>),
}

/// A purchase that waits for its provider's first answer.
#[derive(Debug, Clone)]
pub(super) struct Unpaid {
    pub(super) payment: NewPayment,
    /// What the shopper is told of it, but for what the provider adds.
    pub(super) purchase: Purchase,
}

/// What the slice has to write.
#[derive(Debug, Default)]
pub(super) struct Writes {
    pub(super) orders: Vec<NewOrder>,
    /// The index of each order's request.
    pub(super) of: Vec<usize>,
    /// What the orders use of promotions.
    pub(super) redemptions: Vec<Redemption>,
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
    /// Does the order wait for a person's word?
    pub(super) reviewed: bool,
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
                // What leaves nothing under the key leaves it free for the next.
                if !matches!(outcome, Outcome::Refused { stored: None, .. } | Outcome::Reused | Outcome::Live(_)) {
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
        | Outcome::Pay(_)
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
    let cart = state.carts.get(&request.cart);
    let under_way = cart.and_then(|cart| cart.purchase).map(CheckoutId);
    if let Some(checkout) = state.live.get(&request.cart).copied().or(under_way) {
        return Outcome::Live(checkout);
    }
    match purchase(state, request) {
        Ok(bought) => accept(state, writes, at, request, bought),
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

/// Takes stock, number, promotions and place in the month for an order, and writes it down.
fn accept(state: &mut State, writes: &mut Writes, at: usize, request: &Request, bought: Bought) -> Outcome {
    let Bought { order, redemptions, same } = bought;
    let method = request.form.method;
    let reviewed = !order.review_reasons.is_empty();
    let payment = payment(state, request, &order);
    let purchase = answer(state, request, &order, &payment);
    let (outcome, answer) = match method {
        Method::Card => (Outcome::Pay(Box::new(Unpaid { payment: payment.clone(), purchase })), None),
        Method::Cod | Method::Manual => match Answer::new(StatusCode::CREATED, &purchase) {
            Ok(answer) => (Outcome::Done(answer.clone()), Some(answer)),
            Err(problem) => return Outcome::Refused { problem, stored: None },
        },
    };
    state.next_number += 1;
    state.month.used += 1;
    // As the next transaction would find them.
    match (method, state.carts.get_mut(&request.cart)) {
        (Method::Cod, Some(cart)) => cart.status = CartStatus::Completed,
        (Method::Cod, None) | (Method::Card | Method::Manual, _) => {
            state.live.insert(request.cart, request.checkout);
        }
    }
    for redemption in redemptions {
        state.uses.add(redemption.promotion, &redemption.customer);
        writes.redemptions.push(redemption);
    }
    let recent = Recent { created_at: state.now, unsure: order.first_step != Some(Step::Confirm), same: Some(same) };
    state.recent.entry(order.email.clone()).or_default().push(recent);
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
        reviewed,
        expires_at: expires_at(state, request),
        request_id: request.origin.request_id.clone(),
    });
    writes.payments.push(payment);
    if order.first_step == Some(Step::Confirm) {
        writes.sure.push(order.id);
    }
    writes.keys.push((at, answer));
    writes.orders.push(order);
    writes.of.push(at);
    outcome
}

fn payment(state: &State, request: &Request, order: &NewOrder) -> NewPayment {
    let provider = match request.form.method {
        Method::Card => Provider::Stripe,
        Method::Cod => Provider::Cod,
        Method::Manual => Provider::Manual,
    };
    // Whom a person has to look at is not charged before.
    let capture = if order.review_reasons.is_empty() { state.capture } else { Capture::Manual };
    NewPayment {
        id: request.payment,
        order: order.id,
        provider,
        attempt: 1,
        amount_minor: order.total_minor,
        currency: order.currency,
        account: state.account.clone().filter(|_| provider == Provider::Stripe),
        capture: capture.into(),
        provider_key: request.provider_key.clone(),
        origin: request.origin.clone(),
    }
}

fn expires_at(state: &State, request: &Request) -> DateTime<Utc> {
    match request.form.method {
        Method::Card | Method::Cod => state.expires_at,
        Method::Manual => state.manual_expires_at,
    }
}

/// What the shopper is told, but for what a provider adds.
fn answer(state: &State, request: &Request, order: &NewOrder, payment: &NewPayment) -> Purchase {
    let (status, phase) = end_of_slice(request.form.method);
    Purchase {
        checkout: CheckoutView {
            id: request.checkout,
            status: status.name(),
            phase: phase.into(),
            expires_at: expires_at(state, request),
        },
        order: (order, request.order_token.as_str(), state.now).into(),
        payment: PaymentView {
            id: request.payment,
            provider: payment.provider.name().into(),
            status: payment.status().name().into(),
            client_secret: None,
        },
    }
}

/// How a checkout leaves its slice, and the phase that it has reached.
pub(super) fn end_of_slice(method: Method) -> (Status, &'static str) {
    match method {
        Method::Card | Method::Manual => (Status::Active, "order_created"),
        Method::Cod => (Status::Completed, "completed"),
    }
}

/// Carts whose status the slice changes: those on their way, and those that are bought.
pub(super) fn carts(writes: &Writes) -> (Vec<CartId>, Vec<CartId>) {
    let all = writes.checkouts.iter().map(|checkout| checkout.cart).collect();
    let bought = writes.checkouts.iter().filter(|checkout| checkout.method == Method::Cod);
    (all, bought.map(|checkout| checkout.cart).collect())
}
