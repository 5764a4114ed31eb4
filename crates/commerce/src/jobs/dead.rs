//! Jobs that were given up: look at them, have them done again, or discard them.

use kernel::db::ClusterDb;
use kernel::id::TenantId;

use super::db::{self, Which};
use super::{Kind, Listed};

/// Most that one statement brings back.
const BATCH: i64 = 1000;

/// The newest jobs of all tenants or of one.
pub async fn list(cluster: &ClusterDb, which: &Which, limit: i64) -> sqlx::Result<Vec<Listed>> {
    let mut tx = cluster.begin().await?;
    let jobs = db::list(&mut tx, which, limit).await?;
    tx.commit().await?;
    Ok(jobs)
}

/// Makes a dead job due again. False when there is no dead job of this number.
pub async fn replay(cluster: &ClusterDb, id: i64) -> sqlx::Result<bool> {
    let mut tx = cluster.begin().await?;
    let found = db::revive(&mut tx, id, None).await?;
    tx.commit().await?;
    Ok(found)
}

/// Makes all dead jobs of a kind due again, of all tenants or of one. Returns how many.
pub async fn replay_kind(cluster: &ClusterDb, kind: Kind, tenant: Option<TenantId>) -> sqlx::Result<u64> {
    let mut count = 0;
    loop {
        let mut tx = cluster.begin().await?;
        let revived = db::revive_kind(&mut tx, kind.name(), tenant, BATCH).await?;
        tx.commit().await?;
        if revived == 0 {
            return Ok(count);
        }
        count += revived;
    }
}

/// Forgets a dead job for good. False when there is no dead job of this number.
pub async fn discard(cluster: &ClusterDb, id: i64) -> sqlx::Result<bool> {
    let mut tx = cluster.begin().await?;
    let found = db::discard(&mut tx, id).await?;
    tx.commit().await?;
    Ok(found)
}

/// The jobs of one tenant: all that its staff can reach of the table that all tenants share.
#[derive(Debug, Clone)]
pub struct TenantJobs {
    cluster: ClusterDb,
    tenant: TenantId,
}

impl TenantJobs {
    /// Those of `tenant`.
    pub fn new(cluster: ClusterDb, tenant: TenantId) -> Self {
        Self { cluster, tenant }
    }

    /// The newest that are dead, or that are not.
    pub(super) async fn list(&self, dead: bool, before: i64, limit: i64) -> sqlx::Result<Vec<Listed>> {
        let mut tx = self.cluster.begin().await?;
        let jobs = db::list_of(&mut tx, self.tenant, dead, before, limit).await?;
        tx.commit().await?;
        Ok(jobs)
    }

    /// A dead one.
    pub(super) async fn dead(&self, id: i64) -> sqlx::Result<Option<Listed>> {
        let mut tx = self.cluster.begin().await?;
        let job = db::dead(&mut tx, id, Some(self.tenant)).await?;
        tx.commit().await?;
        Ok(job)
    }

    /// Makes a dead one due again.
    pub(super) async fn replay(&self, id: i64) -> sqlx::Result<bool> {
        let mut tx = self.cluster.begin().await?;
        let found = db::revive(&mut tx, id, Some(self.tenant)).await?;
        tx.commit().await?;
        Ok(found)
    }
}
