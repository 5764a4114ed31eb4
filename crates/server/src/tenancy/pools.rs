//! The connections: lanes for stores, a pool for what they share, few connections for making schemas.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use kernel::db::{ClusterDb, LandlordDb};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgPool};

use crate::config;

/// The ways to the databases.
#[derive(Debug, Clone)]
pub struct Pools {
    /// For the landlord and for what a cluster's tenants share: a login that by itself can read no tenant.
    pub app: PgPool,
    /// For the tenants, with the same login. A tenant always meets the same few connections.
    pub lanes: Arc<[PgPool]>,
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
        ClusterDb::new(self.app.clone(), self.lanes.clone(), self.tenant_roles)
    }

    /// Does every tenant have its own role?
    pub fn tenant_roles(&self) -> bool {
        self.tenant_roles
    }

    /// Ends all connections.
    pub async fn close(&self) {
        self.app.close().await;
        for lane in self.lanes.iter() {
            lane.close().await;
        }
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
    let app = app.application_name("souk");
    let share = share(database.max_connections, database.lanes);
    let of_stores = app.clone().statement_cache_capacity(database.statements_per_connection);
    let lanes = (0..share.lanes).map(|_| pool(database, share.per_lane).connect_lazy_with(of_stores.clone())).collect();
    let app = pool(database, share.shared).connect_lazy_with(app);
    let admin = PgPoolOptions::new()
        .max_connections(4)
        .acquire_timeout(Duration::from_secs(10))
        .idle_timeout(Duration::from_secs(60))
        .connect_lazy_with(admin.application_name("souk admin"));
    Ok(Pools { app, lanes, admin, app_login, tenant_roles: database.tenant_roles })
}

fn pool(database: &config::Database, connections: u32) -> PgPoolOptions {
    PgPoolOptions::new()
        .max_connections(connections)
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
}

/// How many connections each pool may have.
#[derive(Debug, PartialEq, Eq)]
struct Share {
    shared: u32,
    lanes: u32,
    per_lane: u32,
}

/// A quarter is for what is shared, and two at least. The lanes share the rest evenly; there are fewer of them than
/// wished rather than lanes of one connection, where a slow request would hold up all its neighbours.
fn share(connections: u32, lanes: u32) -> Share {
    let shared = (connections / 4).max(2).min(connections.saturating_sub(1)).max(1);
    let rest = connections.saturating_sub(shared).max(1);
    let lanes = lanes.min(rest / 2).max(1);
    let per_lane = rest / lanes;
    Share { shared: connections.saturating_sub(lanes * per_lane).max(1), lanes, per_lane }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_shared_out_and_none_is_too_many() {
        let share_of = |connections, lanes| {
            let Share { shared, lanes, per_lane } = share(connections, lanes);
            (shared, lanes, per_lane)
        };
        assert_eq!(share_of(32, 8), (8, 8, 3));
        assert_eq!(share_of(24, 8), (8, 8, 2));
        assert_eq!(share_of(6, 8), (2, 2, 2));
        assert_eq!(share_of(2, 8), (1, 1, 1));
        for connections in 2..300 {
            for lanes in 1..100 {
                let (shared, lanes, per_lane) = share_of(connections, lanes);
                assert!(shared >= 1 && lanes >= 1 && per_lane >= 1);
                assert_eq!(shared + lanes * per_lane, connections);
            }
        }
    }
}
