//! Ask a store's database whether a promise is kept.

use futures::{StreamExt, TryStreamExt};
use kernel::db::{TenantDb, TenantTx};

use super::{Promise, promises, signs};

/// Most that is counted of what breaks one promise.
const COUNTED: usize = 10_000;
/// Most that is named of it.
const NAMED: usize = 5;

/// A promise that is not kept.
#[derive(Debug, Clone)]
pub struct Broken {
    /// Which.
    pub promise: &'static Promise,
    /// How many things break it; counted up to 10,000.
    pub count: usize,
    /// The first of them: ids, mostly.
    pub examples: Vec<String>,
}

/// What breaks a promise: at most so many.
pub(super) async fn found(db: &TenantDb, promise: &'static Promise, most: usize) -> sqlx::Result<Vec<String>> {
    let mut tx = look(db).await?;
    let rows = sqlx::query_scalar::<_, String>(promise.query).persistent(false).fetch(tx.conn());
    let found = rows.take(most).try_collect().await?;
    tx.rollback().await?;
    Ok(found)
}

/// A transaction that changes nothing, however wrong a text is; and it may take longer than a request may.
async fn look(db: &TenantDb) -> sqlx::Result<TenantTx> {
    let mut tx = db.begin().await?;
    sqlx::query!("set transaction read only").execute(tx.conn()).await?;
    sqlx::query!("set local statement_timeout = '30s'").execute(tx.conn()).await?;
    Ok(tx)
}

/// Asks whether one promise is kept: `None` when it is.
pub async fn ask(db: &TenantDb, promise: &'static Promise) -> sqlx::Result<Option<Broken>> {
    let mut tx = look(db).await?;
    // Not kept: it would push the plans that requests need out of the connection's memory.
    let mut found = sqlx::query_scalar::<_, String>(promise.query).persistent(false).fetch(tx.conn());
    let (mut count, mut examples) = (0, Vec::new());
    while let Some(broken) = found.try_next().await? {
        count += 1;
        if examples.len() < NAMED {
            examples.push(broken);
        }
        if count == COUNTED {
            break;
        }
    }
    drop(found);
    tx.rollback().await?;
    Ok((count > promise.bearable).then_some(Broken { promise, count, examples }))
}

/// Asks for everything that must hold at any time, one promise after the other.
pub async fn ask_all(db: &TenantDb) -> sqlx::Result<Vec<Broken>> {
    let mut broken = Vec::new();
    for promise in promises() {
        broken.extend(ask(db, promise).await?);
    }
    Ok(broken)
}

/// Asks for everything that must hold, and for everything that should not last.
pub async fn examine(db: &TenantDb) -> sqlx::Result<Vec<Broken>> {
    let mut broken = ask_all(db).await?;
    for sign in signs() {
        broken.extend(ask(db, sign).await?);
    }
    Ok(broken)
}
