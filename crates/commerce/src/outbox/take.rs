//! Take a store's news, hand it on, and forget it.

use kernel::db::ClusterDb;
use kernel::id::TenantId;
use uuid::Uuid;

use super::db;

/// Most rows looked at, and events enough to be handed on in one go. A row is never parted.
const ROWS: i64 = 250;
const EVENTS: usize = 500;

/// Stores that have news, by ascending id after `after`. Who asks goes round, so that every store has its turn.
pub async fn stores_with_news(cluster: &ClusterDb, after: Option<TenantId>, limit: i64) -> sqlx::Result<Vec<TenantId>> {
    let mut tx = cluster.begin().await?;
    let stores = db::stores(&mut tx, after.map_or(Uuid::nil(), |tenant| tenant.0), limit).await?;
    tx.commit().await?;
    Ok(stores)
}

/// Hands the positions of a store's oldest news to `deliver` and forgets them when that succeeds. Returns how many there were; none when
/// another relay is at this store. What was delivered is delivered again if we die before forgetting it: consumers
/// must know an event they have seen.
pub async fn take<E: From<sqlx::Error>>(
    cluster: &ClusterDb,
    tenant: TenantId,
    deliver: impl AsyncFnOnce(Vec<i64>) -> Result<(), E>,
) -> Result<usize, E> {
    let mut tx = cluster.begin().await?;
    if !db::lock(&mut tx, tenant).await? {
        return Ok(0);
    }
    let (mut ids, mut positions) = (Vec::new(), Vec::new());
    for told in db::settled(&mut tx, tenant, ROWS).await? {
        if positions.len() >= EVENTS {
            break;
        }
        ids.push(told.id);
        positions.extend(told.positions);
    }
    let count = positions.len();
    if count > 0 {
        deliver(positions).await?;
        db::delete(&mut tx, &ids).await?;
    }
    tx.commit().await?;
    Ok(count)
}
