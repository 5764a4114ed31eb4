//! Ask the provider: prepare a payment, look how it stands, or call it off. Network, so never inside a transaction.

use stripe_gateway::{Capture, CreateIntent, GatewayError};

use super::{Locked, PaymentError, PaymentId, Report, Status, db};
use crate::events;
use crate::shop::Shop;

/// What asking led to.
#[derive(Debug)]
pub enum Asked {
    /// The provider's word.
    Report(Report),
    /// The provider refused to prepare the payment: there is none over there, and will be none.
    Refused {
        /// Its code.
        code: String,
    },
}

/// Learns how the payment stands at the provider, preparing it there if it is not yet known there. Asked again, in
/// whatever state a crash left us, it finds the same payment: the key is the payment's own.
pub async fn ask(shop: &Shop, id: PaymentId) -> Result<Asked, PaymentError> {
    let (payment, correlation) = read(shop, id).await?;
    learn(shop, &payment, correlation).await
}

/// Asks about a payment that was read, with the correlation of the order that it pays.
pub(super) async fn learn(shop: &Shop, payment: &Locked, correlation: Option<String>) -> Result<Asked, PaymentError> {
    let account = payment.account.clone();
    let answer = match &payment.provider_ref {
        Some(provider_ref) => shop.stripe.intent(provider_ref, account.as_deref()).await,
        None if payment.stale => return search(shop, payment).await,
        None => shop.stripe.create_intent(request(shop, payment, correlation)).await,
    };
    match answer {
        Ok(intent) => Ok(Asked::Report(Report::of(intent, account))),
        Err(GatewayError::Declined { code, .. } | GatewayError::Rejected { code, .. }) => Ok(Asked::Refused { code }),
        Err(error @ GatewayError::Unknown { .. }) => {
            note_unknown(shop, payment.id).await?;
            Err(error.into())
        }
        Err(error @ GatewayError::Unavailable { .. }) => Err(error.into()),
    }
}

/// Calls the payment off. The provider's word says whether it did: it may have succeeded just before.
pub async fn cancel(shop: &Shop, id: PaymentId) -> Result<Asked, PaymentError> {
    let asked = ask(shop, id).await?;
    let Asked::Report(report) = asked else { return Ok(asked) };
    let account = report.account.clone();
    let key = format!("{}-cancel", id.0.simple());
    match shop.stripe.cancel_intent(&report.provider_ref, account.as_deref(), &key).await {
        Ok(intent) => Ok(Asked::Report(Report::of(intent, account))),
        // It had ended already, one way or the other: ask which.
        Err(GatewayError::Declined { .. } | GatewayError::Rejected { .. }) => {
            let intent = shop.stripe.intent(&report.provider_ref, account.as_deref()).await?;
            Ok(Asked::Report(Report::of(intent, account)))
        }
        Err(error @ (GatewayError::Unknown { .. } | GatewayError::Unavailable { .. })) => Err(error.into()),
    }
}

/// The same for every try: the provider takes another request under the same key for a mistake. So the correlation is
/// the one that was written down, not that of whoever asks.
fn request(shop: &Shop, payment: &Locked, correlation: Option<String>) -> CreateIntent {
    CreateIntent {
        idempotency_key: payment.provider_key.clone(),
        amount_minor: payment.amount_minor,
        currency: payment.currency.clone(),
        capture: Capture::Automatic,
        account: payment.account.clone(),
        application_fee_minor: None,
        metadata: vec![
            ("souk_tenant".into(), shop.id.to_string()),
            ("souk_order".into(), payment.order_id.to_string()),
            ("souk_payment".into(), payment.id.to_string()),
        ]
        .into_iter()
        .chain(correlation.map(|id| ("souk_correlation".into(), id)))
        .collect(),
        description: Some(format!("{}: order {}", shop.slug, payment.order_id)),
        receipt_email: None,
    }
}

/// The provider forgets keys after a day: what was asked longer ago is looked for by our own id, never asked again.
async fn search(shop: &Shop, payment: &Locked) -> Result<Asked, PaymentError> {
    let account = payment.account.clone();
    let found = shop.stripe.find_intents("souk_payment", &payment.id.to_string(), account.as_deref()).await?;
    Ok(match found.into_iter().next() {
        Some(intent) => Asked::Report(Report::of(intent, account)),
        None => Asked::Refused { code: "never_reached_provider".into() },
    })
}

async fn read(shop: &Shop, id: PaymentId) -> Result<(Locked, Option<String>), PaymentError> {
    let mut tx = shop.db.begin().await?;
    let payment = db::read(&mut tx, id).await?.ok_or(PaymentError::NotFound)?;
    let correlation = events::correlation_of(&mut tx, payment.order_id).await?;
    tx.commit().await?;
    Ok((payment, correlation))
}

async fn note_unknown(shop: &Shop, id: PaymentId) -> Result<(), PaymentError> {
    let mut tx = shop.db.begin().await?;
    if let Some(payment) = db::lock(&mut tx, id).await?
        && payment.status == Status::Created
    {
        db::set_status(&mut tx, &payment, Status::Unknown).await?;
    }
    tx.commit().await?;
    Ok(())
}
