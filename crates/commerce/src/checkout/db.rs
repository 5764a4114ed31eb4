//! The SQL of checkouts. Nothing outside this folder touches the table.

use chrono::{DateTime, Utc};
use kernel::db::TenantTx;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::decide::NewCheckout;
use super::model::Status;
use super::{CheckoutError, CheckoutId, Ending};
use crate::carts::CartId;
use crate::orders::OrderId;

/// A checkout as it stands.
#[derive(Debug, Clone)]
pub(super) struct Checkout {
    pub(super) id: CheckoutId,
    pub(super) cart: CartId,
    pub(super) order: OrderId,
    pub(super) status: Status,
    pub(super) phase: String,
    pub(super) expires_at: DateTime<Utc>,
    /// Why it is being called off, if it is.
    pub(super) ending: Option<Ending>,
    /// Why it came to nothing, or is about to.
    pub(super) failure: Option<String>,
    /// By the database's clock.
    pub(super) due: bool,
}

/// The checkout that a cart is under.
pub(super) async fn under_way(tx: &mut TenantTx, cart: CartId) -> sqlx::Result<Option<CheckoutId>> {
    let found = sqlx::query_scalar!(
        r#"select id as "id: CheckoutId" from checkouts where cart_id = $1 and status = 'active'"#,
        cart.0
    );
    found.fetch_optional(tx.conn()).await
}

/// Writes checkouts: one statement, however many.
pub(super) async fn insert(
    tx: &mut TenantTx,
    checkouts: &[NewCheckout],
    statuses: &[Status],
    phases: &[&str],
    logs: &[Value],
) -> sqlx::Result<()> {
    let ids: Vec<Uuid> = checkouts.iter().map(|checkout| checkout.id.0).collect();
    let carts: Vec<Uuid> = checkouts.iter().map(|checkout| checkout.cart.0).collect();
    let orders: Vec<Uuid> = checkouts.iter().map(|checkout| checkout.order.0).collect();
    let statuses: Vec<String> = statuses.iter().map(|status| status.name().to_owned()).collect();
    let phases: Vec<String> = phases.iter().map(|phase| (*phase).to_owned()).collect();
    let expiries: Vec<DateTime<Utc>> = checkouts.iter().map(|checkout| checkout.expires_at).collect();
    sqlx::query!(
        "insert into checkouts (id, cart_id, order_id, status, phase, log, expires_at, finished_at)
         select u.id, u.cart_id, u.order_id, u.status, u.phase, u.log, u.expires_at,
                case when u.status = 'active' then null else now() end
         from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::jsonb[], $7::timestamptz[])
              as u (id, cart_id, order_id, status, phase, log, expires_at)",
        &ids,
        &carts,
        &orders,
        &statuses,
        &phases,
        logs,
        &expiries,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn read(tx: &mut TenantTx, id: CheckoutId) -> sqlx::Result<Option<Checkout>> {
    sqlx::query_as!(
        Checkout,
        r#"select id as "id: CheckoutId", cart_id as "cart: CartId", order_id as "order: OrderId",
                  status as "status: Status", phase, expires_at, ending as "ending: Ending", failure,
                  expires_at <= now() as "due!"
           from checkouts where id = $1"#,
        id.0,
    )
    .fetch_optional(tx.conn())
    .await
}

/// Locks a checkout until the transaction ends.
pub(super) async fn lock(tx: &mut TenantTx, id: CheckoutId) -> sqlx::Result<Option<Checkout>> {
    sqlx::query_as!(
        Checkout,
        r#"select id as "id: CheckoutId", cart_id as "cart: CartId", order_id as "order: OrderId",
                  status as "status: Status", phase, expires_at, ending as "ending: Ending", failure,
                  expires_at <= now() as "due!"
           from checkouts where id = $1 for update"#,
        id.0,
    )
    .fetch_optional(tx.conn())
    .await
}

/// The checkout that made an order, and its cart.
pub(super) async fn of_order(tx: &mut TenantTx, order: OrderId) -> sqlx::Result<Option<(CheckoutId, CartId)>> {
    let row = sqlx::query!(
        r#"select id as "id: CheckoutId", cart_id as "cart: CartId" from checkouts where order_id = $1"#,
        order.0,
    );
    Ok(row.fetch_optional(tx.conn()).await?.map(|row| (row.id, row.cart)))
}

/// Ends a checkout that is active, adding to its log.
pub(super) async fn finish(
    tx: &mut TenantTx,
    id: CheckoutId,
    to: Status,
    phase: Option<&str>,
    failure: Option<&str>,
    log: &Value,
) -> Result<(), CheckoutError> {
    let done = sqlx::query!(
        "update checkouts
         set status = $2, phase = coalesce($3, phase), failure = coalesce($4, failure), log = log || $5, updated_at = now(),
             finished_at = now()
         where id = $1 and status = 'active'",
        id.0,
        to.name(),
        phase,
        failure,
        log,
    )
    .execute(tx.conn())
    .await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(CheckoutError::Ended("no longer active")) }
}

/// Notes why an active checkout is being called off; the first reason stands.
pub(super) async fn set_ending(tx: &mut TenantTx, id: CheckoutId, ending: Ending) -> sqlx::Result<()> {
    sqlx::query!(
        "update checkouts set ending = $2, updated_at = now() where id = $1 and status = 'active' and ending is null",
        id.0,
        ending.name(),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes for what reason an active checkout is being called off, when it is not the shopper's or the clock's.
pub(super) async fn set_failure(tx: &mut TenantTx, id: CheckoutId, reason: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "update checkouts set failure = coalesce(failure, $2) where id = $1 and status = 'active'",
        id.0,
        reason,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A checkout that is completed reaches a later phase.
pub(super) async fn advance(tx: &mut TenantTx, id: CheckoutId, phase: &str, log: &Value) -> sqlx::Result<()> {
    sqlx::query!(
        "update checkouts set phase = $2, log = log || $3, updated_at = now() where id = $1 and status = 'completed'",
        id.0,
        phase,
        log,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A checkout whose time was over is completed after all.
pub(super) async fn revive(tx: &mut TenantTx, id: CheckoutId, log: &Value) -> sqlx::Result<()> {
    sqlx::query!(
        "update checkouts
         set status = 'completed', phase = 'completed', log = log || $2, updated_at = now(), finished_at = now()
         where id = $1 and status in ('failed', 'expired')",
        id.0,
        log,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Holds the goods for so much longer that money which comes by itself can come.
pub(super) async fn extend_days(tx: &mut TenantTx, id: CheckoutId, days: i32) -> sqlx::Result<DateTime<Utc>> {
    sqlx::query_scalar!(
        "update checkouts set expires_at = greatest(expires_at, now() + make_interval(days => $2)), updated_at = now()
         where id = $1 and status = 'active' returning expires_at",
        id.0,
        days,
    )
    .fetch_one(tx.conn())
    .await
}

/// Holds the goods longer, because the payment is not decided.
pub(super) async fn extend(tx: &mut TenantTx, id: CheckoutId, minutes: i32) -> sqlx::Result<()> {
    sqlx::query!(
        "update checkouts set expires_at = greatest(expires_at, now() + make_interval(mins => $2)), updated_at = now()
         where id = $1 and status = 'active'",
        id.0,
        minutes,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Active checkouts whose time is over, the longest overdue first.
pub(super) async fn due(tx: &mut TenantTx, limit: i64) -> sqlx::Result<Vec<CheckoutId>> {
    sqlx::query_scalar!(
        r#"select id as "id: CheckoutId" from checkouts
           where status = 'active' and expires_at <= now() order by expires_at limit $1"#,
        limit,
    )
    .fetch_all(tx.conn())
    .await
}

/// A checkout as staff sees it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CheckoutEntry {
    /// Its id.
    pub id: CheckoutId,
    /// The cart that is bought.
    pub cart_id: CartId,
    /// The order that it made.
    pub order_id: OrderId,
    /// `active`, `completed`, `failed`, `expired` or `cancelled`.
    pub status: String,
    /// The last phase that was reached.
    pub phase: String,
    /// Why it came to nothing.
    pub failure: Option<String>,
    /// Phases and compensations, with times and durations.
    #[schema(value_type = Object)]
    pub log: Value,
    /// Until when the goods are held.
    pub expires_at: DateTime<Utc>,
    /// When it was started.
    pub created_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
}

/// Which checkouts to list.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    pub(super) status: Option<Status>,
    pub(super) cart: Option<CartId>,
    pub(super) overdue: bool,
}

/// The newest checkouts before `before`; those of one cart, of one status, or overdue, by an index each.
pub(super) async fn list(
    tx: &mut TenantTx,
    wanted: &Wanted,
    before: Option<CheckoutId>,
    limit: i64,
) -> sqlx::Result<Vec<CheckoutEntry>> {
    let before = before.map_or(Uuid::max(), |id| id.0);
    let status = wanted.status.map(Status::name);
    match (wanted.overdue, wanted.cart) {
        (true, cart) => {
            sqlx::query_as!(
                CheckoutEntry,
                r#"select id as "id: CheckoutId", cart_id as "cart_id: CartId", order_id as "order_id: OrderId", status,
                          phase, failure, log, expires_at, created_at, finished_at
                   from checkouts
                   where status = 'active' and expires_at <= now() and id < $1 and ($2::uuid is null or cart_id = $2)
                     and ($3::text is null or status = $3)
                   order by id desc limit $4"#,
                before,
                cart.map(|cart| cart.0),
                status,
                limit,
            )
            .fetch_all(tx.conn())
            .await
        }
        (false, Some(cart)) => {
            sqlx::query_as!(
                CheckoutEntry,
                r#"select id as "id: CheckoutId", cart_id as "cart_id: CartId", order_id as "order_id: OrderId", status,
                          phase, failure, log, expires_at, created_at, finished_at
                   from checkouts where cart_id = $1 and id < $2 and ($3::text is null or status = $3)
                   order by id desc limit $4"#,
                cart.0,
                before,
                status,
                limit,
            )
            .fetch_all(tx.conn())
            .await
        }
        (false, None) => {
            sqlx::query_as!(
                CheckoutEntry,
                r#"select id as "id: CheckoutId", cart_id as "cart_id: CartId", order_id as "order_id: OrderId", status,
                          phase, failure, log, expires_at, created_at, finished_at
                   from checkouts where id < $1 and ($2::text is null or status = $2) order by id desc limit $3"#,
                before,
                status,
                limit,
            )
            .fetch_all(tx.conn())
            .await
        }
    }
}

pub(super) async fn entry(tx: &mut TenantTx, id: CheckoutId) -> sqlx::Result<Option<CheckoutEntry>> {
    sqlx::query_as!(
        CheckoutEntry,
        r#"select id as "id: CheckoutId", cart_id as "cart_id: CartId", order_id as "order_id: OrderId", status, phase,
                  failure, log, expires_at, created_at, finished_at
           from checkouts where id = $1"#,
        id.0,
    )
    .fetch_optional(tx.conn())
    .await
}

/// The checkouts of the last hours by how they stand: status, phase, failure, how many.
pub(super) async fn figures(tx: &mut TenantTx, hours: i32) -> sqlx::Result<Vec<(Status, String, Option<String>, i64)>> {
    let rows = sqlx::query!(
        r#"select status as "status: Status", phase, failure, count(*) as "count!" from checkouts
           where created_at > now() - make_interval(hours => $1) group by 1, 2, 3"#,
        hours,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.status, row.phase, row.failure, row.count)).collect())
}

/// How many checkouts of the last hours took how many hundredths of a second until they were completed.
pub(super) async fn times(tx: &mut TenantTx, hours: i32) -> sqlx::Result<Vec<(i64, i64)>> {
    let rows = sqlx::query!(
        r#"select floor(extract(epoch from finished_at - created_at) * 100)::bigint as "took!", count(*) as "count!"
           from checkouts where created_at > now() - make_interval(hours => $1) and status = 'completed' group by 1"#,
        hours,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.took, row.count)).collect())
}

/// How many active checkouts have no time left.
pub(super) async fn overdue(tx: &mut TenantTx) -> sqlx::Result<i64> {
    sqlx::query_scalar!(r#"select count(*) as "count!" from checkouts where status = 'active' and expires_at <= now()"#)
        .fetch_one(tx.conn())
        .await
}
