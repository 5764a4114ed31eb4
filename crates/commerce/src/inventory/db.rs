//! The SQL of inventory.

use std::collections::{BTreeMap, HashMap};

use kernel::db::TenantTx;
use serde_json::Value;
use uuid::Uuid;

use super::write::{Change, Sum};
use super::{Level, Movement, Reservation, ReservationStatus, StockLevel, Take};
use crate::catalog::VariantId;

/// Ids as the database takes them.
pub(super) fn uuids(ids: &[VariantId]) -> Vec<Uuid> {
    ids.iter().map(|id| id.0).collect()
}

pub(super) async fn insert_levels(tx: &mut TenantTx, ids: &[VariantId]) -> sqlx::Result<()> {
    sqlx::query!("insert into stock_levels (variant_id) select unnest($1::uuid[]) on conflict do nothing", &uuids(ids))
        .execute(tx.conn())
        .await?;
    Ok(())
}

pub(super) async fn lock_levels(tx: &mut TenantTx, ids: &[VariantId]) -> sqlx::Result<HashMap<VariantId, Level>> {
    let rows = sqlx::query!(
        "select variant_id, on_hand, reserved, version from stock_levels
         where variant_id = any($1) order by variant_id for update",
        &uuids(ids)
    )
    .fetch_all(tx.conn())
    .await?;
    let level = |on_hand, reserved, version| Level { on_hand, reserved, version };
    Ok(rows.into_iter().map(|row| (VariantId(row.variant_id), level(row.on_hand, row.reserved, row.version))).collect())
}

/// Locks the level of one variant that is not deleted.
pub(super) async fn lock_level(tx: &mut TenantTx, id: VariantId) -> sqlx::Result<Option<StockLevel>> {
    sqlx::query_as!(
        StockLevel,
        r#"select l.variant_id as "variant_id: VariantId", v.sku, l.on_hand, l.reserved, l.available as "available!"
           from stock_levels l join variants v on v.id = l.variant_id
           where l.variant_id = $1 and v.deleted_at is null
           for update of l"#,
        id.0
    )
    .fetch_optional(tx.conn())
    .await
}

/// A level as it has become.
pub(super) struct Written {
    pub(super) variant_id: VariantId,
    pub(super) on_hand: i32,
    pub(super) reserved: i32,
    pub(super) version: i64,
}

/// Changes levels, and counts one event for each.
pub(super) async fn change_levels(tx: &mut TenantTx, sums: &BTreeMap<VariantId, Sum>) -> sqlx::Result<Vec<Written>> {
    let ids: Vec<Uuid> = sums.keys().map(|id| id.0).collect();
    let on_hand: Vec<i64> = sums.values().map(|sum| sum.on_hand).collect();
    let reserved: Vec<i64> = sums.values().map(|sum| sum.reserved).collect();
    sqlx::query_as!(
        Written,
        r#"update stock_levels l
           set on_hand = l.on_hand + u.on_hand, reserved = l.reserved + u.reserved,
               version = l.version + 1, updated_at = now()
           from unnest($1::uuid[], $2::bigint[], $3::bigint[]) as u (variant_id, on_hand, reserved)
           where l.variant_id = u.variant_id
           returning l.variant_id as "variant_id: VariantId", l.on_hand, l.reserved, l.version"#,
        &ids,
        &on_hand,
        &reserved,
    )
    .fetch_all(tx.conn())
    .await
}

/// Writes what moves.
pub(super) async fn insert_movements(tx: &mut TenantTx, change: &Change<'_>, actor: &Value) -> sqlx::Result<()> {
    let moved = &change.entries;
    let ids: Vec<Uuid> = moved.iter().map(|entry| entry.variant_id.0).collect();
    let on_hand: Vec<i32> = moved.iter().map(|entry| entry.on_hand).collect();
    let reserved: Vec<i32> = moved.iter().map(|entry| entry.reserved).collect();
    let references: Vec<Option<Uuid>> = moved.iter().map(|entry| entry.reference_id).collect();
    sqlx::query!(
        "insert into stock_movements
             (variant_id, delta_on_hand, delta_reserved, reason, reference_type, reference_id, actor)
         select u.variant_id, u.on_hand, u.reserved, $5, $6, u.reference_id, $7
         from unnest($1::uuid[], $2::int[], $3::int[], $4::uuid[]) as u (variant_id, on_hand, reserved, reference_id)",
        &ids,
        &on_hand,
        &reserved,
        &references as &[Option<Uuid>],
        change.reason,
        change.reference_type,
        actor,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn insert_reservations(
    tx: &mut TenantTx,
    takes: &[Take],
    statuses: &[ReservationStatus],
) -> sqlx::Result<()> {
    let orders: Vec<Uuid> = takes.iter().map(|take| take.order_id).collect();
    let variants: Vec<Uuid> = takes.iter().map(|take| take.variant_id.0).collect();
    let quantities: Vec<i32> = takes.iter().map(|take| take.quantity).collect();
    let statuses: Vec<String> = statuses.iter().map(|status| status.name().to_owned()).collect();
    sqlx::query!(
        "insert into stock_reservations (order_id, variant_id, quantity, status)
         select u.order_id, u.variant_id, u.quantity, u.status
         from unnest($1::uuid[], $2::uuid[], $3::int[], $4::text[]) as u (order_id, variant_id, quantity, status)",
        &orders,
        &variants,
        &quantities,
        &statuses,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Moves the reservations of these orders that are in one of these states on to another.
pub(super) async fn move_reservations(
    tx: &mut TenantTx,
    orders: &[Uuid],
    from: &[&str],
    to: ReservationStatus,
) -> sqlx::Result<Vec<Take>> {
    let from: Vec<String> = from.iter().map(|&status| status.to_owned()).collect();
    sqlx::query_as!(
        Take,
        r#"update stock_reservations set status = $3, updated_at = now()
           where order_id = any($1) and status = any($2)
           returning order_id, variant_id as "variant_id: VariantId", quantity"#,
        orders,
        &from,
        to.name(),
    )
    .fetch_all(tx.conn())
    .await
}

/// Takes so much out of what is committed to an order. What is not committed to it is not in the answer.
pub(super) async fn ship_reservations(tx: &mut TenantTx, takes: &[Take]) -> sqlx::Result<Vec<Take>> {
    let orders: Vec<Uuid> = takes.iter().map(|take| take.order_id).collect();
    let variants: Vec<Uuid> = takes.iter().map(|take| take.variant_id.0).collect();
    let quantities: Vec<i32> = takes.iter().map(|take| take.quantity).collect();
    sqlx::query_as!(
        Take,
        r#"update stock_reservations r
           set shipped_quantity = r.shipped_quantity + u.quantity, updated_at = now(),
               status = case when r.shipped_quantity + r.released_quantity + u.quantity = r.quantity then 'shipped'
                             else r.status end
           from unnest($1::uuid[], $2::uuid[], $3::int[]) as u (order_id, variant_id, quantity)
           where r.order_id = u.order_id and r.variant_id = u.variant_id and r.status = 'committed'
             and r.shipped_quantity + r.released_quantity + u.quantity <= r.quantity
           returning r.order_id, r.variant_id as "variant_id: VariantId", u.quantity as "quantity!""#,
        &orders,
        &variants,
        &quantities,
    )
    .fetch_all(tx.conn())
    .await
}

/// Gives back what an order still claims.
pub(super) async fn release_reservations(tx: &mut TenantTx, order: Uuid) -> sqlx::Result<Vec<Take>> {
    sqlx::query_as!(
        Take,
        r#"update stock_reservations r
           set released_quantity = r.released_quantity + u.rest, updated_at = now(),
               status = case when r.shipped_quantity > 0 then 'shipped' else 'released' end
           from (
               select variant_id, quantity - shipped_quantity - released_quantity as rest
               from stock_reservations where order_id = $1 and status in ('held', 'committed') for update
           ) as u
           where r.order_id = $1 and r.variant_id = u.variant_id
           returning r.order_id, r.variant_id as "variant_id: VariantId", u.rest as "quantity!""#,
        order,
    )
    .fetch_all(tx.conn())
    .await
}

/// What was given back of an order's goods.
pub(super) async fn released(tx: &mut TenantTx, order: Uuid) -> sqlx::Result<Vec<Take>> {
    sqlx::query_as!(
        Take,
        r#"select order_id, variant_id as "variant_id: VariantId", quantity from stock_reservations
           where order_id = $1 and status = 'released' order by variant_id for update"#,
        order,
    )
    .fetch_all(tx.conn())
    .await
}

/// What was given back of an order's goods is the order's again, for good.
pub(super) async fn commit_released(tx: &mut TenantTx, order: Uuid) -> sqlx::Result<()> {
    sqlx::query!(
        "update stock_reservations set status = 'committed', released_quantity = 0, updated_at = now()
         where order_id = $1 and status = 'released'",
        order,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn reservations(tx: &mut TenantTx, order: Uuid) -> sqlx::Result<Vec<Reservation>> {
    sqlx::query_as!(
        Reservation,
        r#"select variant_id as "variant_id: VariantId", quantity, shipped_quantity, released_quantity,
                  status as "status: ReservationStatus"
           from stock_reservations where order_id = $1 order by variant_id"#,
        order
    )
    .fetch_all(tx.conn())
    .await
}

/// Those of these levels whose being low is not remembered as it is.
pub(super) async fn crossing(tx: &mut TenantTx, ids: &[VariantId], threshold: i32) -> sqlx::Result<Vec<VariantId>> {
    sqlx::query_scalar!(
        r#"select variant_id as "variant_id: VariantId" from stock_levels
           where variant_id = any($1) and (low_since is not null) <> (available <= $2)"#,
        &uuids(ids),
        threshold,
    )
    .fetch_all(tx.conn())
    .await
}

/// Forgets that these were low, where there are enough again.
pub(super) async fn forget_low(tx: &mut TenantTx, ids: &[VariantId], threshold: i32) -> sqlx::Result<()> {
    sqlx::query!(
        "update stock_levels set low_since = null
         where variant_id = any($1) and low_since is not null and available > $2",
        &uuids(ids),
        threshold,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Remembers that these have become low, and counts one event for each.
pub(super) async fn remember_low(tx: &mut TenantTx, ids: &[VariantId], threshold: i32) -> sqlx::Result<Vec<Written>> {
    sqlx::query_as!(
        Written,
        r#"update stock_levels set low_since = now(), version = version + 1
           where variant_id = any($1) and low_since is null and available <= $2
           returning variant_id as "variant_id: VariantId", on_hand, reserved, version"#,
        &uuids(ids),
        threshold,
    )
    .fetch_all(tx.conn())
    .await
}

/// Levels by ascending variant id, those with at most so many available.
pub(super) async fn levels(
    tx: &mut TenantTx,
    after: Option<VariantId>,
    at_most: Option<i32>,
    limit: i64,
) -> sqlx::Result<Vec<StockLevel>> {
    sqlx::query_as!(
        StockLevel,
        r#"select l.variant_id as "variant_id: VariantId", v.sku, l.on_hand, l.reserved, l.available as "available!"
           from stock_levels l join variants v on v.id = l.variant_id
           where l.variant_id > coalesce($1, '00000000-0000-0000-0000-000000000000'::uuid)
             and l.available <= coalesce($2, 2147483647) and v.deleted_at is null
           order by l.variant_id limit $3"#,
        after.map(|id| id.0),
        at_most,
        limit,
    )
    .fetch_all(tx.conn())
    .await
}

/// A level with what staff calls its variant.
pub(super) struct NamedLevel {
    pub(super) variant_id: VariantId,
    pub(super) sku: String,
    pub(super) title: String,
    pub(super) on_hand: i32,
    pub(super) reserved: i32,
    pub(super) available: i32,
}

/// Levels by ascending variant id, those with so many available. What is available is in no index, for it changes with
/// every order: this reads a store's levels in order until it has found enough.
pub(super) async fn levels_between(
    tx: &mut TenantTx,
    after: Option<VariantId>,
    range: (i32, i32),
    limit: i64,
) -> sqlx::Result<Vec<NamedLevel>> {
    sqlx::query_as!(
        NamedLevel,
        r#"select l.variant_id as "variant_id: VariantId", v.sku, v.title, l.on_hand, l.reserved,
                  l.available as "available!"
           from stock_levels l join variants v on v.id = l.variant_id
           where l.variant_id > $1 and l.available between $2 and $3 and v.deleted_at is null
           order by l.variant_id limit $4"#,
        after.map_or(Uuid::nil(), |id| id.0),
        range.0,
        range.1,
        limit,
    )
    .fetch_all(tx.conn())
    .await
}

/// The latest movements of all variants.
pub(super) async fn movements(tx: &mut TenantTx, before: Option<i64>, limit: i64) -> sqlx::Result<Vec<Movement>> {
    sqlx::query_as!(
        Movement,
        r#"select id, variant_id as "variant_id: VariantId", delta_on_hand, delta_reserved, reason, reference_type,
                  reference_id, actor, created_at
           from stock_movements where id < coalesce($1, 9223372036854775807) order by id desc limit $2"#,
        before,
        limit,
    )
    .fetch_all(tx.conn())
    .await
}

/// The latest movements of one variant.
pub(super) async fn movements_of(
    tx: &mut TenantTx,
    variant: VariantId,
    before: Option<i64>,
    limit: i64,
) -> sqlx::Result<Vec<Movement>> {
    sqlx::query_as!(
        Movement,
        r#"select id, variant_id as "variant_id: VariantId", delta_on_hand, delta_reserved, reason, reference_type,
                  reference_id, actor, created_at
           from stock_movements where variant_id = $1 and id < coalesce($2, 9223372036854775807)
           order by id desc limit $3"#,
        variant.0,
        before,
        limit,
    )
    .fetch_all(tx.conn())
    .await
}

/// A movement as far as sums go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OldMovement {
    pub(super) id: i64,
    pub(super) variant_id: Uuid,
    pub(super) on_hand: i32,
    pub(super) reserved: i32,
}

/// The next movements after one, as far as they are older than so many days.
pub(super) async fn old_movements(
    tx: &mut TenantTx,
    after: i64,
    days: i32,
    limit: i64,
) -> sqlx::Result<Vec<OldMovement>> {
    let rows = sqlx::query!(
        r#"select id, variant_id, delta_on_hand, delta_reserved,
                  created_at < now() - make_interval(days => $2) as "old!"
           from stock_movements where id > $1 order by id limit $3"#,
        after,
        days,
        limit,
    )
    .fetch_all(tx.conn())
    .await?;
    let movement = |id, variant_id, on_hand, reserved| OldMovement { id, variant_id, on_hand, reserved };
    let old = rows.into_iter().take_while(|row| row.old);
    Ok(old.map(|row| movement(row.id, row.variant_id, row.delta_on_hand, row.delta_reserved)).collect())
}

/// All movements of these variants up to one; those of earlier stretches have been added up.
pub(super) async fn movements_through(
    tx: &mut TenantTx,
    variants: &[Uuid],
    through: i64,
) -> sqlx::Result<Vec<OldMovement>> {
    sqlx::query_as!(
        OldMovement,
        "select id, variant_id, delta_on_hand as on_hand, delta_reserved as reserved
         from stock_movements where variant_id = any($1) and id <= $2 for update",
        variants,
        through,
    )
    .fetch_all(tx.conn())
    .await
}

pub(super) async fn set_carried_over(tx: &mut TenantTx, sums: &[OldMovement], actor: &Value) -> sqlx::Result<()> {
    let ids: Vec<i64> = sums.iter().map(|sum| sum.id).collect();
    let on_hand: Vec<i32> = sums.iter().map(|sum| sum.on_hand).collect();
    let reserved: Vec<i32> = sums.iter().map(|sum| sum.reserved).collect();
    sqlx::query!(
        "update stock_movements as m
         set delta_on_hand = u.on_hand, delta_reserved = u.reserved, reason = 'carried over',
             reference_type = 'adjustment', reference_id = null, actor = $4
         from unnest($1::bigint[], $2::int[], $3::int[]) as u (id, on_hand, reserved)
         where m.id = u.id",
        &ids,
        &on_hand,
        &reserved,
        actor,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn delete_movements(tx: &mut TenantTx, ids: &[i64]) -> sqlx::Result<()> {
    sqlx::query!("delete from stock_movements where id = any($1)", ids).execute(tx.conn()).await?;
    Ok(())
}
