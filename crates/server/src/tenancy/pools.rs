//! The connections: of each cluster lanes for stores, a pool for what they share, few connections for making schemas.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context;
use kernel::db::{ClusterDb, LandlordDb};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgPool};

use crate::config::{Config, Database, MAIN, Secret};

/// Schemas made, migrated or copied beside each other, with one to spare for listening.
const ADMINS: u32 = 8;

/// The ways to the databases.
#[derive(Debug, Clone)]
pub struct Pools {
    /// For the landlord: a login that by itself can read no tenant.
    pub app: PgPool,
    /// For the landlord's schema, and for listening; direct, not through a pooler.
    pub admin: PgPool,
    /// The login of `app`.
    pub app_login: String,
    clusters: Arc<BTreeMap<String, Cluster>>,
}

/// The ways to one database that holds stores.
#[derive(Debug, Clone)]
pub struct Cluster {
    /// Its name in the settings.
    pub id: Arc<str>,
    /// For what its tenants share: a login that by itself can read no tenant.
    pub app: PgPool,
    /// For the tenants, with the same login. A tenant always meets the same few connections.
    pub lanes: Arc<[PgPool]>,
    /// For schemas, roles and migrations; direct, not through a pooler.
    pub admin: PgPool,
    /// The login of `app`.
    pub app_login: String,
    tenant_roles: bool,
    prepared: Arc<AtomicBool>,
}

impl Pools {
    /// The central database.
    pub fn landlord(&self) -> LandlordDb {
        LandlordDb::new(self.app.clone())
    }

    /// The databases that hold stores, by name.
    pub fn clusters(&self) -> impl Iterator<Item = &Cluster> {
        self.clusters.values()
    }

    /// The names of those databases.
    pub fn cluster_ids(&self) -> Vec<String> {
        self.clusters.keys().cloned().collect()
    }

    /// One of them, when the settings name it.
    pub fn cluster(&self, id: &str) -> Option<&Cluster> {
        self.clusters.get(id)
    }

    /// One of them; a name that the settings lack is like a database that is away.
    pub fn reach(&self, id: &str) -> sqlx::Result<&Cluster> {
        self.cluster(id).ok_or_else(|| {
            let message = format!("the settings of this process name no cluster {id}");
            sqlx::Error::Io(std::io::Error::new(std::io::ErrorKind::NotFound, message))
        })
    }

    /// Does every tenant have its own role?
    pub fn tenant_roles(&self) -> bool {
        self.clusters().any(Cluster::tenant_roles)
    }

    /// Ends all connections.
    pub async fn close(&self) {
        self.app.close().await;
        for cluster in self.clusters() {
            cluster.app.close().await;
            for lane in cluster.lanes.iter() {
                lane.close().await;
            }
            cluster.admin.close().await;
        }
        self.admin.close().await;
    }
}

impl Cluster {
    /// The database as the product's code knows it.
    pub fn db(&self) -> ClusterDb {
        ClusterDb::new(self.app.clone(), self.lanes.clone(), self.tenant_roles)
    }

    /// Does every tenant have its own role?
    pub fn tenant_roles(&self) -> bool {
        self.tenant_roles
    }

    /// Has this process brought what its tenants share up to date?
    pub fn is_prepared(&self) -> bool {
        self.prepared.load(Ordering::Acquire)
    }

    pub(super) fn set_prepared(&self) {
        self.prepared.store(true, Ordering::Release);
    }
}

/// Prepares the pools; connections are made when they are needed. The cluster `main` is the landlord's own database,
/// unless the settings put it elsewhere.
pub fn connect(config: &Config) -> anyhow::Result<Pools> {
    let database = &config.database;
    let app = address("database.url", &database.url)?;
    let admin = match &database.admin_url {
        Some(url) => address("database.admin_url", url)?,
        None => app.clone(),
    };
    let app_login = app.get_username().to_owned();
    let named = config.clusters.iter().filter(|(_, cluster)| !cluster.database_url.is_empty());
    let mut clusters = BTreeMap::new();
    for (id, settings) in named {
        let app = address(&format!("clusters.{id}.database_url"), &settings.database_url)?;
        let admin = match &settings.admin_url {
            Some(url) => address(&format!("clusters.{id}.admin_url"), url)?,
            None => app.clone(),
        };
        let database = Database {
            max_connections: settings.max_connections.unwrap_or(database.max_connections),
            ..database.clone()
        };
        let share = share(database.max_connections, database.lanes);
        let shared = pool(&database, share.shared).connect_lazy_with(app.clone().application_name("souk"));
        clusters.insert(id.clone(), cluster(id, &database, (app, shared), admin_pool(admin)));
    }
    let (app_pool, admin) = if clusters.contains_key(MAIN) {
        // Stores have connections of their own; what is central needs few.
        let share = share(database.max_connections, database.lanes);
        (pool(database, share.shared.max(4)).connect_lazy_with(app.application_name("souk")), admin_pool(admin))
    } else {
        let share = share(database.max_connections, database.lanes);
        let shared = pool(database, share.shared).connect_lazy_with(app.clone().application_name("souk"));
        let admin = admin_pool(admin);
        clusters.insert(MAIN.to_owned(), cluster(MAIN, database, (app, shared.clone()), admin.clone()));
        (shared, admin)
    };
    Ok(Pools { app: app_pool, admin, app_login, clusters: Arc::new(clusters) })
}

fn address(key: &str, url: &Secret) -> anyhow::Result<PgConnectOptions> {
    url.expose().parse().with_context(|| format!("{key} is not a PostgreSQL address"))
}

fn cluster(id: &str, database: &Database, (app, shared): (PgConnectOptions, PgPool), admin: PgPool) -> Cluster {
    let app_login = app.get_username().to_owned();
    let of_stores = app.application_name("souk").statement_cache_capacity(database.statements_per_connection);
    let share = share(database.max_connections, database.lanes);
    let lanes = (0..share.lanes).map(|_| pool(database, share.per_lane).connect_lazy_with(of_stores.clone())).collect();
    Cluster {
        id: id.into(),
        app: shared,
        lanes,
        admin,
        app_login,
        tenant_roles: database.tenant_roles,
        prepared: Arc::default(),
    }
}

fn admin_pool(admin: PgConnectOptions) -> PgPool {
    PgPoolOptions::new()
        .max_connections(ADMINS)
        .acquire_timeout(Duration::from_secs(10))
        .idle_timeout(Duration::from_secs(60))
        .connect_lazy_with(admin.application_name("souk admin"))
}

fn pool(database: &Database, connections: u32) -> PgPoolOptions {
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
