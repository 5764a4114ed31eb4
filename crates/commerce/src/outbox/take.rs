//! Take a store's news, hand it on, and forget it.

use kernel::db::ClusterDb;
use kernel::id::TenantId;
use uuid::Uuid;

use super::{News, db};

/// Most news handed on in one go.
const BATCH: i64 = 500;

/// Stores that have news, by ascending id after `after`. Who asks goes round, so that every store has its turn.
pub async fn stores_with_news(cluster: &ClusterDb, after: Option<TenantId>, limit: i64) -> sqlx::Result<Vec<TenantId>> {
    let mut tx = cluster.begin().await?;
    let stores = db::stores(&mut tx, after.map_or(Uuid::nil(), |tenant| tenant.0), limit).await?;
    tx.commit().await?;
    Ok(stores)
}

/// Hands a store's oldest news to `deliver` and forgets it when that succeeds. Returns how many there were; none when
/// another relay is at this store. What was delivered is delivered again if we die before forgetting it: consumers
/// must know an event they have seen.
pub async fn take<E: From<sqlx::Error>>(
    cluster: &ClusterDb,
    tenant: TenantId,
    deliver: impl AsyncFnOnce(Vec<News>) -> Result<(), E>,
) -> Result<usize, E> {
    let mut tx = cluster.begin().await?;
    if !db::lock(&mut tx, tenant).await? {
        return Ok(0);
    }
    let news = db::settled(&mut tx, tenant, BATCH).await?;
    let (count, ids) = (news.len(), news.iter().map(|news| news.id).collect::<Vec<_>>());
    if count > 0 {
        deliver(news).await?;
        db::delete(&mut tx, &ids).await?;
    }
    tx.commit().await?;
    Ok(count)
}
