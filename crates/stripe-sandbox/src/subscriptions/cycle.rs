//! What a subscription does by itself when its time comes: announcing, renewing, ending.

use super::cancel::last_invoice;
use super::{MissingMethod, Status, Subscription, end, end_of};
use crate::invoices::{self, Draft, Invoice, Occasion};
use crate::state::{Change, Snapshot, Tx};
use crate::table::Row as _;

const DAY: i64 = 24 * 60 * 60;
/// How long an unpaid first invoice may wait.
const PATIENCE: i64 = 23 * 60 * 60;
/// How long before it the end of a trial is announced.
pub const TRIAL_NOTICE: i64 = 3 * DAY;

/// What comes next, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Expire,
    TellTrialEnd,
    TellRenewal,
    ResumeCollection,
    End,
    Renew,
}

/// When it does something next. `notice` is how many days before it a renewal is announced.
pub fn due(subscription: &Subscription, notice: i64) -> Option<i64> {
    next(subscription, notice).map(|(at, _)| at)
}

fn next(subscription: &Subscription, notice: i64) -> Option<(i64, Step)> {
    let mut steps = Vec::new();
    match subscription.status {
        Status::Canceled | Status::IncompleteExpired => return None,
        Status::Incomplete => return Some((subscription.created + PATIENCE, Step::Expire)),
        Status::Paused => {}
        Status::Trialing | Status::Active | Status::PastDue | Status::Unpaid => {
            let renewal = subscription.period_end;
            let ends = subscription.cancel_at.is_some_and(|end| end <= renewal);
            let told = subscription.renewal_told == Some(renewal);
            if !ends && !told && notice > 0 && renewal - notice * DAY > subscription.period_start {
                steps.push((renewal - notice * DAY, Step::TellRenewal));
            }
            steps.push((renewal, Step::Renew));
        }
    }
    if subscription.status == Status::Trialing && !subscription.trial_end_told {
        steps.extend(subscription.trial_end.map(|end| (end - TRIAL_NOTICE, Step::TellTrialEnd)));
    }
    steps.extend(subscription.pause.as_ref().and_then(|pause| pause.resumes_at).map(|at| (at, Step::ResumeCollection)));
    steps.extend(subscription.cancel_at.map(|at| (at, Step::End)));
    // Of what is due at the same time, the end comes before the renewal.
    let rank = |step: Step| match step {
        Step::TellTrialEnd | Step::TellRenewal | Step::ResumeCollection | Step::Expire => 0,
        Step::End => 1,
        Step::Renew => 2,
    };
    steps.into_iter().min_by_key(|(at, step)| (*at, rank(*step)))
}

/// Does what comes next.
pub fn turn(tx: &mut Tx<'_>, id: &str) {
    let Some(mut subscription) = tx.state.subscriptions.any(id).cloned() else { return };
    tx.live_by(subscription.clock.as_deref());
    let before = subscription.render();
    match next(&subscription, tx.state.billing.upcoming_days).map(|(_, step)| step) {
        None => {}
        Some(Step::Expire) => expire(tx, subscription),
        Some(Step::TellTrialEnd) => {
            subscription.trial_end_told = true;
            tx.put(Change::Subscription(subscription.clone()));
            tx.emit("customer.subscription.trial_will_end", Snapshot::Subscription(subscription));
        }
        Some(Step::TellRenewal) => {
            subscription.renewal_told = Some(subscription.period_end);
            tx.put(Change::Subscription(subscription.clone()));
            if let Some(invoice) = invoices::upcoming(tx, &subscription) {
                tx.emit("invoice.upcoming", Snapshot::Invoice(invoice));
            }
        }
        Some(Step::ResumeCollection) => {
            subscription.pause = None;
            tx.put(Change::Subscription(subscription.clone()));
            tx.emit_update("customer.subscription.updated", &before, Snapshot::Subscription(subscription));
        }
        Some(Step::End) => finish(tx, subscription),
        Some(Step::Renew) => renew(tx, subscription),
    }
}

fn expire(tx: &mut Tx<'_>, mut subscription: Subscription) {
    let before = subscription.render();
    subscription.status = Status::IncompleteExpired;
    subscription.ended_at = Some(tx.now());
    tx.put(Change::Subscription(subscription.clone()));
    if let Some(invoice) = &subscription.latest_invoice {
        // It may have been voided by hand.
        let _ = invoices::void(tx, invoice);
    }
    tx.emit_update("customer.subscription.updated", &before, Snapshot::Subscription(subscription));
}

/// Ends it as it was asked to; what was used until then is still invoiced.
fn finish(tx: &mut Tx<'_>, mut subscription: Subscription) {
    // Without its customer there is nobody to invoice.
    let last = last_invoice(tx, &mut subscription).ok().flatten();
    end(tx, subscription, "cancellation_requested");
    if let Some(invoice) = last.and_then(|id| tx.state.invoices.any(&id)).cloned() {
        let finalizes_at = Some(tx.now() + invoices::HOUR);
        tx.put(Change::Invoice(Invoice { auto_advance: true, finalizes_at, ..invoice }));
    }
}

fn renew(tx: &mut Tx<'_>, mut subscription: Subscription) {
    let before = subscription.render();
    let trial_ends = subscription.status == Status::Trialing;
    let customer = tx.state.customers.any(&subscription.customer).cloned();
    let Some(customer) = customer.filter(|customer| !customer.deleted) else {
        return end(tx, subscription, "cancellation_requested");
    };
    let method = subscription.default_payment_method.as_ref().or(customer.default_payment_method.as_ref());
    if trial_ends && method.is_none() && !subscription.send_invoice {
        match subscription.missing_method {
            MissingMethod::Cancel => return end(tx, subscription, "cancellation_requested"),
            MissingMethod::Pause => {
                subscription.status = Status::Paused;
                tx.put(Change::Subscription(subscription.clone()));
                tx.emit_update("customer.subscription.updated", &before, Snapshot::Subscription(subscription.clone()));
                return tx.emit("customer.subscription.paused", Snapshot::Subscription(subscription));
            }
            MissingMethod::CreateInvoice => {}
        }
    }
    let ended = (subscription.period_start, subscription.period_end);
    let (interval, count) = subscription.interval();
    subscription.period_start = subscription.period_end;
    subscription.period_end = end_of(subscription.anchor, interval, count, subscription.period_start);
    let unpaid = subscription.status == Status::Unpaid;
    if trial_ends {
        subscription.status = Status::Active;
    }
    let kept = subscription.pause.as_ref().is_some_and(|pause| pause.behavior == "keep_as_draft");
    let mut lines = invoices::usage(tx.state, &subscription, ended.0, ended.1);
    lines.extend(invoices::for_period(tx.state, &subscription));
    let invoice = invoices::draft(
        tx,
        Draft {
            customer: &customer,
            subscription: Some(&subscription),
            occasion: Occasion::SubscriptionCycle,
            currency: subscription.currency.clone(),
            lines,
            period: ended,
            auto_advance: !kept && !unpaid,
        },
    );
    subscription.latest_invoice = Some(invoice.id);
    tx.put(Change::Subscription(subscription.clone()));
    tx.emit_update("customer.subscription.updated", &before, Snapshot::Subscription(subscription));
}
