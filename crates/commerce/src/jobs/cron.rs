//! What is done again and again: one node at a time, and what was missed is done once.
//!
//! A task that is due is leased like a job. When it ends, it is due again at the next moment of its schedule that is
//! still to come; when its node dies, once the lease is over.

use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, Utc};
use croner::Cron;
use kernel::db::ClusterDb;
use kernel::id::TenantId;

use super::{Kind, cron_db, db};

/// How long a node has for a task, or for a part of it, before another takes over.
const LEASE: Duration = Duration::from_secs(300);

/// When to do something again: five fields, in UTC.
#[derive(Debug, Clone)]
pub struct Schedule {
    text: String,
    cron: Cron,
}

impl Schedule {
    /// Reads five fields: minute, hour, day of the month, month, day of the week.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.split_whitespace().count() != 5 {
            return Err(format!("{text:?} has not five fields: minute hour day month weekday"));
        }
        let cron = Cron::from_str(text).map_err(|error| format!("{text:?}: {error}"))?;
        Ok(Self { text: text.to_owned(), cron })
    }

    /// The next moment after `now`.
    fn after(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        // A date that never comes, such as 30 February, is looked for again every day.
        self.cron.find_next_occurrence(&now, false).unwrap_or(now + chrono::Duration::days(1))
    }
}

/// A task that this node holds until its lease ends.
#[derive(Debug, Clone)]
pub struct Turn {
    name: String,
    lease: i64,
}

/// Makes a task known, or its new schedule.
pub async fn schedule(cluster: &ClusterDb, name: &str, schedule: &Schedule) -> sqlx::Result<()> {
    let mut tx = cluster.begin().await?;
    let now = cron_db::now(&mut tx).await?;
    cron_db::upsert(&mut tx, name, &schedule.text, schedule.after(now)).await?;
    tx.commit().await
}

/// Takes a task that is due; `None` when it is not, or when another node has it.
pub async fn turn(cluster: &ClusterDb, name: &str) -> sqlx::Result<Option<Turn>> {
    let mut tx = cluster.begin().await?;
    let lease = cron_db::claim(&mut tx, name, LEASE.as_secs_f64()).await?;
    tx.commit().await?;
    Ok(lease.map(|lease| Turn { name: name.to_owned(), lease }))
}

/// There is more to do: the lease begins anew. False when another node has the task now.
pub async fn go_on(cluster: &ClusterDb, turn: &Turn) -> sqlx::Result<bool> {
    let mut tx = cluster.begin().await?;
    let held = cron_db::extend(&mut tx, &turn.name, turn.lease, LEASE.as_secs_f64()).await?;
    tx.commit().await?;
    Ok(held)
}

/// The task is done, well or not; it is due again by its schedule. False when another node has it now.
pub async fn done(cluster: &ClusterDb, turn: &Turn, schedule: &Schedule, error: Option<&str>) -> sqlx::Result<bool> {
    let mut tx = cluster.begin().await?;
    let now = cron_db::now(&mut tx).await?;
    let held = cron_db::finish(&mut tx, &turn.name, turn.lease, schedule.after(now), error).await?;
    tx.commit().await?;
    Ok(held)
}

/// Puts a kind of upkeep off for these stores, spread over `spread`; one that waits for it already is left alone.
/// Returns for how many.
pub async fn enqueue_upkeep(
    cluster: &ClusterDb,
    kind: Kind,
    tenants: &[TenantId],
    spread: Duration,
    request_id: &str,
) -> sqlx::Result<u64> {
    let ids: Vec<_> = tenants.iter().map(|tenant| tenant.0).collect();
    let mut tx = cluster.begin().await?;
    let count = db::insert_upkeep(&mut tx, kind, &ids, spread.as_secs_f64(), request_id).await?;
    tx.commit().await?;
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn the_next_moment_is_after_now_and_in_utc() {
        let nightly = Schedule::parse("17 3 * * *").unwrap();
        assert_eq!(nightly.after(at("2026-11-21T03:16:59Z")), at("2026-11-21T03:17:00Z"));
        assert_eq!(nightly.after(at("2026-11-21T03:17:00Z")), at("2026-11-22T03:17:00Z"));
        let often = Schedule::parse("*/5 * * * *").unwrap();
        assert_eq!(often.after(at("2026-12-31T23:58:00Z")), at("2027-01-01T00:00:00Z"));
    }

    #[test]
    fn what_is_not_a_schedule_is_refused() {
        for text in ["", "* * * *", "* * * * * *", "61 * * * *", "often enough for all of us"] {
            assert!(Schedule::parse(text).is_err(), "{text}");
        }
    }
}
