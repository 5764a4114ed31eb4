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

/// About 2, 4, 8, … seconds, at most 5 minutes.
fn backoff(attempts: i32) -> Duration {
    let doubled = 1u64 << attempts.clamp(1, 9);
    jittered(Duration::from_secs(doubled.min(300)), rand::random_range(0.0..=1.0))
}

/// From half of it to all of it: what failed together does not come back together.
fn jittered(wait: Duration, chance: f64) -> Duration {
    wait.mul_f64(0.5 + chance / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_stop_growing() {
        let within = [(0, 2), (1, 2), (2, 4), (3, 8), (9, 300), (100, 300)];
        for (attempts, most) in within {
            let wait = backoff(attempts).as_secs_f64();
            assert!(wait >= f64::from(most) / 2.0 && wait <= f64::from(most), "{attempts}: {wait}");
        }
    }

    #[test]
    fn chance_spreads_a_wait_over_its_upper_half() {
        let wait = Duration::from_secs(8);
        assert_eq!([0.0, 0.5, 1.0].map(|chance| jittered(wait, chance).as_secs()), [4, 6, 8]);
    }
}
