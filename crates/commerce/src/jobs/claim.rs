//! Take what is due.

use std::time::Duration;

use kernel::db::ClusterDb;
use kernel::id::TenantId;

use super::{Job, db};

/// How long a worker has for a job before another may take it.
const LEASE: Duration = Duration::from_secs(60);

/// Leases at most `limit` due jobs, of all tenants or of `only` some.
pub async fn claim(cluster: &ClusterDb, limit: i64, only: Option<&[TenantId]>) -> sqlx::Result<Vec<Job>> {
    let only: Option<Vec<_>> = only.map(|tenants| tenants.iter().map(|tenant| tenant.0).collect());
    let mut tx = cluster.begin().await?;
    let jobs = db::claim(&mut tx, limit, LEASE.as_secs_f64(), only.as_deref()).await?;
    tx.commit().await?;
    Ok(jobs)
}
