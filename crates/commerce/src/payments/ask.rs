//! Ask the provider: prepare a payment, look how it stands, capture it, or call it off. Network, so never inside a
//! transaction.

use stripe_gateway::{CreateIntent, GatewayError, Intent};

use super::{Capture, Locked, PaymentError, PaymentId, Report, Reported, db};
use crate::events;
use crate::shop::Shop;

/// After so many answers that say nothing, the provider is searched instead of asked again: it keeps an error for a day
/// under our key.
const ASKS: i32 = 3;

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

/// What the payment is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    Prepare,
    CallOff,
}

/// A payment, and what its order's first event was correlated with.
pub(super) struct Known {
    pub(super) payment: Locked,
    pub(super) correlation: Option<String>,
}

/// Learns how the payment stands at the provider, preparing it there if it is not yet known there. Asked again, in
/// whatever state a crash left us, it finds the same payment: the key is the payment's own.
pub async fn ask(shop: &Shop, id: PaymentId) -> Result<Asked, PaymentError> {
    prepared(shop, &read(shop, id).await?).await
}

/// [`ask`], of a payment that was read.
pub(super) async fn prepared(shop: &Shop, known: &Known) -> Result<Asked, PaymentError> {
    learn(shop, known, Wish::Prepare).await
}

/// Calls the payment off. The provider's word says whether it did: it may have succeeded just before.
pub async fn cancel(shop: &Shop, id: PaymentId) -> Result<Asked, PaymentError> {
    let known = read(shop, id).await?;
    let payment = &known.payment;
    let Asked::Report(report) = learn(shop, &known, Wish::CallOff).await? else {
        return Ok(Asked::Refused { code: "never_reached_provider".into() });
    };
    if matches!(report.status, Reported::Succeeded | Reported::Cancelled) {
        return Ok(Asked::Report(report));
    }
    // Cancelling twice is cancelling once, so another key after an answer that said nothing is safe.
    let key = format!("{}-cancel-{}", id.0.simple(), payment.asks);
    let answer = shop.stripe.cancel_intent(&report.provider_ref, report.account.as_deref(), &key).await;
    ended(shop, payment, report.provider_ref, answer).await
}

/// Asks for the money that is authorised. The provider's word says whether it came: the authorisation may have lapsed.
pub async fn capture(shop: &Shop, id: PaymentId) -> Result<Asked, PaymentError> {
    let Known { payment, .. } = read(shop, id).await?;
    let Some(provider_ref) = payment.provider_ref.clone() else { return Err(PaymentError::NotAuthorized) };
    // A second capture is refused, so another key after an answer that said nothing is safe.
    let key = format!("{}-capture-{}", id.0.simple(), payment.asks);
    let account = payment.account.as_deref();
    let answer = shop.stripe.capture_intent(&provider_ref, Some(payment.amount_minor), account, &key).await;
    ended(shop, &payment, provider_ref, answer).await
}

/// The answer to a request that ends an intent; where it was refused, the intent had ended one way or the other.
async fn ended(
    shop: &Shop,
    payment: &Locked,
    provider_ref: String,
    answer: Result<Intent, GatewayError>,
) -> Result<Asked, PaymentError> {
    let account = payment.account.clone();
    match answer {
        Ok(intent) => Ok(Asked::Report(Report::of(intent, account))),
        Err(GatewayError::Declined { .. } | GatewayError::Rejected { .. }) => {
            let intent = shop.stripe.intent(&provider_ref, account.as_deref()).await?;
            Ok(Asked::Report(Report::of(intent, account)))
        }
        Err(error) => Err(undecided(shop, payment.id, error).await?),
    }
}

async fn learn(shop: &Shop, known: &Known, wish: Wish) -> Result<Asked, PaymentError> {
    let payment = &known.payment;
    let account = payment.account.clone();
    if let Some(provider_ref) = &payment.provider_ref {
        return match shop.stripe.intent(provider_ref, account.as_deref()).await {
            Ok(intent) => Ok(Asked::Report(Report::of(intent, account))),
            Err(error) => Err(undecided(shop, payment.id, error).await?),
        };
    }
    if payment.stale || payment.asks >= ASKS {
        return search(shop, payment, wish).await;
    }
    prepare(shop, known).await
}

async fn prepare(shop: &Shop, known: &Known) -> Result<Asked, PaymentError> {
    let payment = &known.payment;
    match shop.stripe.create_intent(request(shop, known)).await {
        Ok(intent) => Ok(Asked::Report(Report::of(intent, payment.account.clone()))),
        Err(GatewayError::Declined { code, .. } | GatewayError::Rejected { code, .. }) => Ok(Asked::Refused { code }),
        Err(error) => Err(undecided(shop, payment.id, error).await?),
    }
}

/// The same for every try: the provider takes another request under the same key for a mistake. So the correlation is
/// the one that was written down, not that of whoever asks.
fn request(shop: &Shop, known: &Known) -> CreateIntent {
    let Known { payment, correlation } = known;
    CreateIntent {
        idempotency_key: payment.provider_key.clone(),
        amount_minor: payment.amount_minor,
        currency: payment.currency.clone(),
        capture: match payment.capture {
            Capture::Automatic => stripe_gateway::Capture::Automatic,
            Capture::Manual => stripe_gateway::Capture::Manual,
        },
        account: payment.account.clone(),
        application_fee_minor: payment.application_fee_minor,
        metadata: vec![
            ("souk_tenant".into(), shop.id.to_string()),
            ("souk_order".into(), payment.order_id.to_string()),
            ("souk_payment".into(), payment.id.to_string()),
        ]
        .into_iter()
        .chain(correlation.clone().map(|id| ("souk_correlation".into(), id)))
        .collect(),
        description: Some(format!("{}: order {}", shop.slug, payment.order_id)),
        receipt_email: None,
    }
}

/// Looks for the intent by our own id. When it was absent twice, some time apart, it is prepared under another key.
///
/// The search lags behind, so an intent may exist that it does not find. That intent can not be paid: its secret never
/// left the provider. Should it show up, by webhook or by a later search, it is called off.
async fn search(shop: &Shop, payment: &Locked, wish: Wish) -> Result<Asked, PaymentError> {
    let account = payment.account.clone();
    let found = shop.stripe.find_intents("souk_payment", &payment.id.to_string(), account.as_deref()).await?;
    // One that can still be paid is better than one that was called off.
    let best = found.into_iter().max_by_key(|intent| intent.status != stripe_gateway::IntentStatus::Canceled);
    if let Some(intent) = best {
        return Ok(Asked::Report(Report::of(intent, account)));
    }
    let mut tx = shop.db.begin().await?;
    let certain = db::note_absent(&mut tx, payment.id).await?;
    let renewed = certain && !payment.stale && wish == Wish::Prepare;
    if renewed {
        db::renew_key(&mut tx, payment, &next_key(&payment.provider_key)).await?;
    }
    tx.commit().await?;
    if renewed {
        tracing::warn!(tenant = %shop.slug, payment_id = %payment.id, "the provider's error is stored under our key; another one is used");
        return prepare(shop, &read(shop, payment.id).await?).await;
    }
    if certain {
        return Ok(Asked::Refused { code: "never_reached_provider".into() });
    }
    Err(GatewayError::unknown("the provider does not find the payment; it is searched once more").into())
}

/// `…-1`, `…-1b1`, `…-1b2`: attempts of the order count before the `b`, keys of one attempt after it.
fn next_key(key: &str) -> String {
    let (stem, attempt) = key.rsplit_once('-').unwrap_or(("", key));
    let (attempt, renewed) = attempt.split_once('b').unwrap_or((attempt, "0"));
    format!("{stem}-{attempt}b{}", renewed.parse::<u32>().unwrap_or_default().saturating_add(1))
}

async fn read(shop: &Shop, id: PaymentId) -> Result<Known, PaymentError> {
    let mut tx = shop.db.begin().await?;
    let payment = db::read(&mut tx, id).await?.ok_or(PaymentError::NotFound)?;
    let correlation = events::correlation_of(&mut tx, payment.order_id).await?;
    tx.commit().await?;
    Ok(Known { payment, correlation })
}

/// Counts an answer that said nothing, and gives it on.
async fn undecided(shop: &Shop, id: PaymentId, error: GatewayError) -> Result<PaymentError, PaymentError> {
    match &error {
        GatewayError::Unknown { .. } => note_unknown(shop, id).await?,
        // Turned away unread; or refused as if there were no such intent, which says more about our key than about it.
        GatewayError::Unavailable { .. } | GatewayError::Rejected { .. } | GatewayError::Declined { .. } => {}
    }
    Ok(error.into())
}

pub(super) async fn note_unknown(shop: &Shop, id: PaymentId) -> Result<(), PaymentError> {
    let mut tx = shop.db.begin().await?;
    db::note_unknown(&mut tx, id).await?;
    tx.commit().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::next_key;

    #[test]
    fn keys_of_one_attempt_are_counted() {
        assert_eq!(next_key("souk-0b-1b-2"), "souk-0b-1b-2b1");
        assert_eq!(next_key("souk-0b-1b-2b1"), "souk-0b-1b-2b2");
        assert_eq!(next_key("souk-0b-1b-2b9"), "souk-0b-1b-2b10");
    }
}
