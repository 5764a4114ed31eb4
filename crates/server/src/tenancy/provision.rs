//! Make a new store's schema ready: a list of steps, each repeatable, so that a crash at any point is resumed by going
//! through the list again.

use commerce::settings::{self, OpenStore};
use kernel::problem::Problem;
use landlord::tenants::NewTenant;

use super::migrate::{begin, bring_up, ensure_role, execute};
use super::names::Name;
use super::pools::Pools;

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
            Step::Role => self.make_role(&name).await,
            Step::Schema => self.make_schema(&name).await,
            Step::Settings => self.open_store(tenant).await,
        }
    }

    /// The first two steps, before anybody has asked.
    pub async fn prepare(&self, name: &Name) -> anyhow::Result<()> {
        self.make_role(name).await?;
        self.make_schema(name).await
    }

    async fn make_role(&self, name: &Name) -> anyhow::Result<()> {
        if !self.pools.tenant_roles() {
            return Ok(());
        }
        let login = Name::login(&self.pools.app_login);
        let mut tx = begin(&self.pools.admin).await?;
        execute(&mut tx, ensure_role(&name.to_string())).await?;
        execute(&mut tx, format!("grant souk_tenant to {name}")).await?;
        execute(&mut tx, format!("grant {name} to {login}")).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn make_schema(&self, name: &Name) -> anyhow::Result<()> {
        let mut tx = begin(&self.pools.admin).await?;
        bring_up(&mut tx, name, &commerce::TENANT_MIGRATIONS).await?;
        let user = if self.pools.tenant_roles() { name.clone() } else { Name::login(&self.pools.app_login) };
        let rights = "select, insert, update, delete";
        execute(&mut tx, format!("grant usage on schema {name} to {user}")).await?;
        execute(&mut tx, format!("grant {rights} on all tables in schema {name} to {user}")).await?;
        execute(&mut tx, format!("revoke all on {name}._migrations from {user}")).await?;
        // Tables of later migrations too.
        execute(&mut tx, format!("alter default privileges in schema {name} grant {rights} on tables to {user}"))
            .await?;
        tx.commit().await?;
        Ok(())
    }

    async fn open_store(&self, tenant: &NewTenant) -> anyhow::Result<()> {
        let mut tx = self.pools.cluster().tenant(tenant.id).begin().await?;
        let store = OpenStore { store_name: tenant.name.clone(), currency: tenant.currency };
        settings::open(&mut tx, store).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// As the landlord wants it: whatever went wrong, the same sign-up may be sent again and goes on from there.
pub(crate) fn as_problem(error: anyhow::Error) -> Problem {
    match error.downcast::<sqlx::Error>() {
        Ok(error) => Problem::database(error),
        Err(error) => Problem::internal(error),
    }
}
