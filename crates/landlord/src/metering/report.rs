//! Tell the provider what was used.

use chrono::{Duration, NaiveTime};
use kernel::db::retrying;
use stripe_gateway::GatewayError;
use stripe_gateway::billing::MeterEvent;
use uuid::Uuid;

use super::db::{self, Due};
use crate::billing::BillingError;
use crate::plans::meter_name;
use crate::platform::Landlord;

/// Read at once.
const BATCH: i64 = 100;
/// The provider takes what is at most 35 days old.
const OLDEST: Duration = Duration::days(34);
/// The provider knows an identifier for a day at least; what is undecided for longer is not sent again.
const REMEMBERED: Duration = Duration::hours(23);
/// First pause after a failure, doubled each time, and the longest.
const FIRST: f64 = 30.0;
const LONGEST: f64 = 3600.0;

/// Promises what was used and not reported, then sends what was promised. Returns how many reports were sent.
pub async fn report(landlord: &Landlord, only: Option<&[Uuid]>) -> Result<usize, BillingError> {
    promise(landlord, only).await?;
    let mut sent = 0;
    loop {
        let mut tx = landlord.db.begin().await?;
        let due = db::claim(&mut tx, only, BATCH).await?;
        tx.commit().await?;
        if due.is_empty() {
            return Ok(sent);
        }
        for report in &due {
            sent += usize::from(send(landlord, report).await?);
        }
    }
}

async fn promise(landlord: &Landlord, only: Option<&[Uuid]>) -> sqlx::Result<()> {
    let since = (landlord.clock.now() - OLDEST).date_naive();
    let mut tx = landlord.db.begin().await?;
    let unreported = db::unreported(&mut tx, since, only, BATCH).await?;
    tx.commit().await?;
    for of in &unreported {
        retrying(|| async {
            let mut tx = landlord.db.begin().await?;
            if let Some(quantity) = db::promise(&mut tx, of).await? {
                db::insert(&mut tx, Uuid::now_v7(), of, quantity).await?;
            }
            tx.commit().await
        })
        .await?;
    }
    Ok(())
}

/// One report. True when it is sent.
async fn send(landlord: &Landlord, due: &Due) -> Result<bool, BillingError> {
    let now = landlord.clock.now();
    let mut tx = landlord.db.begin().await?;
    if due.tried_at.is_some_and(|tried| now - tried > REMEMBERED) {
        tracing::error!(event = "billing.usage_undecided", report = %due.id, tenant = %due.tenant, "it is not known whether a report of usage arrived; a person must look at it");
        db::put_aside(&mut tx, due.id, "undecided", "no answer for as long as the provider remembers it").await?;
        tx.commit().await?;
        return Ok(false);
    }
    let Some(customer) = due.customer.clone() else {
        db::later(&mut tx, due.id, "the store is no customer at the provider", LONGEST).await?;
        tx.commit().await?;
        return Ok(false);
    };
    db::trying(&mut tx, due.id, now).await?;
    tx.commit().await?;

    // The end of its day, but not what is yet to come.
    let end = due.day.and_time(NaiveTime::MIN).and_utc() + Duration::days(1) - Duration::seconds(1);
    let event = MeterEvent {
        name: meter_name(&due.feature),
        identifier: due.id.to_string(),
        customer,
        value: due.quantity,
        at: end.min(now).timestamp(),
    };
    let told = landlord.stripe.tell_meter(event).await;
    let mut tx = landlord.db.begin().await?;
    let sent = match told {
        Ok(()) => {
            db::sent(&mut tx, due.id).await?;
            true
        }
        // It arrived with an attempt before this one.
        Err(GatewayError::Rejected { code, message, .. })
            if code.contains("duplicate") || message.contains("identifier") =>
        {
            db::sent(&mut tx, due.id).await?;
            true
        }
        Err(error @ (GatewayError::Rejected { .. } | GatewayError::Declined { .. })) => {
            tracing::error!(event = "billing.usage_refused", report = %due.id, tenant = %due.tenant, %error, "a report of usage is refused; a person must look at it");
            db::put_aside(&mut tx, due.id, "refused", &error.to_string()).await?;
            false
        }
        Err(error @ (GatewayError::Unknown { .. } | GatewayError::Unavailable { .. })) => {
            if due.tried_at.is_none() && matches!(error, GatewayError::Unavailable { .. }) {
                db::untried(&mut tx, due.id).await?;
            }
            let pause = (FIRST * 2f64.powi(due.attempts.saturating_sub(1).clamp(0, 20))).min(LONGEST);
            db::later(&mut tx, due.id, &error.to_string(), pause).await?;
            false
        }
    };
    tx.commit().await?;
    Ok(sent)
}
