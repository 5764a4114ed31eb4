//! Give money back: note that the provider is about to be asked, ask, note the answer. A job does it, as often as it
//! takes.

use std::time::Duration;

use stripe_gateway::{CreateRefund, GatewayError};

use super::hold::{For, hold};
use super::report::{NAME, Report, apply_report, refused};
use super::{RefundError, RefundId, Status, db, record};
use crate::events;
use crate::payments::Provider;
use crate::shop::Shop;

/// How often the provider is asked about a refund that it knows and has not decided: its news is quicker.
const PENDING: Duration = Duration::from_secs(600);

/// What the provider is asked.
struct Ask {
    id: RefundId,
    metadata: Vec<(String, String)>,
    intent: String,
    account: Option<String>,
    amount_minor: i64,
    provider_key: String,
    provider_ref: Option<String>,
    stale: bool,
}

/// What it said.
enum Said {
    Report(Report),
    /// There is no refund over there, and will be none.
    Refused(String),
    /// Nothing definite: the same question again, later.
    Nothing,
}

/// Goes on with a refund from wherever it is. Returns how long to wait before going on; `None` once it is decided.
pub async fn process(shop: &Shop, id: RefundId, attempts: i32) -> Result<Option<Duration>, RefundError> {
    let Some(question) = begin(shop, id).await? else { return Ok(None) };
    match ask(shop, &question).await {
        Said::Report(report) => {
            apply_report(shop, &report).await?;
        }
        Said::Refused(code) => refused(shop, id, &code).await?,
        Said::Nothing => {}
    }
    let mut tx = shop.db.begin().await?;
    let refund = db::one(&mut tx, id).await?.ok_or(RefundError::NotFound)?;
    tx.commit().await?;
    Ok(match (refund.status, refund.provider_ref) {
        (Status::Processing, None) => Some(backoff(attempts)),
        (Status::Processing, Some(_)) => Some(PENDING),
        (
            Status::Requested
            | Status::Approved
            | Status::Succeeded
            | Status::Failed
            | Status::Rejected
            | Status::Cancelled,
            _,
        ) => None,
    })
}

/// 2, 4, 8, … seconds, at most a minute.
fn backoff(attempts: i32) -> Duration {
    Duration::from_secs((1u64 << attempts.clamp(1, 6)).min(60))
}

/// Notes that the provider is about to be asked, and with what.
async fn begin(shop: &Shop, id: RefundId) -> Result<Option<Ask>, RefundError> {
    let mut tx = shop.db.begin().await?;
    let mut held = hold(&mut tx, shop, id, For::Provider).await?;
    // What came by hand goes back by hand.
    if held.payment.provider != Provider::Stripe {
        return Ok(None);
    }
    match held.refund.status {
        Status::Approved => {
            let told = held.begin(&mut tx).await?;
            events::tell(&mut tx, shop, &[told]).await?;
        }
        Status::Processing => {}
        Status::Requested | Status::Succeeded | Status::Failed | Status::Rejected | Status::Cancelled => {
            return Ok(None);
        }
    }
    tx.commit().await?;
    let Some(intent) = held.payment.provider_ref else { return Ok(None) };
    let refund = held.refund;
    Ok(Some(Ask {
        id,
        metadata: vec![
            ("souk_tenant".into(), shop.id.to_string()),
            ("souk_order".into(), refund.order_id.to_string()),
            ("souk_payment".into(), refund.payment_id.to_string()),
            (NAME.into(), id.to_string()),
        ],
        intent,
        account: held.payment.account,
        amount_minor: refund.amount_minor,
        provider_key: refund.provider_key,
        provider_ref: refund.provider_ref,
        stale: refund.stale,
    }))
}

/// Notes that the provider is about to be asked anew, under the next key. Of two who try at once one does.
async fn begin_again(shop: &Shop, question: &Ask) -> Result<String, RefundError> {
    let key = next_key(&record::provider_key(shop, question.id), &question.provider_key);
    let mut tx = shop.db.begin().await?;
    let held = hold(&mut tx, shop, question.id, For::Provider).await?;
    if held.refund.status != Status::Processing || held.refund.provider_key != question.provider_key {
        return Err(RefundError::Changed);
    }
    db::set_asked_again(&mut tx, &held.refund, &key).await?;
    tx.commit().await?;
    tracing::warn!(tenant = %shop.slug, refund_id = %question.id, "a refund is asked for under another key");
    Ok(key)
}

/// Notes that the list has no refund of ours. True when that was so some time ago already.
async fn absent(shop: &Shop, question: &Ask) -> Result<bool, RefundError> {
    let mut tx = shop.db.begin().await?;
    let certain = db::note_absent(&mut tx, question.id, &question.provider_key).await?;
    tx.commit().await?;
    Ok(certain)
}

/// The first key, then the same with `-2`, `-3`, …
fn next_key(first: &str, last: &str) -> String {
    let count = last.strip_prefix(first).and_then(|rest| rest.strip_prefix('-')).and_then(|rest| rest.parse().ok());
    format!("{first}-{}", count.unwrap_or(1u32).saturating_add(1))
}

async fn ask(shop: &Shop, question: &Ask) -> Said {
    let account = question.account.as_deref();
    if let Some(provider_ref) = &question.provider_ref {
        return match shop.stripe.refund(provider_ref, account).await {
            Ok(refund) => Said::Report(Report::of(refund, question.account.clone())),
            Err(error) => undecided(shop, question, &error),
        };
    }
    // The provider forgets keys after a day: what was asked longer ago is looked for before it is asked again.
    if question.stale {
        return match find(shop, question).await {
            Ok(Some(report)) => Said::Report(report),
            // Certainly not done, and nothing of the old key is under way any more; what is stored under it may be in
            // the way.
            Ok(None) => create_anew(shop, question).await,
            Err(error) => undecided(shop, question, &error),
        };
    }
    let error = match create(shop, question, question.provider_key.clone()).await {
        Ok(report) => return Said::Report(report),
        Err(error) => error,
    };
    let (refusal, burnt) = match &error {
        // Our own credentials, or a limit: not this refund's fault.
        GatewayError::Rejected { status: 401 | 403 | 409 | 429, .. } | GatewayError::Unavailable { .. } => {
            return undecided(shop, question, &error);
        }
        GatewayError::Declined { code, .. } | GatewayError::Rejected { code, .. } => (Some(code.clone()), false),
        GatewayError::Unknown { remembered, .. } => (None, *remembered),
    };
    // A failure that is stored under our key says nothing about what was done: the list of refunds does.
    match (find(shop, question).await, refusal) {
        (Ok(Some(report)), _) => Said::Report(report),
        (Ok(None), Some(code)) => Said::Refused(code),
        (Ok(None), None) if burnt => match absent(shop, question).await {
            Ok(true) => create_anew(shop, question).await,
            Ok(false) => undecided(shop, question, &error),
            Err(error) => undecided(shop, question, &error),
        },
        (Ok(None) | Err(_), _) => undecided(shop, question, &error),
    }
}

/// Asks under another key. Only for who knows that nothing was done under the one before, and nothing will be.
async fn create_anew(shop: &Shop, question: &Ask) -> Said {
    let key = match begin_again(shop, question).await {
        Ok(key) => key,
        Err(error) => return undecided(shop, question, &error),
    };
    match create(shop, question, key).await {
        Ok(report) => Said::Report(report),
        Err(error) => undecided(shop, question, &error),
    }
}

async fn create(shop: &Shop, question: &Ask, provider_key: String) -> Result<Report, GatewayError> {
    let request = CreateRefund {
        idempotency_key: provider_key,
        intent: question.intent.clone(),
        amount_minor: Some(question.amount_minor),
        reason: None,
        account: question.account.clone(),
        metadata: question.metadata.clone(),
    };
    let refund = shop.stripe.create_refund(request).await?;
    Ok(Report::of(refund, question.account.clone()))
}

/// Our refund among all of the payment's.
async fn find(shop: &Shop, question: &Ask) -> Result<Option<Report>, GatewayError> {
    let id = question.id.to_string();
    let all = shop.stripe.refunds_of(&question.intent, question.account.as_deref()).await?;
    let found = all.into_iter().find(|refund| refund.metadata.get(NAME) == Some(&id));
    Ok(found.map(|refund| Report::of(refund, question.account.clone())))
}

fn undecided(shop: &Shop, question: &Ask, error: &impl std::fmt::Display) -> Said {
    tracing::warn!(tenant = %shop.slug, refund_id = %question.id, %error, "the provider has not decided a refund");
    Said::Nothing
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_counted_and_waits_end_at_a_minute() {
        assert_eq!(next_key("souk-1-refund-2", "souk-1-refund-2"), "souk-1-refund-2-2");
        assert_eq!(next_key("souk-1-refund-2", "souk-1-refund-2-9"), "souk-1-refund-2-10");
        let waits: Vec<u64> = [0, 1, 2, 5, 6, 1000].map(|attempts| backoff(attempts).as_secs()).to_vec();
        assert_eq!(waits, [2, 2, 4, 32, 60, 60]);
    }
}
