//! What owners are written about their subscription. The one place from which billing writes letters.

use chrono::{DateTime, Utc};
use kernel::db::LandlordTx;
use kernel::id::TenantId;
use kernel::origin::Origin;
use stripe_gateway::billing::Invoice;

use crate::dunning::Step;
use crate::mails;
use crate::mails::kinds::BillingMail;
use crate::subscriptions::{Kept, News};

/// The mail of a step on the ladder.
pub(crate) async fn step(
    tx: &mut LandlordTx,
    origin: &Origin,
    tenant: TenantId,
    since: DateTime<Utc>,
    step: Step,
    next: Option<Step>,
) -> sqlx::Result<()> {
    let invoice = crate::invoices::open_of(tx, tenant).await?;
    let subscribed =
        crate::subscriptions::read(tx, tenant).await?.is_some_and(|kept| kept.stripe_subscription.is_some());
    let mail = BillingMail::Behind {
        action: step.action,
        day: step.day,
        trial: !subscribed,
        next: next.map(|next| (next.action, next.at(since))),
        invoice_url: invoice.as_ref().and_then(|invoice| invoice.hosted_url.clone()),
        due: invoice.map(|invoice| (invoice.remaining_minor, invoice.currency)),
    };
    let key = format!("billing:{tenant}:{}:{}:{:?}", since.timestamp(), step.day, step.action);
    mails::tell_owners(tx, origin, tenant, mail, Some(&key)).await
}

/// A trial is about to end.
pub(crate) async fn trial_will_end(
    tx: &mut LandlordTx,
    origin: &Origin,
    tenant: TenantId,
    kept: &Kept,
    end: DateTime<Utc>,
) -> sqlx::Result<()> {
    let mail = BillingMail::TrialWillEnd { at: end, subscribed: kept.is_subscribed() };
    let key = format!("billing:{tenant}:trial:{}", end.timestamp());
    mails::tell_owners(tx, origin, tenant, mail, Some(&key)).await
}

/// What happened to a subscription. What fell behind is told by the ladder.
pub(crate) async fn news(
    tx: &mut LandlordTx,
    origin: &Origin,
    tenant: TenantId,
    before: &Kept,
    after: &Kept,
    news: &[News],
) -> sqlx::Result<()> {
    let started = news.contains(&News::Started);
    for one in news {
        let mail = match one {
            News::Started => BillingMail::Subscribed { plan: after.plan.clone(), trial_ends_at: after.trial_ends_at },
            // Whoever has just subscribed knows.
            News::PlanChanged { .. } | News::Recovered if started => continue,
            News::PlanChanged { from, to } => BillingMail::PlanChanged { from: from.clone(), to: to.clone() },
            News::ChangePlanned(pending) => {
                BillingMail::PlanWillChange { from: after.plan.clone(), to: pending.plan.clone(), at: pending.at }
            }
            News::ChangeCalledOff => BillingMail::PlanStays { plan: after.plan.clone() },
            News::FellBehind => continue,
            News::Recovered => BillingMail::Recovered { plan: after.plan.clone() },
            News::CancelPlanned(at) => BillingMail::WillEnd { plan: after.plan.clone(), at: *at },
            News::Resumed => BillingMail::Resumed { plan: after.plan.clone(), renews_at: after.period_end },
            News::Ended => BillingMail::Ended { plan: before.plan.clone(), unpaid: before.behind_since.is_some() },
        };
        mails::tell_owners(tx, origin, tenant, mail, None).await?;
    }
    Ok(())
}

/// An invoice is paid.
pub(crate) async fn paid(
    tx: &mut LandlordTx,
    origin: &Origin,
    tenant: TenantId,
    invoice: &Invoice,
) -> sqlx::Result<()> {
    let mail = BillingMail::InvoicePaid {
        number: invoice.number.clone(),
        amount_minor: invoice.paid_minor,
        currency: invoice.currency.clone(),
        url: invoice.hosted_url.clone(),
    };
    mails::tell_owners(tx, origin, tenant, mail, Some(&format!("billing:{}:paid", invoice.id))).await
}

/// An invoice could not be collected once more.
pub(crate) async fn failed_again(
    tx: &mut LandlordTx,
    origin: &Origin,
    tenant: TenantId,
    invoice: &Invoice,
) -> sqlx::Result<()> {
    let mail = BillingMail::PaymentFailed {
        amount_minor: invoice.remaining_minor,
        currency: invoice.currency.clone(),
        next_at: invoice.next_attempt.and_then(|at| DateTime::from_timestamp(at, 0)),
        url: invoice.hosted_url.clone(),
    };
    let key = format!("billing:{}:failed:{}", invoice.id, invoice.attempts);
    mails::tell_owners(tx, origin, tenant, mail, Some(&key)).await
}
