//! End a lease: the work is done, is to be done again, or is given up.

use std::time::Duration;

use kernel::db::ClusterDb;

use super::{Job, Kind, db};

/// The work is done. False when the lease was lost: somebody else has the job now.
pub async fn finish(cluster: &ClusterDb, job: &Job) -> sqlx::Result<bool> {
    let mut tx = cluster.begin().await?;
    let held = db::delete(&mut tx, job).await?;
    tx.commit().await?;
    Ok(held)
}

/// Nothing went wrong, but there is more to do after `delay`.
pub async fn later(cluster: &ClusterDb, job: &Job, delay: Duration) -> sqlx::Result<bool> {
    let mut tx = cluster.begin().await?;
    let held = db::put_off(&mut tx, job, delay.as_secs_f64(), None).await?;
    tx.commit().await?;
    Ok(held)
}

/// It went wrong: again later, a little longer after each try, or never.
pub async fn fail(cluster: &ClusterDb, job: &Job, error: &str) -> sqlx::Result<bool> {
    let tries = Kind::from_name(&job.kind).map_or(20, Kind::tries);
    let mut tx = cluster.begin().await?;
    let held = if job.attempts >= tries {
        kernel::metrics::job_done("dead");
        tracing::error!(kind = job.kind, tenant = %job.tenant, subject = %job.subject, error, "job given up");
        db::bury(&mut tx, job, error).await?
    } else {
        tracing::warn!(kind = job.kind, tenant = %job.tenant, subject = %job.subject, error, "job failed, again later");
        db::put_off(&mut tx, job, backoff(job.attempts).as_secs_f64(), Some(error)).await?
    };
    tx.commit().await?;
    Ok(held)
}

/// 2, 4, 8, … seconds, at most 5 minutes.
fn backoff(attempts: i32) -> Duration {
    let doubled = 1u64 << attempts.clamp(1, 9);
    Duration::from_secs(doubled.min(300))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_stop_growing() {
        let waits: Vec<u64> = [0, 1, 2, 3, 9, 100].map(|attempts| backoff(attempts).as_secs()).to_vec();
        assert_eq!(waits, [2, 2, 4, 8, 300, 300]);
    }
}
