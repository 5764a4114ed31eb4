//! Apply what the provider reports to a locked payment.

use kernel::db::TenantTx;
use serde_json::json;

use super::report::Verdict;
use super::surplus::call_back;
use super::{Locked, PaymentError, Report, Status, db};
use crate::events::Event;
use crate::shop::Shop;

/// What a report changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Nothing that others need to know.
    None,
    /// The money is promised.
    Authorized,
    /// The money is there.
    Succeeded,
    /// There will be no money.
    Cancelled,
    /// The money is there, and nobody waits for it any more. Nothing is written yet: the caller accepts it or has it
    /// returned.
    Late,
    /// There is an intent too many. Nothing is written yet.
    Stray,
}

/// Applies a report: the payment's row, and the events to tell. `wanted`: does the order still wait for money?
pub async fn apply(
    tx: &mut TenantTx,
    shop: &Shop,
    payment: &mut Locked,
    report: &Report,
    wanted: bool,
) -> Result<(Change, Vec<Event>), PaymentError> {
    let (status, change) = match report.verdict(payment, shop.platform.livemode) {
        Verdict::Nothing => return Ok((Change::None, Vec::new())),
        Verdict::Flag(flag) => return flagged(tx, shop, payment, report, flag).await,
        Verdict::Stray => return Ok((Change::Stray, Vec::new())),
        Verdict::Late => return Ok((Change::Late, Vec::new())),
        Verdict::Succeed if !wanted => return Ok((Change::Late, Vec::new())),
        Verdict::Authorize if !wanted => {
            call_back(tx, shop, payment, report).await?;
            return Ok((Change::None, Vec::new()));
        }
        Verdict::Alive => {
            call_back(tx, shop, payment, report).await?;
            return Ok((Change::None, Vec::new()));
        }
        Verdict::Progress(status) => {
            let same = status == payment.status && payment.provider_ref.is_some();
            if same && report.failure_code == payment.failure_code {
                return Ok((Change::None, Vec::new()));
            }
            (status, Change::None)
        }
        Verdict::Authorize => (Status::Authorized, Change::Authorized),
        Verdict::Succeed => (Status::Succeeded, Change::Succeeded),
        Verdict::Cancel => (Status::Cancelled, Change::Cancelled),
    };
    let event = set(tx, shop, payment, status, report).await?;
    Ok((change, vec![event]))
}

/// Writes the reported status, and tells of it.
pub(super) async fn set(
    tx: &mut TenantTx,
    shop: &Shop,
    payment: &mut Locked,
    status: Status,
    report: &Report,
) -> Result<Event, PaymentError> {
    db::set_reported(tx, payment, status, report).await?;
    let name = match status {
        Status::Created | Status::Unknown | Status::Processing => "payment.processing",
        Status::RequiresAction if report.failure_code.is_some() => "payment.declined",
        Status::RequiresAction => "payment.requires_action",
        Status::Authorized => "payment.authorized",
        Status::Succeeded => "payment.succeeded",
        Status::Failed => "payment.failed",
        Status::Cancelled => "payment.cancelled",
    };
    if let Some(reason) = &report.failure_code {
        kernel::metrics::payment_failed(reason);
        tracing::warn!(
            event = "payment.failed", tenant = %shop.slug, order_id = %payment.order_id, payment_id = %payment.id, reason,
            "payment declined"
        );
    }
    let event = moved(payment, name, report);
    payment.status = status;
    payment.provider_ref = Some(report.provider_ref.clone());
    if status == Status::Succeeded {
        payment.captured_minor = report.received_minor;
    }
    Ok(event)
}

/// Takes in money that came after the payment had ended here.
pub async fn accept_late(
    tx: &mut TenantTx,
    shop: &Shop,
    payment: &mut Locked,
    report: &Report,
) -> Result<Event, PaymentError> {
    set(tx, shop, payment, Status::Succeeded, report).await
}

async fn flagged(
    tx: &mut TenantTx,
    shop: &Shop,
    payment: &mut Locked,
    report: &Report,
    flag: &'static str,
) -> Result<(Change, Vec<Event>), PaymentError> {
    kernel::metrics::payment_flagged();
    tracing::error!(
        event = "payment.flagged", tenant = %shop.slug, payment_id = %payment.id, flag,
        expected_minor = payment.amount_minor, reported_minor = report.amount_minor,
        "the provider's report does not fit the payment; a person must look at it"
    );
    if payment.flag.as_deref() == Some(flag) {
        return Ok((Change::None, Vec::new()));
    }
    db::set_flag(tx, payment, flag).await?;
    let event = moved(payment, "payment.flagged", report);
    payment.flag = Some(flag.to_owned());
    Ok((Change::None, vec![event]))
}

pub(super) fn moved(payment: &mut Locked, event_type: &'static str, report: &Report) -> Event {
    payment.version += 1;
    Event {
        aggregate_type: "payment",
        aggregate_id: payment.id.0,
        version: payment.version,
        event_type,
        data: json!({
            "order_id": payment.order_id, "provider_ref": report.provider_ref, "amount_minor": report.amount_minor,
            "received_minor": report.received_minor, "currency": report.currency,
            "failure_code": report.failure_code,
        }),
        origin: None,
    }
}

/// Ends a payment that the provider certainly does not know or has refused: `Failed`, or `Cancelled` when its order
/// ended, or it was replaced, before anybody was asked.
pub async fn give_up(
    tx: &mut TenantTx,
    payment: &mut Locked,
    status: Status,
    failure_code: &str,
) -> Result<Vec<Event>, PaymentError> {
    if !payment.status.open() {
        return Ok(Vec::new());
    }
    db::end(tx, payment, status, failure_code).await?;
    payment.status = status;
    payment.version += 1;
    let event_type = if status == Status::Failed { "payment.failed" } else { "payment.cancelled" };
    Ok(vec![Event {
        aggregate_type: "payment",
        aggregate_id: payment.id.0,
        version: payment.version,
        event_type,
        data: json!({ "order_id": payment.order_id, "failure_code": failure_code }),
        origin: None,
    }])
}
