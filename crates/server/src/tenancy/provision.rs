//! Make a new store's schema ready: a list of steps, each repeatable, so that a crash at any point is resumed by going
//! through the list again.

use commerce::settings::{self, OpenStore};
use kernel::id::TenantId;
use kernel::problem::Problem;
use landlord::tenants::NewTenant;
use sqlx::PgConnection;

use super::migrate::{begin, bring_up, ensure_role, execute};
use super::names::Name;
use super::pools::{Cluster, Pools};
use super::set::MigrationSet;

/// Makes schemas.
#[derive(Debug, Clone)]
pub struct Provisioner {
    pools: Pools,
}

/// One step on the way to a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The role that may touch the schema, and nobody else's.
    Role,
    /// The schema, its tables, and the role's rights on them.
    Schema,
    /// The store's name and currency.
    Settings,
}

/// The way to a store. A spare schema has the first two steps behind it. What remains after the last is to call the
/// store active, which the landlord does.
pub const STEPS: [Step; 3] = [Step::Role, Step::Schema, Step::Settings];

impl Provisioner {
    /// Makes schemas through these connections.
    pub fn new(pools: Pools) -> Self {
        Self { pools }
    }

    /// Takes all the steps that remain.
    pub async fn provision(&self, tenant: &NewTenant) -> anyhow::Result<()> {
        let steps: &[Step] = if tenant.spare { &STEPS[2..] } else { &STEPS };
        for step in steps {
            self.take(*step, tenant).await?;
        }
        Ok(())
    }

    /// Takes one step. Taking it again changes nothing.
    pub async fn take(&self, step: Step, tenant: &NewTenant) -> anyhow::Result<()> {
        let name = Name::tenant(tenant.id);
        match step {
            Step::Role => make_role(self.pools.reach(&tenant.cluster)?, &name).await,
            Step::Schema => make_schema(self.pools.reach(&tenant.cluster)?, &name).await,
            Step::Settings => self.open_store(tenant).await,
        }
    }

    /// The first two steps, before anybody has asked.
    pub async fn prepare(&self, cluster: &str, id: TenantId) -> anyhow::Result<()> {
        let (cluster, name) = (self.pools.reach(cluster)?, Name::tenant(id));
        make_role(cluster, &name).await?;
        make_schema(cluster, &name).await
    }

    async fn open_store(&self, tenant: &NewTenant) -> anyhow::Result<()> {
        let mut tx = self.pools.reach(&tenant.cluster)?.db().tenant(tenant.id).begin().await?;
        let store = OpenStore { store_name: tenant.name.clone(), currency: tenant.currency };
        settings::open(&mut tx, store).await?;
        tx.commit().await?;
        Ok(())
    }
}

async fn make_role(cluster: &Cluster, name: &Name) -> anyhow::Result<()> {
    if !cluster.tenant_roles() {
        return Ok(());
    }
    let login = Name::login(&cluster.app_login);
    let mut tx = begin(&cluster.admin).await?;
    execute(&mut tx, ensure_role(&name.to_string())).await?;
    execute(&mut tx, format!("grant souk_tenant to {name}")).await?;
    execute(&mut tx, format!("grant {name} to {login}")).await?;
    tx.commit().await?;
    Ok(())
}

async fn make_schema(cluster: &Cluster, name: &Name) -> anyhow::Result<()> {
    let mut tx = begin(&cluster.admin).await?;
    bring_up(&mut tx, name, &MigrationSet::tenant()).await?;
    grant(&mut tx, cluster, name).await?;
    tx.commit().await?;
    Ok(())
}

/// Whoever acts for the store may use its tables, those of later migrations too.
pub(super) async fn grant(tx: &mut PgConnection, cluster: &Cluster, name: &Name) -> sqlx::Result<()> {
    let user = user(cluster, name);
    let rights = "select, insert, update, delete";
    execute(tx, format!("grant usage on schema {name} to {user}")).await?;
    execute(tx, format!("grant {rights} on all tables in schema {name} to {user}")).await?;
    execute(tx, format!("revoke all on {name}._migrations from {user}")).await?;
    execute(tx, format!("alter default privileges in schema {name} grant {rights} on tables to {user}")).await
}

/// Whoever acts for the store: its own role, or the login where there are no roles.
pub(super) fn user(cluster: &Cluster, name: &Name) -> Name {
    if cluster.tenant_roles() { name.clone() } else { Name::login(&cluster.app_login) }
}

/// As the landlord wants it: whatever went wrong, the same sign-up may be sent again and goes on from there.
pub(crate) fn as_problem(error: anyhow::Error) -> Problem {
    match error.downcast::<sqlx::Error>() {
        Ok(error) => Problem::database(error),
        Err(error) => Problem::internal(error),
    }
}
