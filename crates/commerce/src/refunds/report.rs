//! What the provider says about a refund, and what follows from it: the one place where webhook, question and first
//! answer meet, in any order, each of them any number of times.

use kernel::db::{TenantTx, retrying};
use serde_json::json;
use stripe_gateway::RefundStatus;

use super::finish::{fail, succeed};
use super::hold::{For, Held, hold, lock_order};
use super::model::Locked;
use super::record::{process_soon, provider_key, told};
use super::{RefundError, RefundId, Status, Step, db};
use crate::events::{self, Event};
use crate::orders::{self, FaultCategory, FaultSeverity, OrderFault};
use crate::payments::{self, PaymentError, PaymentId};
use crate::shop::Shop;

/// The name of our refund's id in the provider's metadata.
pub(super) const NAME: &str = "souk_refund";

/// What the provider says about one of its refunds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The provider's own id of it.
    pub provider_ref: String,
    /// Where it stands over there.
    pub status: RefundStatus,
    /// Minor units.
    pub amount_minor: i64,
    /// Three capital letters.
    pub currency: String,
    /// The provider's own id of the payment.
    pub intent: Option<String>,
    /// Ours, if we asked for it.
    pub named: Option<RefundId>,
    /// The connected account that it belongs to.
    pub account: Option<String>,
    /// Why it failed.
    pub failure_code: Option<String>,
}

impl Report {
    /// Reads a refund of `account`.
    pub fn of(refund: stripe_gateway::Refund, account: Option<String>) -> Self {
        Self {
            named: refund.metadata.get(NAME).and_then(|id| id.parse().ok()),
            provider_ref: refund.id,
            status: refund.status,
            amount_minor: refund.amount_minor,
            currency: refund.currency,
            intent: refund.intent,
            account,
            failure_code: refund.failure_reason,
        }
    }

    fn failure(&self) -> &str {
        match (&self.failure_code, self.status) {
            (Some(code), _) => code,
            (None, RefundStatus::Canceled) => "canceled",
            (
                None,
                RefundStatus::Failed | RefundStatus::Pending | RefundStatus::RequiresAction | RefundStatus::Succeeded,
            ) => "failed",
        }
    }

    /// Is it about this refund's money?
    fn fits(&self, held: &Held) -> bool {
        let payment = &held.payment;
        self.amount_minor == held.refund.amount_minor
            && self.currency.eq_ignore_ascii_case(&held.refund.currency)
            && self.account == payment.account
            && (self.intent.is_none() || self.intent == payment.provider_ref)
    }
}

/// What a report led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reported {
    /// It is as reported.
    Applied,
    /// It names no payment of this store.
    NotOurs,
    /// It does not fit what we wrote down: a person must look at it.
    Flagged,
}

/// Applies the provider's word. Doing so again, or late, changes nothing.
pub async fn apply_report(shop: &Shop, report: &Report) -> Result<Reported, RefundError> {
    let mut tries = 0;
    loop {
        match retrying(|| attempt(shop, report)).await {
            // Another word about it was written between our look and our lock.
            Err(RefundError::Changed) if tries < 3 => tries += 1,
            outcome => return outcome,
        }
    }
}

async fn attempt(shop: &Shop, report: &Report) -> Result<Reported, RefundError> {
    let mut tx = shop.db.begin().await?;
    let (reported, told) = match db::known(&mut tx, &report.provider_ref, report.named).await? {
        Some(id) => ours(&mut tx, shop, id, report).await?,
        None => theirs(&mut tx, shop, report).await?,
    };
    events::tell(&mut tx, shop, &told).await?;
    tx.commit().await?;
    Ok(reported)
}

async fn ours(
    tx: &mut TenantTx,
    shop: &Shop,
    id: RefundId,
    report: &Report,
) -> Result<(Reported, Vec<Event>), RefundError> {
    let mut held = hold(tx, shop, id, For::Provider).await?;
    if held.refund.provider_ref.as_ref().is_some_and(|known| *known != report.provider_ref) {
        // Somebody else's word came in between: look again.
        return Err(RefundError::Changed);
    }
    if !report.fits(&held) {
        return flag(tx, shop, &held, report).await;
    }
    let mut told = Vec::new();
    match held.refund.status {
        Status::Approved => told.push(held.begin(tx).await?),
        Status::Processing | Status::Succeeded => {}
        Status::Failed if held.refund.provider_ref.is_some() => return Ok((Reported::Applied, told)),
        // Nobody asked the provider for it, or it was given up: whatever this is, it is the provider's own.
        Status::Requested | Status::Rejected | Status::Cancelled | Status::Failed => {
            return record_theirs(tx, shop, &mut held.order, held.payment.id, report).await;
        }
    }
    if held.refund.provider_ref.is_none() {
        db::set_provider_ref(tx, &held.refund, &report.provider_ref).await?;
        held.refund.provider_ref = Some(report.provider_ref.clone());
    }
    told.extend(move_on(tx, shop, &mut held, report).await?);
    Ok((Reported::Applied, told))
}

/// A processing or succeeded refund, as reported. What has failed never succeeds any more.
async fn move_on(tx: &mut TenantTx, shop: &Shop, held: &mut Held, report: &Report) -> Result<Vec<Event>, RefundError> {
    match (held.refund.status, report.status) {
        (Status::Processing, RefundStatus::Succeeded) => succeed(tx, shop, held, None).await,
        (Status::Processing | Status::Succeeded, RefundStatus::Failed | RefundStatus::Canceled) => {
            fail(tx, shop, held, report.failure()).await
        }
        (_, RefundStatus::Succeeded | RefundStatus::Pending | RefundStatus::RequiresAction)
        | (
            Status::Requested | Status::Approved | Status::Failed | Status::Rejected | Status::Cancelled,
            RefundStatus::Failed | RefundStatus::Canceled,
        ) => Ok(Vec::new()),
    }
}

async fn flag(
    tx: &mut TenantTx,
    shop: &Shop,
    held: &Held,
    report: &Report,
) -> Result<(Reported, Vec<Event>), RefundError> {
    tracing::error!(
        event = "refund.flagged", tenant = %shop.slug, refund_id = %held.refund.id, provider_ref = report.provider_ref,
        expected_minor = held.refund.amount_minor, reported_minor = report.amount_minor,
        "the provider's report does not fit the refund; a person must look at it"
    );
    let fault = OrderFault {
        category: FaultCategory::Payment,
        severity: FaultSeverity::Critical,
        code: "refund.report_differs",
        message: "what the provider says about a refund does not fit it",
        data: json!({ "refund_id": held.refund.id, "provider_ref": report.provider_ref,
                      "reported_minor": report.amount_minor }),
    };
    orders::note_error(tx, shop, held.order.id, &fault).await?;
    Ok((Reported::Flagged, Vec::new()))
}

/// A refund that somebody made at the provider itself.
async fn theirs(tx: &mut TenantTx, shop: &Shop, report: &Report) -> Result<(Reported, Vec<Event>), RefundError> {
    let Some(intent) = &report.intent else { return Ok((Reported::NotOurs, Vec::new())) };
    let Some((payment, order, _)) = payments::place(tx, intent).await? else {
        return Ok((Reported::NotOurs, Vec::new()));
    };
    let mut order = lock_order(tx, shop, order, For::Provider).await?;
    if db::known(tx, &report.provider_ref, None).await?.is_some() {
        // Written while we waited for the order.
        return Err(RefundError::Changed);
    }
    record_theirs(tx, shop, &mut order, payment, report).await
}

/// Writes the provider's own refund down. The money has gone, or is going: promises that nobody has begun to keep give
/// way to it.
async fn record_theirs(
    tx: &mut TenantTx,
    shop: &Shop,
    order: &mut orders::Locked,
    payment: PaymentId,
    report: &Report,
) -> Result<(Reported, Vec<Event>), RefundError> {
    if matches!(report.status, RefundStatus::Failed | RefundStatus::Canceled) {
        return Ok((Reported::Applied, Vec::new()));
    }
    // Its news may be here before that of the payment itself.
    let mut payment = payments::lock_refundable_payment(tx, payment).await?.ok_or(RefundError::NotYet)?;
    if report.account != payment.account || !report.currency.eq_ignore_ascii_case(&payment.currency) {
        return Ok((Reported::NotOurs, Vec::new()));
    }
    let mut events = Vec::new();
    for id in db::not_begun(tx, payment.id).await? {
        if payment.rest_minor() >= report.amount_minor {
            break;
        }
        let refund = db::lock(tx, id).await?.ok_or(RefundError::NotFound)?;
        let mut held = Held { order: order.clone(), payment, refund };
        events.push(held.decide(tx, shop, Step::Cancel, Some("refunded at the payment provider instead")).await?);
        payment = held.payment;
    }
    if payment.rest_minor() < report.amount_minor {
        return Err(RefundError::NotYet);
    }
    payments::promise_refund(tx, &mut payment, report.amount_minor).await?;
    let id = RefundId::new();
    let refund = Locked {
        id,
        order_id: order.id,
        payment_id: payment.id,
        retry_of: None,
        status: Status::Processing,
        amount_minor: report.amount_minor,
        shipping_minor: 0,
        currency: payment.currency.clone(),
        reason: "made at the payment provider".to_owned(),
        requested_by: json!(shop.origin.clone().acting(kernel::origin::Actor::Provider).actor),
        provider_key: provider_key(shop, id),
        provider_ref: Some(report.provider_ref.clone()),
        failure_code: None,
        stale: false,
        restocked: false,
        version: 1,
    };
    db::insert(tx, &refund).await?;
    events.push(told(&refund, 1, "refund.recorded", json!({})));
    let mut held = Held { order: order.clone(), payment, refund };
    events.extend(move_on(tx, shop, &mut held, report).await?);
    if held.refund.status.open() {
        process_soon(tx, shop, held.payment.provider, id).await?;
    }
    tracing::info!(
        event = "refund.recorded", tenant = %shop.slug, refund_id = %id, order_id = %order.id,
        provider_ref = report.provider_ref, amount_minor = report.amount_minor, "a refund of the provider's own"
    );
    Ok((Reported::Applied, events))
}

/// The provider certainly made no refund of ours, and will make none.
pub(super) async fn refused(shop: &Shop, id: RefundId, failure_code: &str) -> Result<(), RefundError> {
    retrying(async || {
        let mut tx = shop.db.begin().await?;
        let mut held = match hold(&mut tx, shop, id, For::Provider).await {
            Err(RefundError::Payment(PaymentError::NotFound)) => return Ok(()),
            held => held?,
        };
        if held.refund.status != Status::Processing || held.refund.provider_ref.is_some() {
            return Ok(());
        }
        let told = fail(&mut tx, shop, &mut held, failure_code).await?;
        events::tell(&mut tx, shop, &told).await?;
        Ok(tx.commit().await?)
    })
    .await
}
