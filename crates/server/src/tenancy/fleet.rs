//! Bring the schemas of all stores up to date.

use futures::{StreamExt, stream};
use landlord::tenants::{self, TenantRow, TenantState};

use super::names::Name;
use super::{Pools, Provisioner};

/// What became of the stores.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct StoresMigrated {
    /// Those that are up to date now.
    pub current: usize,
    /// Those that could not be brought up to date; each is in the log, and goes on as it was.
    pub failed: usize,
}

/// Brings all stores up to date, at most `parallel` beside each other. One that fails does not stop the others.
pub async fn migrate_stores(pools: &Pools, parallel: usize) -> anyhow::Result<StoresMigrated> {
    let provisioner = Provisioner::new(pools.clone());
    let mut done = StoresMigrated::default();
    let mut after = None;
    loop {
        let mut tx = pools.landlord().begin().await?;
        let rows = tenants::list(&mut tx, after, 100).await?;
        tx.commit().await?;
        let Some(last) = rows.last() else { return Ok(done) };
        after = Some(last.id);
        let ready = rows.into_iter().filter(|row| row.state != TenantState::Provisioning);
        let outcomes = stream::iter(ready).map(|row| migrate(&provisioner, row)).buffer_unordered(parallel.max(1));
        let (current, failed) = outcomes
            .fold(
                (0, 0),
                async |(current, failed), good| if good { (current + 1, failed) } else { (current, failed + 1) },
            )
            .await;
        done.current += current;
        done.failed += failed;
    }
}

async fn migrate(provisioner: &Provisioner, store: TenantRow) -> bool {
    match provisioner.prepare(&Name::tenant(store.id)).await {
        Ok(()) => true,
        Err(error) => {
            tracing::error!(
                tenant = store.slug,
                error = format!("{error:#}"),
                "the store could not be brought up to date"
            );
            false
        }
    }
}
