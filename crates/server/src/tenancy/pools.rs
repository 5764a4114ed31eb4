//! The connections: one pool for requests, few connections for making schemas.

use std::time::Duration;

use anyhow::Context;
use kernel::db::{ClusterDb, LandlordDb};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgPool};

use crate::config;

/// The ways to the databases.
#[derive(Debug, Clone)]
pub struct Pools {
    /// For requests and jobs: a login that by itself can read no tenant.
    pub app: PgPool,
    /// For schemas, roles and migrations, and for listening; direct, not through a pooler.
    pub admin: PgPool,
    /// The login of `app`.
    pub app_login: String,
    tenant_roles: bool,
}

impl Pools {
    /// The central database.
    pub fn landlord(&self) -> LandlordDb {
        LandlordDb::new(self.app.clone())
    }

    /// The database of the tenants.
    pub fn cluster(&self) -> ClusterDb {
        ClusterDb::new(self.app.clone(), self.tenant_roles)
    }

    /// Does every tenant have its own role?
    pub fn tenant_roles(&self) -> bool {
        self.tenant_roles
    }

    /// Ends all connections.
    pub async fn close(&self) {
        self.app.close().await;
        self.admin.close().await;
    }
}

/// Prepares the pools; connections are made when they are needed.
pub fn connect(database: &config::Database) -> anyhow::Result<Pools> {
    let app: PgConnectOptions = database.url.expose().parse().context("database.url is not a PostgreSQL address")?;
    let admin = match &database.admin_url {
        Some(url) => url.expose().parse().context("database.admin_url is not a PostgreSQL address")?,
        None => app.clone(),
    };
    let app_login = app.get_username().to_owned();
    let pool = PgPoolOptions::new()
        .max_connections(database.max_connections)
        .acquire_timeout(database.acquire_timeout)
        .idle_timeout(Duration::from_secs(300))
        .test_before_acquire(false)
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                // One in use a moment ago works; asking it would cost every request a round trip.
                if meta.idle_for > Duration::from_secs(1) {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .connect_lazy_with(app.application_name("souk"));
    let admin = PgPoolOptions::new()
        .max_connections(4)
        .acquire_timeout(Duration::from_secs(10))
        .idle_timeout(Duration::from_secs(60))
        .connect_lazy_with(admin.application_name("souk admin"));
    Ok(Pools { app: pool, admin, app_login, tenant_roles: database.tenant_roles })
}
