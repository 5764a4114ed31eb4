//! The SQL of tenants, domains and memberships.

use std::time::Duration;

use chrono::{DateTime, Utc};
use kernel::db::LandlordTx;
use kernel::id::{AccountId, TenantId};
use kernel::money::Currency;

use super::{NewTenant, Resolved, TenantError, TenantRow, TenantState};
use crate::accounts::{Email, SessionId};
use crate::dunning::Stage;
use crate::subscriptions::SubscriptionStatus;

/// A store in which somebody has a role.
#[derive(Debug)]
pub(super) struct Store {
    pub(super) id: TenantId,
    pub(super) slug: String,
    pub(super) name: String,
    pub(super) state: TenantState,
    pub(super) role: String,
    pub(super) plan: String,
    pub(super) subscription_status: SubscriptionStatus,
    pub(super) trial_ends_at: Option<DateTime<Utc>>,
}

/// A tenant as it is stored.
struct Row {
    id: TenantId,
    slug: String,
    name: String,
    currency: String,
    cluster: String,
}

impl Row {
    fn tenant(self) -> sqlx::Result<NewTenant> {
        let Self { id, slug, name, currency, cluster } = self;
        Ok(NewTenant { id, slug, name, currency: parse(&currency)?, cluster, spare: false })
    }
}

fn parse(currency: &str) -> sqlx::Result<Currency> {
    currency.parse().map_err(|unknown| sqlx::Error::Decode(Box::new(unknown)))
}

pub(super) async fn is_taken(tx: &mut LandlordTx, slug: &str, host: &str) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from tenants where slug = $1) or exists (select from domains where host = $2)
           as "taken!""#,
        slug,
        host
    )
    .fetch_one(tx.conn())
    .await
}

/// False when another transaction has just taken the slug.
pub(super) async fn insert(tx: &mut LandlordTx, tenant: &NewTenant) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "insert into tenants (id, slug, name, state, currency, cluster) values ($1, $2, $3, 'provisioning', $4, $5)
         on conflict (slug) do nothing",
        tenant.id.0,
        tenant.slug,
        tenant.name,
        tenant.currency.code(),
        tenant.cluster
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// False when another transaction has just taken the host.
pub(super) async fn insert_domain(tx: &mut LandlordTx, tenant: TenantId, host: &str) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "insert into domains (host, tenant_id, kind, verified_at) values ($1, $2, 'subdomain', now())
         on conflict (host) do nothing",
        host,
        tenant.0
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn owners(tx: &mut LandlordTx, tenant: TenantId) -> sqlx::Result<Vec<(AccountId, Email)>> {
    let rows = sqlx::query!(
        r#"select a.id as "id: AccountId", a.email as "email: Email" from memberships m
           join accounts a on a.id = m.account_id
           where m.tenant_id = $1 and m.role = 'owner' and a.disabled_at is null order by a.id"#,
        tenant.0
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.email)).collect())
}

pub(super) async fn count_owned(tx: &mut LandlordTx, account: AccountId) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from memberships m join tenants t on t.id = m.tenant_id
           where m.account_id = $1 and m.role = 'owner' and t.state <> 'closed'"#,
        account.0
    )
    .fetch_one(tx.conn())
    .await
}

/// A tenant that was registered, with its first owner.
pub(super) async fn registered(
    tx: &mut LandlordTx,
    tenant: TenantId,
) -> sqlx::Result<Option<(NewTenant, AccountId, String)>> {
    let row = sqlx::query!(
        r#"select t.id as "id: TenantId", t.slug, t.name, t.currency, t.cluster,
               a.id as "account: AccountId", a.email
           from tenants t
           join memberships m on m.tenant_id = t.id and m.role = 'owner'
           join accounts a on a.id = m.account_id
           where t.id = $1 order by m.created_at limit 1"#,
        tenant.0
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let tenant = Row { id: row.id, slug: row.slug, name: row.name, currency: row.currency, cluster: row.cluster };
    Ok(Some((tenant.tenant()?, row.account, row.email)))
}

pub(super) async fn provisioning(
    tx: &mut LandlordTx,
    cluster: &str,
    older_than: Duration,
) -> sqlx::Result<Vec<NewTenant>> {
    let rows = sqlx::query_as!(
        Row,
        r#"select id as "id: TenantId", slug, name, currency, cluster from tenants
           where state = 'provisioning' and created_at <= now() - $1 * interval '1 second' and cluster = $2
           order by created_at limit 100"#,
        older_than.as_secs_f64(),
        cluster
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(Row::tenant).collect()
}

/// Reads the state and locks the tenant until the transaction ends.
pub(super) async fn lock(tx: &mut LandlordTx, tenant: TenantId) -> sqlx::Result<Option<TenantState>> {
    sqlx::query_scalar!(r#"select state as "state: TenantState" from tenants where id = $1 for update"#, tenant.0)
        .fetch_optional(tx.conn())
        .await
}

pub(super) async fn set_state(
    tx: &mut LandlordTx,
    tenant: TenantId,
    from: TenantState,
    to: TenantState,
) -> Result<(), TenantError> {
    let done = sqlx::query!(
        "update tenants set state = $3, updated_at = now() where id = $1 and state = $2",
        tenant.0,
        from as _,
        to as _
    )
    .execute(tx.conn())
    .await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(TenantError::Changed) }
}

/// The same, with the cluster.
pub(super) async fn lock_place(tx: &mut LandlordTx, tenant: TenantId) -> sqlx::Result<Option<(TenantState, String)>> {
    let row = sqlx::query!(
        r#"select state as "state: TenantState", cluster from tenants where id = $1 for update"#,
        tenant.0
    );
    Ok(row.fetch_optional(tx.conn()).await?.map(|row| (row.state, row.cluster)))
}

pub(super) async fn set_moving(tx: &mut LandlordTx, tenant: TenantId, moving: bool) -> sqlx::Result<()> {
    sqlx::query!("update tenants set moving = $2 where id = $1", tenant.0, moving).execute(tx.conn()).await?;
    Ok(())
}

pub(super) async fn set_cluster(tx: &mut LandlordTx, tenant: TenantId, from: &str, to: &str) -> sqlx::Result<bool> {
    let done = sqlx::query!("update tenants set cluster = $3 where id = $1 and cluster = $2", tenant.0, from, to)
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn set_versions(tx: &mut LandlordTx, versions: &[(TenantId, i64)]) -> sqlx::Result<u64> {
    let ids: Vec<uuid::Uuid> = versions.iter().map(|(tenant, _)| tenant.0).collect();
    let versions: Vec<i64> = versions.iter().map(|(_, version)| *version).collect();
    let done = sqlx::query!(
        "update tenants set schema_version = u.version
         from unnest($1::uuid[], $2::bigint[]) as u (id, version)
         where tenants.id = u.id and tenants.schema_version is distinct from u.version",
        &ids,
        &versions
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}

/// A store with everything that a request needs to be let in, as it is stored.
struct ResolvedRow {
    tenant: TenantId,
    slug: String,
    name: String,
    currency: String,
    state: TenantState,
    cluster: String,
    moving: bool,
    schema_version: Option<i64>,
    version: i64,
    status: SubscriptionStatus,
    trial_ends_at: Option<DateTime<Utc>>,
    behind: bool,
    stage: Stage,
    plan: String,
}

impl ResolvedRow {
    fn resolved(self) -> sqlx::Result<Resolved> {
        Ok(Resolved {
            tenant: self.tenant,
            slug: self.slug,
            name: self.name,
            currency: parse(&self.currency)?,
            state: self.state,
            cluster: self.cluster,
            moving: self.moving,
            schema_version: self.schema_version,
            version: self.version,
            subscription_status: self.status,
            trial_ends_at: self.trial_ends_at,
            behind: self.behind.then_some(self.stage),
            plan: self.plan,
        })
    }
}

pub(super) async fn by_host(tx: &mut LandlordTx, host: &str) -> sqlx::Result<Option<Resolved>> {
    let row = sqlx::query_as!(
        ResolvedRow,
        r#"select t.id as "tenant: TenantId", t.slug, t.name, t.currency, t.state as "state: TenantState", t.cluster,
               t.moving, t.schema_version, t.version, s.status as "status: SubscriptionStatus",
               case when s.stripe_subscription is null then s.trial_ends_at end as trial_ends_at,
               s.behind_since is not null as "behind!", s.stage as "stage: Stage", s.plan
           from domains d
           join tenants t on t.id = d.tenant_id
           join subscriptions s on s.tenant_id = t.id
           where d.host = $1 and d.verified_at is not null"#,
        host
    );
    row.fetch_optional(tx.conn()).await?.map(ResolvedRow::resolved).transpose()
}

pub(super) async fn by_id(tx: &mut LandlordTx, tenant: TenantId) -> sqlx::Result<Option<Resolved>> {
    let row = sqlx::query_as!(
        ResolvedRow,
        r#"select t.id as "tenant: TenantId", t.slug, t.name, t.currency, t.state as "state: TenantState", t.cluster,
               t.moving, t.schema_version, t.version, s.status as "status: SubscriptionStatus",
               case when s.stripe_subscription is null then s.trial_ends_at end as trial_ends_at,
               s.behind_since is not null as "behind!", s.stage as "stage: Stage", s.plan
           from tenants t
           join subscriptions s on s.tenant_id = t.id
           where t.id = $1"#,
        tenant.0
    );
    row.fetch_optional(tx.conn()).await?.map(ResolvedRow::resolved).transpose()
}

pub(super) async fn role(
    tx: &mut LandlordTx,
    account: AccountId,
    session: SessionId,
    tenant: TenantId,
) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!(
        "select m.role from memberships m
         join accounts a on a.id = m.account_id
         join sessions s on s.account_id = a.id
         where m.account_id = $1 and m.tenant_id = $3 and a.disabled_at is null
           and s.id = $2 and s.revoked_at is null and s.ends_at > now()
           and (not a.platform_admin or s.second_factor_at is not null)",
        account.0,
        session.0,
        tenant.0
    )
    .fetch_optional(tx.conn())
    .await
}

pub(super) async fn stores_of(
    tx: &mut LandlordTx,
    account: AccountId,
    after: Option<TenantId>,
    limit: i64,
) -> sqlx::Result<Vec<Store>> {
    sqlx::query_as!(
        Store,
        r#"select t.id as "id: TenantId", t.slug, t.name, t.state as "state: TenantState", m.role, s.plan,
               s.status as "subscription_status: SubscriptionStatus", s.trial_ends_at
           from memberships m
           join tenants t on t.id = m.tenant_id
           join subscriptions s on s.tenant_id = t.id
           where m.account_id = $1 and t.state <> 'closed' and ($2::uuid is null or t.id > $2)
           order by t.id limit $3"#,
        account.0,
        after.map(|after| after.0),
        limit
    )
    .fetch_all(tx.conn())
    .await
}

pub(super) async fn list(tx: &mut LandlordTx, after: Option<TenantId>, limit: i64) -> sqlx::Result<Vec<TenantRow>> {
    sqlx::query_as!(
        TenantRow,
        r#"select t.id as "id: TenantId", t.slug, t.name, t.state as "state: TenantState", t.currency, t.cluster,
               s.plan, s.status as "subscription_status: SubscriptionStatus", t.created_at
           from tenants t join subscriptions s on s.tenant_id = t.id
           where $1::uuid is null or t.id > $1
           order by t.id limit $2"#,
        after.map(|after| after.0),
        limit
    )
    .fetch_all(tx.conn())
    .await
}

pub(super) async fn by_slug(tx: &mut LandlordTx, slug: &str) -> sqlx::Result<Option<TenantRow>> {
    sqlx::query_as!(
        TenantRow,
        r#"select t.id as "id: TenantId", t.slug, t.name, t.state as "state: TenantState", t.currency, t.cluster,
               s.plan, s.status as "subscription_status: SubscriptionStatus", t.created_at
           from tenants t join subscriptions s on s.tenant_id = t.id
           where t.slug = $1"#,
        slug
    )
    .fetch_optional(tx.conn())
    .await
}
