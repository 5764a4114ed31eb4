//! Start a checkout: decide it with its neighbours, then ask for the money.

use std::time::{Duration, Instant};

use axum::http::StatusCode;
use kernel::db::TenantTx;
use kernel::idempotency::{Answer, IdempotencyKey, fingerprint, in_progress, reused};
use kernel::metrics;
use kernel::problem::Problem;

use super::decide::{Outcome, Request, Unpaid};
use super::settle::{Settled, settle};
use super::{CheckoutError, CheckoutId, Queue, StartCheckout, validate, view};
use crate::carts::{self, CartId};
use crate::idempotency::{self, Claimed, PATIENCE};
use crate::orders::{self, OrderId};
use crate::payments::{self, Asked, PaymentError, PaymentId, Report};
use crate::shop::Shop;

const ROUTE: &str = "POST /api/v1/checkouts";
/// How often the database is asked for an answer that another process may have given.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Buys a cart. The same key gives the same answer, whatever happened in between.
pub async fn start(
    shop: &Shop,
    key: &IdempotencyKey,
    cart_token: &str,
    request: &StartCheckout,
) -> Result<Answer, Problem> {
    if !carts::proves(shop, request.cart_id, cart_token) {
        return Err(Problem::not_found("cart"));
    }
    let request = prepare(shop, key, request)?;
    let started = Instant::now();
    let (outcome, claimed) = Queue::submit(shop, request.clone()).await?;
    if matches!(outcome, Outcome::Done(_) | Outcome::Pay { .. }) {
        metrics::order_creation(started.elapsed());
    }
    match outcome {
        Outcome::Replay(answer) => Ok(answer),
        Outcome::Reused => {
            idempotency::conflict(shop, key, &request.fingerprint);
            Err(reused())
        }
        Outcome::InFlight => wait(shop, &request).await,
        Outcome::Live(checkout) => live(shop, checkout, request.cart).await,
        Outcome::Refused { problem, stored } => {
            shop.checkouts.answered.notify_waiters();
            if problem.code == "stock.insufficient" {
                metrics::stock_insufficient();
            }
            refused(shop, request.cart, &problem);
            stored.ok_or(problem)
        }
        Outcome::Done(answer) => {
            shop.checkouts.answered.notify_waiters();
            Ok(answer)
        }
        Outcome::Pay(unpaid) => pay_first(shop, *unpaid, claimed).await,
        Outcome::Resume(checkout) => resume(shop, checkout, claimed).await,
    }
}

fn prepare(shop: &Shop, key: &IdempotencyKey, request: &StartCheckout) -> Result<Request, Problem> {
    let order = OrderId::new();
    let (form, form_errors) = validate::check(request);
    Ok(Request {
        received: Instant::now(),
        scope: format!("{ROUTE} cart {}", request.cart_id),
        key: key.0.clone(),
        fingerprint: fingerprint(ROUTE, request)?,
        cart: request.cart_id,
        form,
        form_errors,
        expected_total_minor: request.expected_total_minor,
        checkout: CheckoutId::new(),
        order,
        order_token: orders::token(shop, order),
        payment: PaymentId::new(),
        provider_key: payments::provider_key(shop, order, 1),
        origin: shop.origin.clone(),
    })
}

/// Says in the log why a cart could not be bought.
fn refused(shop: &Shop, cart: CartId, problem: &Problem) {
    let (tenant, request_id) = (&shop.slug, &shop.origin.request_id);
    if problem.code == "checkout.price_changed" {
        let drift_minor = problem.members.get("drift_minor").and_then(serde_json::Value::as_i64);
        tracing::warn!(%tenant, request_id, cart_id = %cart, drift_minor, "price drift detected");
    }
    let phase = if problem.code == "stock.insufficient" { "inventory_reserved" } else { "cart_validated" };
    // Of an order's lines that cannot be had, what was asked for and what there is.
    let missing = (phase == "inventory_reserved").then(|| serde_json::json!(problem.errors).to_string());
    tracing::warn!(event = problem.code, %tenant, request_id, cart_id = %cart, phase, missing, "checkout failed");
}

/// The order stands; ask the provider for a payment, write down what it says, and answer. What the slice decided need
/// not be read again.
async fn pay_first(shop: &Shop, mut unpaid: Unpaid, claimed: Option<Claimed>) -> Result<Answer, Problem> {
    let (checkout, payment) = (unpaid.purchase.checkout.id, unpaid.payment.id);
    let asked = payments::ask_first(shop, &unpaid.payment).await;
    let answered = match &asked {
        Ok(Asked::Report(report)) => prepared(shop, &mut unpaid, report, claimed.as_ref()).await,
        Ok(Asked::Refused { .. }) | Err(_) => Ok(None),
    };
    let answered = match answered {
        Ok(Some(answer)) => Ok(answer),
        Ok(None) => conclude(shop, checkout, payment, asked, claimed.as_ref()).await,
        Err(problem) => Err(problem),
    };
    end(shop, answered, claimed.as_ref()).await
}

/// The usual first answer: payment and key, in one transaction of two statements. `None`: it is another answer, or
/// somebody else was quicker.
async fn prepared(
    shop: &Shop,
    unpaid: &mut Unpaid,
    report: &Report,
    claimed: Option<&Claimed>,
) -> Result<Option<Answer>, Problem> {
    let mut tx = shop.db.begin_routine().await.map_err(Problem::database)?;
    if !payments::prepared(&mut tx, shop, &unpaid.payment, report).await? {
        return Ok(None);
    }
    unpaid.purchase.payment.status = payments::Status::RequiresAction.name().to_owned();
    unpaid.purchase.payment.client_secret = report.client_secret.clone();
    let answer = Answer::new(StatusCode::CREATED, &unpaid.purchase)?;
    finish(tx, claimed, answer).await.map(Some)
}

/// Asks for the payment of a checkout whose first request came to nothing.
async fn pay(
    shop: &Shop,
    checkout: CheckoutId,
    payment: PaymentId,
    claimed: Option<Claimed>,
) -> Result<Answer, Problem> {
    let asked = payments::ask(shop, payment).await;
    let answered = conclude(shop, checkout, payment, asked, claimed.as_ref()).await;
    end(shop, answered, claimed.as_ref()).await
}

/// Settles what the provider said, whatever it is, and answers.
async fn conclude(
    shop: &Shop,
    checkout: CheckoutId,
    payment: PaymentId,
    asked: Result<Asked, PaymentError>,
    claimed: Option<&Claimed>,
) -> Result<Answer, Problem> {
    match settle(shop, payment, asked?).await? {
        Settled::Refused(code) => answer(shop, checkout, claimed, Some(&code)).await,
        Settled::Applied => answer(shop, checkout, claimed, None).await,
    }
}

/// Gives the key back where there is no answer, and wakes those who wait for one.
async fn end(shop: &Shop, answered: Result<Answer, Problem>, claimed: Option<&Claimed>) -> Result<Answer, Problem> {
    if let (Err(_), Some(claimed)) = (&answered, claimed) {
        give_back(shop, claimed).await;
    }
    shop.checkouts.answered.notify_waiters();
    answered
}

/// Reads the purchase and stores the answer made of it under the key, in one transaction.
async fn answer(
    shop: &Shop,
    checkout: CheckoutId,
    claimed: Option<&Claimed>,
    refused: Option<&str>,
) -> Result<Answer, Problem> {
    let mut tx = shop.db.begin().await.map_err(Problem::database)?;
    let purchase = view::read(&mut tx, shop, checkout).await?;
    let answer = match refused {
        None => Answer::new(StatusCode::CREATED, &purchase)?,
        Some(code) => Answer::problem(
            &Problem::new(
                StatusCode::PAYMENT_REQUIRED,
                "payment.refused",
                "the payment provider refused the payment; nothing was charged and nothing is held",
            )
            .with("provider_code", code)
            .with("order_id", purchase.order.id.to_string()),
            &shop.origin.request_id,
        ),
    };
    finish(tx, claimed, answer).await
}

/// Stores the answer under its key, and commits.
async fn finish(mut tx: TenantTx, claimed: Option<&Claimed>, answer: Answer) -> Result<Answer, Problem> {
    if let Some(claimed) = claimed
        && !idempotency::finish(&mut tx, claimed, &answer).await.map_err(Problem::database)?
    {
        // Somebody took the key over while we were away; theirs is the answer.
        return Err(in_progress());
    }
    tx.commit().await.map_err(Problem::database)?;
    Ok(answer)
}

/// Lets a retry with the same key go on at once.
async fn give_back(shop: &Shop, claimed: &Claimed) {
    let released = async {
        let mut tx = shop.db.begin().await?;
        idempotency::release(&mut tx, claimed).await?;
        tx.commit().await
    };
    if let Err(error) = released.await {
        tracing::warn!(tenant = %shop.slug, %error, "key stays leased until its time is over");
    }
}

/// Goes on with a checkout whose first request died.
async fn resume(shop: &Shop, checkout: CheckoutId, claimed: Option<Claimed>) -> Result<Answer, Problem> {
    let payment = undecided_payment(shop, checkout).await?;
    match payment {
        Some(payment) => pay(shop, checkout, payment, claimed).await,
        None => answer(shop, checkout, claimed.as_ref(), None).await,
    }
}

/// The payment that has still to be asked for.
async fn undecided_payment(shop: &Shop, checkout: CheckoutId) -> Result<Option<PaymentId>, CheckoutError> {
    let mut tx = shop.db.begin().await?;
    let found = super::db::read(&mut tx, checkout).await?.ok_or(CheckoutError::NotFound)?;
    let payment = payments::of_order(&mut tx, found.order).await?.ok_or(PaymentError::NotFound)?;
    tx.commit().await?;
    Ok((payment.provider_ref.is_none() && payment.provider == "stripe").then_some(payment.id))
}

/// The cart is being bought already, perhaps in another tab: the answer is that purchase.
async fn live(shop: &Shop, checkout: CheckoutId, cart: CartId) -> Result<Answer, Problem> {
    tracing::debug!(tenant = %shop.slug, checkout_id = %checkout, cart_id = %cart, "the cart is being bought already");
    // Whoever started it is about to ask for the money. Only if that came to nothing is it asked for here.
    let started = Instant::now();
    let mut unasked = undecided_payment(shop, checkout).await?;
    while unasked.is_some() && started.elapsed() < PATIENCE {
        let _ = tokio::time::timeout(LOOK_EVERY, shop.checkouts.answered.notified()).await;
        unasked = undecided_payment(shop, checkout).await?;
    }
    if let Some(payment) = unasked {
        let asked: Asked = payments::ask(shop, payment).await?;
        settle(shop, payment, asked).await?;
    }
    let mut tx = shop.db.begin().await.map_err(Problem::database)?;
    let purchase = view::read(&mut tx, shop, checkout).await?;
    tx.commit().await.map_err(Problem::database)?;
    Answer::new(StatusCode::OK, &purchase)
}

/// Waits for the first request with this key to be answered, here or in another process.
async fn wait(shop: &Shop, request: &Request) -> Result<Answer, Problem> {
    let started = Instant::now();
    let (scopes, keys) = ([request.scope.clone()], [request.key.clone()]);
    loop {
        let told = shop.checkouts.answered.notified();
        let mut tx = shop.db.begin().await.map_err(Problem::database)?;
        let found = idempotency::find(&mut tx, &scopes, &keys).await.map_err(Problem::database)?;
        tx.commit().await.map_err(Problem::database)?;
        if let Some(answer) = found.into_values().next().and_then(|stored| stored.answer) {
            return Ok(answer);
        }
        if started.elapsed() > PATIENCE {
            return Err(in_progress());
        }
        let _ = tokio::time::timeout(LOOK_EVERY, told).await;
    }
}
