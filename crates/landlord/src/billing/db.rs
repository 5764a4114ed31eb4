//! The SQL of customers and of the pages on which stores subscribe.

use chrono::{DateTime, Utc};
use kernel::db::LandlordTx;
use kernel::id::TenantId;
use uuid::Uuid;

/// A store as a customer.
#[derive(Debug)]
pub(super) struct Customer {
    pub(super) stripe_customer: Option<String>,
    pub(super) generation: i32,
    pub(super) name: String,
    pub(super) email: Option<String>,
}

/// A page on which a store subscribes.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) id: Uuid,
    pub(super) price_id: Uuid,
    pub(super) session: Option<String>,
    pub(super) url: Option<String>,
    pub(super) expires_at: Option<DateTime<Utc>>,
}

/// Unix seconds.
pub(super) async fn now(tx: &mut LandlordTx) -> sqlx::Result<i64> {
    sqlx::query_scalar!(r#"select extract(epoch from now())::bigint as "now!""#).fetch_one(tx.conn()).await
}

pub(super) async fn want_customer(tx: &mut LandlordTx, tenant: TenantId) -> sqlx::Result<Option<Customer>> {
    sqlx::query!(
        "insert into billing_customers (tenant_id) select id from tenants where id = $1 on conflict do nothing",
        tenant.0
    )
    .execute(tx.conn())
    .await?;
    sqlx::query_as!(
        Customer,
        r#"select c.stripe_customer, c.generation, t.name,
               (select a.email from memberships m join accounts a on a.id = m.account_id
                where m.tenant_id = t.id and m.role = 'owner' order by m.created_at limit 1) as email
           from billing_customers c join tenants t on t.id = c.tenant_id where c.tenant_id = $1"#,
        tenant.0
    )
    .fetch_optional(tx.conn())
    .await
}

pub(super) async fn customer(tx: &mut LandlordTx, tenant: TenantId) -> sqlx::Result<Option<String>> {
    let found = sqlx::query_scalar!("select stripe_customer from billing_customers where tenant_id = $1", tenant.0);
    Ok(found.fetch_optional(tx.conn()).await?.flatten())
}

pub(super) async fn tenant_of(tx: &mut LandlordTx, customer: &str) -> sqlx::Result<Option<TenantId>> {
    sqlx::query_scalar!(
        r#"select tenant_id as "tenant: TenantId" from billing_customers where stripe_customer = $1"#,
        customer
    )
    .fetch_optional(tx.conn())
    .await
}

/// The first answer counts.
pub(super) async fn set_customer(
    tx: &mut LandlordTx,
    tenant: TenantId,
    generation: i32,
    customer: &str,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update billing_customers set stripe_customer = $3
         where tenant_id = $1 and generation = $2 and stripe_customer is null",
        tenant.0,
        generation,
        customer
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The customer is gone over there; the next one is made under another key.
pub(super) async fn forget_customer(tx: &mut LandlordTx, tenant: TenantId, customer: &str) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update billing_customers set stripe_customer = null, generation = generation + 1
         where tenant_id = $1 and stripe_customer = $2",
        tenant.0,
        customer
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The page that may still be paid.
pub(super) async fn living_page(tx: &mut LandlordTx, tenant: TenantId) -> sqlx::Result<Option<Page>> {
    sqlx::query_as!(
        Page,
        "select id, price_id, session, url, expires_at from billing_checkouts
         where tenant_id = $1 and state <> 'over'",
        tenant.0
    )
    .fetch_optional(tx.conn())
    .await
}

/// Asked for; one that was asked for before under this id stays.
pub(super) async fn ask_page(tx: &mut LandlordTx, id: Uuid, tenant: TenantId, price: Uuid) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into billing_checkouts (id, tenant_id, price_id) values ($1, $2, $3) on conflict (id) do nothing",
        id,
        tenant.0,
        price
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn open_page(
    tx: &mut LandlordTx,
    id: Uuid,
    session: &str,
    url: &str,
    expires_at: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update billing_checkouts set state = 'open', session = $2, url = $3, expires_at = $4
         where id = $1 and state = 'asked'",
        id,
        session,
        url,
        expires_at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Nobody can subscribe on it any more.
pub(super) async fn end_page(tx: &mut LandlordTx, id: Uuid) -> sqlx::Result<()> {
    sqlx::query!("update billing_checkouts set state = 'over', url = null where id = $1 and state <> 'over'", id)
        .execute(tx.conn())
        .await?;
    Ok(())
}

pub(super) async fn end_session(tx: &mut LandlordTx, session: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "update billing_checkouts set state = 'over', url = null where session = $1 and state <> 'over'",
        session
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Pages whose time is over: their end was not heard of.
pub(super) async fn late_pages(
    tx: &mut LandlordTx,
    now: DateTime<Utc>,
    only: Option<&[Uuid]>,
    limit: i64,
) -> sqlx::Result<Vec<(Uuid, TenantId)>> {
    let rows = sqlx::query!(
        r#"select id, tenant_id as "tenant: TenantId" from billing_checkouts
           where state = 'open' and expires_at <= $1 and ($2::uuid[] is null or tenant_id = any($2))
           order by expires_at limit $3"#,
        now,
        only as _,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.tenant)).collect())
}
