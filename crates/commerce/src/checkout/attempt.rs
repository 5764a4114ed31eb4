//! Pay an order in another way, or once more: one attempt is live at a time.

use axum::http::StatusCode;
use kernel::idempotency::{Answer, IdempotencyKey};
use kernel::problem::Problem;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::hold::{Held, hold_order};
use super::model::{Method, Status};
use super::settle::{REPLACED, look_later, settle};
use super::view::PaymentView;
use super::{CheckoutError, db};
use crate::carts;
use crate::events;
use crate::inventory;
use crate::jobs;
use crate::orders::{self, OrderId, Review, Step};
use crate::payments::{self, Asked, NewPayment, PaymentError, PaymentId, Provider, Status as Money};
use crate::settings::{self, Settings};
use crate::shop::Shop;

/// How soon the provider is asked again about an attempt that nobody has heard of.
const FIRST_LOOK: std::time::Duration = std::time::Duration::from_secs(30);

/// How to pay instead.
#[derive(Debug, Clone, Serialize, Deserialize, garde::Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PayOtherwise {
    /// `card`, `cod` or `manual`, where the store takes it.
    #[garde(length(max = 20))]
    pub payment_method: String,
}

/// The payment that is live now.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Attempt {
    order_id: OrderId,
    /// How far the order has got.
    order_status: String,
    payment: PaymentView,
}

/// Calls the live payment off and begins another. If it had been paid meanwhile, the order is paid and this is refused.
pub(super) async fn pay_otherwise(
    shop: &Shop,
    order: OrderId,
    key: &IdempotencyKey,
    method: Method,
) -> Result<Answer, Problem> {
    let request_key = format!("{order} {}", key.0);
    let payment = match known(shop, &request_key).await? {
        Some(payment) => payment,
        None => {
            let old = kernel::db::retrying(|| replace(shop, order, method)).await?;
            if let Some(old) = old {
                let asked = payments::cancel(shop, old).await.map_err(CheckoutError::from)?;
                settle(shop, old, asked).await?;
            }
            kernel::db::retrying(|| begin(shop, order, method, &request_key)).await?
        }
    };
    if method == Method::Card {
        let asked: Asked = payments::ask(shop, payment).await.map_err(CheckoutError::from)?;
        if let Asked::Refused { code } = &asked {
            tracing::warn!(event = "payment.failed", tenant = %shop.slug, order_id = %order, reason = code, "payment refused");
        }
        settle(shop, payment, asked).await?;
    }
    answer(shop, order).await
}

async fn known(shop: &Shop, request_key: &str) -> Result<Option<PaymentId>, CheckoutError> {
    let mut tx = shop.db.begin().await?;
    let found = payments::attempt_of(&mut tx, request_key).await?;
    tx.commit().await?;
    Ok(found)
}

/// May the order be paid so?
fn allowed(shop: &Shop, held: &Held, settings: &Settings, method: Method) -> Result<(), CheckoutError> {
    if held.payment.status == Money::Succeeded || held.payment.status == Money::Authorized {
        return Err(PaymentError::AlreadyPaid.into());
    }
    if held.checkout.status != Status::Active || held.checkout.due || held.checkout.ending.is_some() {
        return Err(CheckoutError::Ended(held.checkout.status.name()));
    }
    let unit = 10_i64.saturating_pow(shop.currency.decimals().into());
    let default = Some(shop.platform.review.cod_above).filter(|above| *above > 0);
    let default = default.map(|above| i64::from(above).saturating_mul(unit));
    // Whether cash or a transfer would need a person's word was decided for the way that was chosen first.
    let looked_at = held.order.review.is_some_and(|review| review != Review::Approved);
    let dear = settings.cod_review_minor.or(default).is_some_and(|limit| held.order.total_minor > limit);
    let unseen = method != Method::Card && held.order.review != Some(Review::Approved) && dear;
    if looked_at || unseen || !settings.payment_methods.iter().any(|known| known == method.name()) {
        return Err(PaymentError::MethodNotAllowed.into());
    }
    Ok(())
}

/// Notes that the live payment is being replaced, before the provider is asked to call it off. Returns it if there is
/// somebody to ask.
async fn replace(shop: &Shop, order: OrderId, method: Method) -> Result<Option<PaymentId>, CheckoutError> {
    let mut tx = shop.db.begin().await?;
    let settings = settings::read(&mut tx).await?;
    let mut held = hold_order(&mut tx, order).await?;
    allowed(shop, &held, &settings, method)?;
    if !held.payment.status.open() {
        return Ok(None);
    }
    payments::set_void_reason(&mut tx, &mut held.payment, REPLACED).await?;
    if held.payment.provider != Provider::Stripe {
        let told = payments::give_up(&mut tx, &mut held.payment, Money::Cancelled, REPLACED).await?;
        events::tell(&mut tx, shop, &told).await?;
    }
    tx.commit().await?;
    Ok((held.payment.provider == Provider::Stripe).then_some(held.payment.id))
}

/// Writes the next attempt down.
async fn begin(shop: &Shop, order: OrderId, method: Method, request_key: &str) -> Result<PaymentId, CheckoutError> {
    let mut tx = shop.db.begin().await?;
    let settings = settings::read(&mut tx).await?;
    let mut held = hold_order(&mut tx, order).await?;
    allowed(shop, &held, &settings, method)?;
    let mut told = Vec::new();
    if held.payment.status.open() {
        if held.payment.void_reason.as_deref() != Some(REPLACED) {
            return Err(PaymentError::Changed.into());
        }
        // Refused when it was first asked for, or never known over there.
        if held.payment.provider_ref.is_some() {
            return Err(super::end::undecided());
        }
        told.extend(payments::give_up(&mut tx, &mut held.payment, Money::Cancelled, REPLACED).await?);
    }
    let attempt = held.payment.attempt.saturating_add(1);
    let provider = match method {
        Method::Card => Provider::Stripe,
        Method::Cod => Provider::Cod,
        Method::Manual => Provider::Manual,
    };
    let new = NewPayment {
        id: PaymentId::new(),
        order,
        provider,
        attempt,
        amount_minor: held.order.total_minor,
        currency: shop.currency.code(),
        account: settings.stripe_account.clone().filter(|_| provider == Provider::Stripe),
        capture: settings.capture.into(),
        provider_key: payments::provider_key(shop, order, attempt),
        origin: shop.origin.clone(),
    };
    told.extend(payments::create(&mut tx, shop, std::slice::from_ref(&new)).await?);
    payments::set_request_key(&mut tx, new.id, request_key).await?;
    orders::set_payment_method(&mut tx, order, method.name()).await?;
    match method {
        Method::Card => jobs::enqueue(&mut tx, shop, &[look_later(shop, new.id, FIRST_LOOK)]).await?,
        Method::Manual => {
            db::extend_days(&mut tx, held.checkout.id, settings.manual_payment_days).await?;
        }
        Method::Cod => {
            let log = super::settle::phases(&["stock_committed", "completed"], shop);
            told.push(orders::step(&mut tx, shop, &mut held.order, Step::ChangeToCash, None).await?);
            db::finish(&mut tx, held.checkout.id, Status::Completed, Some("completed"), None, &log).await?;
            carts::complete(&mut tx, &[held.checkout.cart]).await?;
            inventory::commit(&mut tx, &[order.0]).await?;
        }
    }
    events::tell(&mut tx, shop, &told).await?;
    tx.commit().await?;
    Ok(new.id)
}

async fn answer(shop: &Shop, order: OrderId) -> Result<Answer, Problem> {
    let mut tx = shop.db.begin().await.map_err(Problem::database)?;
    let payment = payments::of_order(&mut tx, order).await?.ok_or(PaymentError::NotFound)?;
    let found = orders::order(&mut tx, order).await?;
    tx.commit().await.map_err(Problem::database)?;
    if payment.status == Money::Failed.name() {
        return Err(Problem::new(
            StatusCode::PAYMENT_REQUIRED,
            "payment.refused",
            "the payment provider refused the payment; nothing was charged and nothing is held",
        )
        .with("provider_code", payment.failure_code.unwrap_or_default())
        .with("order_id", order.to_string()));
    }
    let attempt = Attempt {
        order_id: order,
        order_status: found.status,
        payment: PaymentView {
            id: payment.id,
            provider: payment.provider,
            status: payment.status,
            client_secret: payment.client_secret,
        },
    };
    Answer::new(StatusCode::CREATED, &attempt)
}
