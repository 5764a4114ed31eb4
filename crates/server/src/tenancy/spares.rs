//! Schemas made ready before anybody asked, so that a sign-up need not wait for one.

use futures::{StreamExt, TryStreamExt, stream};
use kernel::id::TenantId;
use landlord::spares::{self, Spare};

use super::provision::Provisioner;
use super::{Pools, tenant_version};

/// Makes schemas in a cluster until `wanted` are ready, at most `parallel` beside each other. Returns how many were made.
pub async fn refill(pools: &Pools, cluster: &str, wanted: u32, parallel: usize) -> anyhow::Result<u32> {
    renew(pools, cluster).await?;
    let mut tx = pools.landlord().begin().await?;
    let ready = spares::count(&mut tx, cluster, tenant_version()).await?;
    tx.commit().await?;
    let missing = wanted.saturating_sub(u32::try_from(ready).unwrap_or(u32::MAX));
    stream::iter((0..missing).map(Ok::<_, anyhow::Error>))
        .try_for_each_concurrent(parallel.max(1), async |_| {
            let id = TenantId::new();
            Provisioner::new(pools.clone()).prepare(cluster, id).await?;
            let mut tx = pools.landlord().begin().await?;
            spares::add(&mut tx, id, cluster, tenant_version()).await?;
            tx.commit().await?;
            Ok(())
        })
        .await?;
    Ok(missing)
}

/// Brings spare schemas of an earlier version up to date.
async fn renew(pools: &Pools, cluster: &str) -> anyhow::Result<()> {
    let mut tx = pools.landlord().begin().await?;
    let old = spares::outdated(&mut tx, tenant_version()).await?;
    tx.commit().await?;
    let provisioner = Provisioner::new(pools.clone());
    stream::iter(old.into_iter().filter(|spare| spare.cluster == cluster))
        .map(Ok)
        .try_for_each(async |spare| {
            provisioner.prepare(cluster, spare.id).await?;
            renewed(pools, &spare, tenant_version()).await?;
            Ok(())
        })
        .await
}

/// A spare schema has this version now. One that a sign-up took meanwhile is not put back.
pub(super) async fn renewed(pools: &Pools, spare: &Spare, version: i64) -> sqlx::Result<()> {
    let mut tx = pools.landlord().begin().await?;
    if spares::remove(&mut tx, spare.id).await? {
        spares::add(&mut tx, spare.id, &spare.cluster, version).await?;
    }
    tx.commit().await
}
