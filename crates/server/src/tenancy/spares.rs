//! Schemas made ready before anybody asks, so that a sign-up need not wait for one.

use futures::{StreamExt, TryStreamExt, stream};
use kernel::id::TenantId;
use landlord::spares;

use super::names::Name;
use super::provision::Provisioner;
use super::{Pools, tenant_version};

/// Makes schemas until `wanted` are ready, at most `parallel` beside each other. Returns how many were made.
pub async fn refill(pools: &Pools, cluster: &str, wanted: u32, parallel: usize) -> anyhow::Result<u32> {
    renew(pools).await?;
    let mut tx = pools.landlord().begin().await?;
    let ready = spares::count(&mut tx, cluster, tenant_version()).await?;
    tx.commit().await?;
    let missing = wanted.saturating_sub(u32::try_from(ready).unwrap_or(u32::MAX));
    stream::iter((0..missing).map(Ok::<_, anyhow::Error>))
        .try_for_each_concurrent(parallel.max(1), async |_| {
            let id = TenantId::new();
            Provisioner::new(pools.clone()).prepare(&Name::tenant(id)).await?;
            add(pools, id, cluster).await
        })
        .await?;
    Ok(missing)
}

async fn add(pools: &Pools, id: TenantId, cluster: &str) -> anyhow::Result<()> {
    let mut tx = pools.landlord().begin().await?;
    spares::add(&mut tx, id, cluster, tenant_version()).await?;
    tx.commit().await?;
    Ok(())
}

/// Brings spare schemas of an earlier version up to date. One that a sign-up takes meanwhile is not put back.
async fn renew(pools: &Pools) -> anyhow::Result<()> {
    let mut tx = pools.landlord().begin().await?;
    let old = spares::outdated(&mut tx, tenant_version()).await?;
    tx.commit().await?;
    let provisioner = Provisioner::new(pools.clone());
    stream::iter(old)
        .map(Ok)
        .try_for_each(async |spare| {
            provisioner.prepare(&Name::tenant(spare.id)).await?;
            let mut tx = pools.landlord().begin().await?;
            if spares::remove(&mut tx, spare.id).await? {
                spares::add(&mut tx, spare.id, &spare.cluster, tenant_version()).await?;
            }
            tx.commit().await?;
            Ok(())
        })
        .await
}
