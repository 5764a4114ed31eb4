//! Write movements, list them, and add old ones up.

use kernel::db::TenantTx;
use serde_json::Value;
use uuid::Uuid;

use crate::catalog::VariantId;
use crate::inventory::Movement;
use crate::inventory::write::Change;

/// Writes what moves.
pub(in crate::inventory) async fn insert_movements(
    tx: &mut TenantTx,
    change: &Change<'_>,
    actor: &Value,
) -> sqlx::Result<()> {
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

/// The latest movements of all variants.
pub(in crate::inventory) async fn movements(
    tx: &mut TenantTx,
    before: Option<i64>,
    limit: i64,
) -> sqlx::Result<Vec<Movement>> {
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
pub(in crate::inventory) async fn movements_of(
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
pub(in crate::inventory) struct OldMovement {
    pub(in crate::inventory) id: i64,
    pub(in crate::inventory) variant_id: Uuid,
    pub(in crate::inventory) on_hand: i32,
    pub(in crate::inventory) reserved: i32,
}

/// The next movements after one, as far as they are older than so many days.
pub(in crate::inventory) async fn old_movements(
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
pub(in crate::inventory) async fn movements_through(
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

pub(in crate::inventory) async fn set_carried_over(
    tx: &mut TenantTx,
    sums: &[OldMovement],
    actor: &Value,
) -> sqlx::Result<()> {
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

pub(in crate::inventory) async fn delete_movements(tx: &mut TenantTx, ids: &[i64]) -> sqlx::Result<()> {
    sqlx::query!("delete from stock_movements where id = any($1)", ids).execute(tx.conn()).await?;
    Ok(())
}
