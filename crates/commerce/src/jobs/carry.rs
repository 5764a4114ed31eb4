//! Carry a job after a store that lives elsewhere now.

use kernel::db::ClusterDb;

use super::{Job, Kind, Queue, db};

/// Adds the job to the cluster where its store lives, due at once. Whoever carries it then finishes it where it was: it
/// may be carried twice, and never lost.
pub async fn carry(to: &ClusterDb, job: &Job) -> sqlx::Result<()> {
    let queue = Kind::from_name(&job.kind).map_or(Queue::Maintenance, Kind::queue);
    let mut tx = to.begin().await?;
    db::insert_carried(&mut tx, job, queue).await?;
    tx.commit().await
}
