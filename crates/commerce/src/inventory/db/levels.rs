//! Read and change levels.

use std::collections::{BTreeMap, HashMap};

use kernel::db::TenantTx;
use uuid::Uuid;

use super::uuids;
use crate::catalog::VariantId;
use crate::inventory::write::Sum;
use crate::inventory::{Level, StockLevel};

pub(in crate::inventory) async fn insert_levels(tx: &mut TenantTx, ids: &[VariantId]) -> sqlx::Result<()> {
    sqlx::query!("insert into stock_levels (variant_id) select unnest($1::uuid[]) on conflict do nothing", &uuids(ids))
        .execute(tx.conn())
        .await?;
    Ok(())
}

pub(in crate::inventory) async fn lock_levels(
    tx: &mut TenantTx,
    ids: &[VariantId],
) -> sqlx::Result<HashMap<VariantId, Level>> {
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
pub(in crate::inventory) async fn lock_level(tx: &mut TenantTx, id: VariantId) -> sqlx::Result<Option<StockLevel>> {
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
pub(in crate::inventory) struct Written {
    pub(in crate::inventory) variant_id: VariantId,
    pub(in crate::inventory) on_hand: i32,
    pub(in crate::inventory) reserved: i32,
    pub(in crate::inventory) version: i64,
}

/// Changes levels, and counts one event for each.
pub(in crate::inventory) async fn change_levels(
    tx: &mut TenantTx,
    sums: &BTreeMap<VariantId, Sum>,
) -> sqlx::Result<Vec<Written>> {
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

/// Levels by ascending variant id, those with at most so many available.
pub(in crate::inventory) async fn levels(
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
pub(in crate::inventory) struct NamedLevel {
    pub(in crate::inventory) variant_id: VariantId,
    pub(in crate::inventory) sku: String,
    pub(in crate::inventory) title: String,
    pub(in crate::inventory) on_hand: i32,
    pub(in crate::inventory) reserved: i32,
    pub(in crate::inventory) available: i32,
}

/// Levels by ascending variant id, those with so many available. What is available is in no index, for it changes with
/// every order: this reads a store's levels in order until it has found enough.
pub(in crate::inventory) async fn levels_between(
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

/// Those of these levels whose being low is not remembered as it is.
pub(in crate::inventory) async fn crossing(
    tx: &mut TenantTx,
    ids: &[VariantId],
    threshold: i32,
) -> sqlx::Result<Vec<VariantId>> {
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
pub(in crate::inventory) async fn forget_low(tx: &mut TenantTx, ids: &[VariantId], threshold: i32) -> sqlx::Result<()> {
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
pub(in crate::inventory) async fn remember_low(
    tx: &mut TenantTx,
    ids: &[VariantId],
    threshold: i32,
) -> sqlx::Result<Vec<Written>> {
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
