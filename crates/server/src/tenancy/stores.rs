//! The stores that requests are for, remembered between requests and forgotten the moment they change.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use commerce::catalog::Shelf;
use commerce::checkout::Queue;
use commerce::jobs::TenantJobs;
use commerce::pricing::RulesCache;
use commerce::shop::{Platform, Shop};
use kernel::cache::SharedCache;
use kernel::clock::Clock;
use kernel::db::{ClusterDb, LandlordDb};
use kernel::entitlements::Entitlements;
use kernel::id::TenantId;
use kernel::origin::Origin;
use kernel::secret::Possession;
use landlord::tenants::{Resolved, TenantState};
use moka::future::Cache;
use stripe_gateway::StripeGateway;

use super::{Host, Pools};

/// How long a store is remembered even if no change is heard of.
const REMEMBER: Duration = Duration::from_secs(60);
/// How long the shared cache keeps what a tenant is entitled to.
const SHARE: Duration = Duration::from_secs(600);
/// Most stores that are remembered.
const CAPACITY: u64 = 50_000;

/// A store as a request needs it.
pub struct Store {
    /// What the landlord knows.
    pub resolved: Resolved,
    /// What it is entitled to.
    pub entitlements: Arc<Entitlements>,
    cluster: ClusterDb,
    checkouts: Arc<Queue>,
    rules: Arc<RulesCache>,
    shelf: Arc<Shelf>,
    slug: Arc<str>,
}

impl Store {
    /// Is it on its way to another cluster, so that nothing of it may be written?
    pub fn is_moving(&self) -> bool {
        self.resolved.moving
    }

    /// Is its schema too old for this program?
    pub fn is_outdated(&self) -> bool {
        self.resolved.schema_version.is_some_and(|version| version < commerce::OLDEST_TENANT_VERSION)
    }
}

/// Finds stores and opens them for requests and jobs.
#[derive(Clone)]
pub struct Stores {
    landlord: LandlordDb,
    pools: Pools,
    shared: SharedCache,
    by_host: Cache<String, Arc<Store>>,
    by_tenant: Cache<TenantId, Arc<Store>>,
    /// Grows with every change that is heard of. What was read before a change must not be remembered after it.
    heard: Arc<AtomicU64>,
    tools: Arc<Tools>,
}

/// What every store is given.
pub struct Tools {
    /// The time.
    pub clock: Clock,
    /// The way to Stripe.
    pub stripe: StripeGateway,
    /// Secrets of carts and orders.
    pub possession: Possession,
    /// What the platform sets for all.
    pub platform: Arc<Platform>,
}

impl Stores {
    /// The stores of all clusters.
    pub fn new(pools: Pools, shared: SharedCache, tools: Tools) -> Self {
        let cache = || Cache::builder().max_capacity(CAPACITY).time_to_live(REMEMBER);
        Self {
            landlord: pools.landlord(),
            pools,
            shared,
            by_host: cache().support_invalidation_closures().build(),
            by_tenant: Cache::builder().max_capacity(CAPACITY).time_to_live(REMEMBER).build(),
            heard: Arc::default(),
            tools: Arc::new(tools),
        }
    }

    /// The cache that all nodes share.
    pub fn shared(&self) -> &SharedCache {
        &self.shared
    }

    /// What every store is given.
    pub fn tools(&self) -> &Tools {
        &self.tools
    }

    /// The store that has this host; `None` when nobody has. Unknown hosts are not remembered: a store may be opened
    /// under them the next moment.
    pub async fn at(&self, host: &Host) -> sqlx::Result<Option<Arc<Store>>> {
        if let Some(store) = self.by_host.get(&host.0).await {
            return Ok(Some(store));
        }
        let heard = self.heard.load(Ordering::Acquire);
        let Some(resolved) = landlord::tenants::resolve(&self.landlord, &host.0).await? else { return Ok(None) };
        let store = self.load(resolved, heard).await?;
        if self.worth_remembering(&store, heard) {
            self.by_host.insert(host.0.clone(), store.clone()).await;
        }
        Ok(Some(store))
    }

    /// The store of a tenant, for jobs and messages.
    pub async fn of(&self, tenant: TenantId) -> sqlx::Result<Option<Arc<Store>>> {
        if let Some(store) = self.by_tenant.get(&tenant).await {
            return Ok(Some(store));
        }
        let heard = self.heard.load(Ordering::Acquire);
        match landlord::tenants::resolve_id(&self.landlord, tenant).await? {
            Some(resolved) => Ok(Some(self.load(resolved, heard).await?)),
            None => Ok(None),
        }
    }

    /// Nothing changed since it was read, and it is not about to: a store that is being made is ready the next moment.
    fn worth_remembering(&self, store: &Store, heard: u64) -> bool {
        store.resolved.state != TenantState::Provisioning && self.heard.load(Ordering::Acquire) == heard
    }

    /// Several hosts may lead to one store; they share its queue of checkouts.
    async fn load(&self, resolved: Resolved, heard: u64) -> sqlx::Result<Arc<Store>> {
        let known = self.by_tenant.get(&resolved.tenant).await;
        if let Some(store) = &known
            && store.resolved.version == resolved.version
        {
            return Ok(store.clone());
        }
        let entitlements = self.entitlements(&resolved).await?;
        let cluster = self.pools.reach(&resolved.cluster)?.db();
        let store = Arc::new(Store {
            slug: resolved.slug.as_str().into(),
            entitlements: Arc::new(entitlements),
            cluster,
            checkouts: known.as_ref().map_or_else(Arc::default, |store| store.checkouts.clone()),
            rules: known.as_ref().map_or_else(Arc::default, |store| store.rules.clone()),
            shelf: known.map_or_else(Arc::default, |store| store.shelf.clone()),
            resolved,
        });
        if self.worth_remembering(&store, heard) {
            self.by_tenant.insert(store.resolved.tenant, store.clone()).await;
        }
        Ok(store)
    }

    /// The version in the key makes a stale value impossible to find.
    async fn entitlements(&self, resolved: &Resolved) -> sqlx::Result<Entitlements> {
        let key = format!("tenant:{}:features:{}", resolved.tenant, resolved.version);
        if let Some(entitlements) = self.shared.get(&key).await {
            return Ok(entitlements);
        }
        let entitlements = landlord::plans::entitlements(&self.landlord, resolved.tenant).await?;
        self.shared.set(&key, &entitlements, SHARE).await;
        Ok(entitlements)
    }

    /// Opens a store for one request or job.
    pub fn open(&self, store: &Store, origin: Origin) -> Shop {
        Shop {
            id: store.resolved.tenant,
            slug: store.slug.clone(),
            currency: store.resolved.currency,
            db: store.cluster.tenant(store.resolved.tenant),
            clock: self.tools.clock.clone(),
            stripe: self.tools.stripe.clone(),
            possession: self.tools.possession.clone(),
            entitlements: store.entitlements.clone(),
            platform: self.tools.platform.clone(),
            checkouts: store.checkouts.clone(),
            jobs: TenantJobs::new(store.cluster.clone(), store.resolved.tenant),
            rules: store.rules.clone(),
            shelf: store.shelf.clone(),
            origin,
        }
    }

    /// Did the store change since this was read? A store that is gone did.
    pub async fn is_stale(&self, store: &Store) -> sqlx::Result<bool> {
        let now = landlord::tenants::resolve_id(&self.landlord, store.resolved.tenant).await?;
        Ok(now.is_none_or(|now| now.version != store.resolved.version))
    }

    /// A tenant changed: what is known of it is forgotten at once.
    pub async fn forget(&self, tenant: TenantId) {
        self.heard.fetch_add(1, Ordering::AcqRel);
        self.by_tenant.invalidate(&tenant).await;
        let changed = self.by_host.invalidate_entries_if(move |_, store| store.resolved.tenant == tenant);
        if changed.is_err() {
            self.by_host.invalidate_all();
        }
    }

    /// Changes may have been missed: everything is forgotten.
    pub fn forget_all(&self) {
        self.heard.fetch_add(1, Ordering::AcqRel);
        self.by_tenant.invalidate_all();
        self.by_host.invalidate_all();
    }
}
