//! What happens on which day.

use chrono::{DateTime, Duration, Utc};
use kernel::db::LandlordTx;
use kernel::id::TenantId;
use serde::Serialize;

use super::{Action, Cause, Ladder, Stage, Step, db, due, next, stage};

/// One step, with its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Planned {
    /// Days after falling behind.
    pub day: i32,
    /// What it does.
    pub action: Action,
    /// Is a mail sent with it?
    pub mail: bool,
    /// When it is due.
    pub at: DateTime<Utc>,
    /// When it was taken, if it was.
    pub taken_at: Option<DateTime<Utc>>,
}

/// What a day on the ladder looks like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Day {
    /// Days after falling behind.
    pub day: i64,
    /// The moment that is meant.
    pub at: DateTime<Utc>,
    /// How far down the store is then.
    pub stage: Stage,
    /// What happens on that very day.
    pub steps: Vec<Step>,
    /// What happens next after that day.
    pub next: Option<Step>,
}

/// A day on a ladder, for somebody who fell behind at `since`. Pure.
pub fn preview(ladder: &[Step], since: DateTime<Utc>, day: i64) -> Day {
    // The end of the day: what happens within it is part of it.
    let at = since + Duration::days(day);
    let end = at + Duration::days(1) - Duration::milliseconds(1);
    let steps = due(ladder, since, end).into_iter().filter(|step| i64::from(step.day) == day).collect();
    Day { day, at, stage: stage(ladder, since, end), steps, next: next(ladder, since, end) }
}

/// The ladder a store is on, or would be on if its next payment failed, and the steps with their times counted from
/// `since`, or from when it did fall behind.
pub async fn plan_of(
    tx: &mut LandlordTx,
    tenant: TenantId,
    since: DateTime<Utc>,
) -> sqlx::Result<Option<(Ladder, DateTime<Utc>, Vec<Planned>)>> {
    let behind = db::behind(tx, tenant).await?;
    let (code, since) = match behind {
        Some(behind) => (Some(behind.ladder), behind.since),
        None => (db::ladder_for(tx, tenant, Cause::PaymentFailed).await?, since),
    };
    let Some(code) = code else { return Ok(None) };
    let steps = db::steps(tx, &code).await?;
    let taken = db::taken(tx, tenant, since).await?;
    let when =
        |step: &Step| taken.iter().find(|taken| (taken.0, taken.1) == (step.day, step.action)).map(|taken| taken.2);
    let planned = steps.iter().map(|step| Planned {
        day: step.day,
        action: step.action,
        mail: step.mail,
        at: step.at(since),
        taken_at: when(step),
    });
    let planned = planned.collect();
    let name = db::name(tx, &code).await?.unwrap_or_default();
    Ok(Some((Ladder { code, name, steps }, since, planned)))
}

/// How far down a store is; `None` when it is on no ladder.
pub async fn stage_of(tx: &mut LandlordTx, tenant: TenantId) -> sqlx::Result<Option<Stage>> {
    Ok(db::behind(tx, tenant).await?.map(|behind| behind.stage))
}
