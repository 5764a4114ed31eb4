//! Handles to the databases, and the transactions that are the only way to their tables.
//!
//! A function that takes `&mut LandlordTx`, `&mut ClusterTx` or `&mut TenantTx` runs inside its caller's transaction,
//! never talks to the network and never commits. Whatever needs both opens its own transactions.
//!
//! Nothing is ever set for a whole session, so all of this is correct behind a transaction pooler.

mod connection;

use std::error::Error;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use sqlx::{AssertSqlSafe, PgConnection, PgPool, Postgres, Transaction};

pub use self::connection::TenantConnection;
use crate::id::TenantId;

/// The central database of the platform.
#[derive(Debug, Clone)]
pub struct LandlordDb(PgPool);

/// One database that holds many tenants' schemas, and what they share: outbox and jobs.
#[derive(Debug, Clone)]
pub struct ClusterDb {
    pool: PgPool,
    /// A tenant's transactions all run in one lane: a connection that knows few schemas knows their plans.
    lanes: Arc<[PgPool]>,
    /// Does every tenant have its own role?
    tenant_roles: bool,
}

/// One tenant's schema.
#[derive(Debug, Clone)]
pub struct TenantDb {
    pool: PgPool,
    begin: Arc<str>,
    /// What every statement begins with.
    mark: Arc<str>,
}

/// An open transaction in the landlord's schema. Rolls back when dropped uncommitted.
#[derive(Debug)]
pub struct LandlordTx(Transaction<'static, Postgres>);

/// An open transaction over what a cluster's tenants share. Rolls back when dropped uncommitted.
#[derive(Debug)]
pub struct ClusterTx(Transaction<'static, Postgres>);

/// An open transaction in one tenant's schema, with that tenant's rights alone. Rolls back when dropped uncommitted.
#[derive(Debug)]
pub struct TenantTx {
    transaction: Transaction<'static, Postgres>,
    mark: Arc<str>,
}

impl LandlordDb {
    /// The landlord's schema, reached through `pool`.
    pub fn new(pool: PgPool) -> Self {
        Self(pool)
    }

    /// Opens a transaction.
    pub async fn begin(&self) -> sqlx::Result<LandlordTx> {
        begin(&self.0, "begin; set local search_path to landlord".into()).await.map(LandlordTx)
    }
}

impl ClusterDb {
    /// The cluster: what is shared is reached through `pool`, tenants through the `lanes`. Whoever holds a transaction
    /// over what is shared may open a tenant's, and so never waits for itself. Without `tenant_roles` the schema alone
    /// keeps tenants apart, for engines that cannot switch roles.
    pub fn new(pool: PgPool, lanes: Arc<[PgPool]>, tenant_roles: bool) -> Self {
        Self { pool, lanes, tenant_roles }
    }

    /// Opens a transaction over the shared tables.
    pub async fn begin(&self) -> sqlx::Result<ClusterTx> {
        begin(&self.pool, "begin; set local search_path to souk".into()).await.map(ClusterTx)
    }

    /// One tenant's schema in this cluster.
    pub fn tenant(&self, id: TenantId) -> TenantDb {
        let name = id.schema();
        let begin = if self.tenant_roles {
            format!("begin; set local search_path to {name}; set local role {name}")
        } else {
            format!("begin; set local search_path to {name}")
        };
        TenantDb { pool: self.lane(id).clone(), begin: begin.into(), mark: format!("/* {name} */ ").into() }
    }

    /// Always the same for a tenant: the lower half of its id is random, so tenants spread evenly.
    fn lane(&self, id: TenantId) -> &PgPool {
        let (_, random) = id.0.as_u64_pair();
        let at = usize::try_from(random % self.lanes.len().max(1) as u64).unwrap_or_default();
        self.lanes.get(at).unwrap_or(&self.pool)
    }
}

impl TenantDb {
    /// Opens a transaction: one round trip.
    pub async fn begin(&self) -> sqlx::Result<TenantTx> {
        self.open(self.begin.clone()).await
    }

    /// Opens a transaction of statements that are always the same and find their few rows by index, such as a slice of
    /// checkouts. Their plans are made once, whatever the arguments; and since that may be while a new store's tables
    /// are empty, no plan may read a whole table that is going to grow.
    pub async fn begin_routine(&self) -> sqlx::Result<TenantTx> {
        let begin = &self.begin;
        let routine = "set local plan_cache_mode to force_generic_plan; set local enable_seqscan to off";
        self.open(format!("{begin}; {routine}").into()).await
    }

    async fn open(&self, statement: Arc<str>) -> sqlx::Result<TenantTx> {
        let transaction = begin(&self.pool, statement).await?;
        Ok(TenantTx { transaction, mark: self.mark.clone() })
    }
}

/// Begins in a task of its own: when the future that waits for sqlx's `begin` is dropped midway, the connection can go
/// back to the pool inside an open transaction, and a later write on it is lost. A task is never dropped midway.
async fn begin(pool: &PgPool, statement: Arc<str>) -> sqlx::Result<Transaction<'static, Postgres>> {
    let pool = pool.clone();
    let opened = tokio::spawn(async move {
        for _ in 0..BEGINS {
            // The statement is made of constants and of a tenant's id in hexadecimal.
            match pool.begin_with(AssertSqlSafe(statement.clone())).await {
                Err(sqlx::Error::Database(error)) => {
                    cleanse(&pool).await;
                    // Somebody before us failed halfway on this connection: that is no failure of ours.
                    if error.code().as_deref() != Some("25P02") {
                        return Err(sqlx::Error::Database(error));
                    }
                }
                opened => return opened,
            }
        }
        Err(sqlx::Error::BeginFailed)
    });
    opened.await.map_err(|_| sqlx::Error::WorkerCrashed)?
}

/// Tries to begin on connections that somebody left in a transaction that had failed.
const BEGINS: usize = 5;
/// A connection is on its way back to the pool for a moment.
const RETURNING: Duration = Duration::from_millis(5);

/// When a store's role or schema is missing, what begins a transaction fails halfway: the transaction is open, and sqlx
/// gives the connection back as it is. Whoever gets it next would pay for that. So idle connections are rolled back, which
/// does nothing to those that are in no transaction.
async fn cleanse(pool: &PgPool) {
    tokio::time::sleep(RETURNING).await;
    let mut idle = Vec::new();
    while let Some(connection) = pool.try_acquire() {
        idle.push(connection);
    }
    for connection in &mut idle {
        if sqlx::query("rollback").persistent(false).execute(&mut **connection).await.is_err() {
            connection.close_on_drop();
        }
    }
}

impl LandlordTx {
    /// The connection to run a query on.
    pub fn conn(&mut self) -> &mut PgConnection {
        &mut self.0
    }

    /// Makes the changes permanent.
    pub async fn commit(self) -> sqlx::Result<()> {
        self.0.commit().await
    }

    /// Undoes the changes.
    pub async fn rollback(self) -> sqlx::Result<()> {
        self.0.rollback().await
    }
}

impl ClusterTx {
    /// The connection to run a query on.
    pub fn conn(&mut self) -> &mut PgConnection {
        &mut self.0
    }

    /// Makes the changes permanent.
    pub async fn commit(self) -> sqlx::Result<()> {
        self.0.commit().await
    }
}

impl TenantTx {
    /// The connection to run a query on.
    pub fn conn(&mut self) -> TenantConnection<'_> {
        TenantConnection { connection: &mut self.transaction, mark: self.mark.clone() }
    }

    /// Makes the changes permanent.
    pub async fn commit(self) -> sqlx::Result<()> {
        self.transaction.commit().await
    }

    /// Undoes the changes.
    pub async fn rollback(self) -> sqlx::Result<()> {
        self.transaction.rollback().await
    }
}

/// Runs `attempt` again, at most five times in all, when PostgreSQL ended it with a deadlock or a serialization
/// failure. Only for work that begins its own transaction, so that nothing of a failed attempt remains.
pub async fn retrying<T, E, F>(mut attempt: impl FnMut() -> F) -> Result<T, E>
where
    E: Error + 'static,
    F: Future<Output = Result<T, E>>,
{
    let mut tried = 1u64;
    loop {
        match attempt().await {
            Err(error) if tried < 5 && is_conflict(&error) => {
                let jitter = rand::random_range(0..20 * tried);
                tokio::time::sleep(Duration::from_millis(5 * tried + jitter)).await;
                tried += 1;
            }
            outcome => return outcome,
        }
    }
}

/// Is this, or what caused it, a deadlock or a serialization failure?
fn is_conflict(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(sqlx::Error::Database(database)) = error.downcast_ref::<sqlx::Error>() {
            return matches!(database.code().as_deref(), Some("40P01" | "40001"));
        }
        next = error.source();
    }
    false
}

/// Does the error say that the database is away or busy, rather than that we asked for nonsense?
pub fn is_outage(error: &sqlx::Error) -> bool {
    if let sqlx::Error::Database(database) = error {
        let code = database.code().unwrap_or_default();
        // Deadlock and serialization after all retries, lock timeout, cancelled by a timeout, shutting down or
        // starting up, connections used up, disk full, connection lost.
        return matches!(&*code, "40P01" | "40001" | "55P03" | "57014" | "25P03")
            || ["57P", "53", "08"].iter().any(|class| code.starts_with(class));
    }
    matches!(
        error,
        sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::Protocol(_)
            | sqlx::Error::BeginFailed
    )
}

/// Translates the violation of a named constraint; any other error passes through.
pub fn on_constraint<E: From<sqlx::Error>>(name: &'static str, meaning: E) -> impl FnOnce(sqlx::Error) -> E {
    move |error| match error.as_database_error().and_then(|database| database.constraint()) {
        Some(constraint) if constraint == name => meaning,
        Some(_) | None => error.into(),
    }
}
