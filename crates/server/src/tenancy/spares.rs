//! Schemas made ready before anybody asks, so that a sign-up need not wait for one.

use kernel::id::TenantId;
use landlord::spares;

use super::names::Name;
use super::provision::Provisioner;
use super::{Pools, tenant_version};

/// Makes schemas until `wanted` are ready. Returns how many were made.
pub async fn refill(pools: &Pools, cluster: &str, wanted: u32) -> anyhow::Result<u32> {
    let provisioner = Provisioner::new(pools.clone());
    let mut made = 0;
    loop {
        let mut tx = pools.landlord().begin().await?;
        let ready = spares::count(&mut tx, cluster, tenant_version()).await?;
        tx.commit().await?;
        if ready >= i64::from(wanted) || made >= wanted {
            return Ok(made);
        }
        let id = TenantId::new();
        provisioner.prepare(&Name::tenant(id)).await?;
        let mut tx = pools.landlord().begin().await?;
        spares::add(&mut tx, id, cluster, tenant_version()).await?;
        tx.commit().await?;
        made += 1;
    }
}
