//! The SQL of redemptions.

use std::collections::HashMap;

use kernel::db::TenantTx;
use uuid::Uuid;

use super::super::{PromotionId, Redemption};

fn uuids(ids: &[PromotionId]) -> Vec<Uuid> {
    ids.iter().map(|id| id.0).collect()
}

/// How often promotions are used by everybody.
pub(in super::super) async fn used(
    tx: &mut TenantTx,
    promotions: &[PromotionId],
) -> sqlx::Result<Vec<(PromotionId, i64)>> {
    let rows =
        sqlx::query!(r#"select id as "id: PromotionId", used from promotions where id = any($1)"#, &uuids(promotions))
            .fetch_all(tx.conn())
            .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.used)).collect())
}

/// How often each of these customers uses promotions.
pub(in super::super) async fn by_customer(
    tx: &mut TenantTx,
    promotions: &[PromotionId],
    customers: &[String],
) -> sqlx::Result<HashMap<(PromotionId, String), i64>> {
    let rows = sqlx::query!(
        r#"select promotion_id as "promotion_id: PromotionId", customer, count(*) as "count!"
           from promotion_redemptions
           where promotion_id = any($1) and customer = any($2) and released_at is null
           group by promotion_id, customer"#,
        &uuids(promotions),
        customers,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| ((row.promotion_id, row.customer), row.count)).collect())
}

pub(in super::super) async fn insert(
    tx: &mut TenantTx,
    redemptions: &[Redemption],
    customers: &[String],
) -> sqlx::Result<()> {
    let promotions: Vec<Uuid> = redemptions.iter().map(|one| one.promotion.0).collect();
    let orders: Vec<Uuid> = redemptions.iter().map(|one| one.order).collect();
    let discounts: Vec<i64> = redemptions.iter().map(|one| one.discount_minor).collect();
    sqlx::query!(
        "insert into promotion_redemptions (promotion_id, order_id, customer, discount_minor)
         select u.promotion_id, u.order_id, u.customer, u.discount_minor
         from unnest($1::uuid[], $2::uuid[], $3::text[], $4::bigint[])
              as u (promotion_id, order_id, customer, discount_minor)",
        &promotions,
        &orders,
        customers,
        &discounts,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Marks what orders have used as given back; tells each use once.
pub(in super::super) async fn release(tx: &mut TenantTx, orders: &[Uuid]) -> sqlx::Result<Vec<PromotionId>> {
    sqlx::query_scalar!(
        r#"update promotion_redemptions set released_at = now()
           where order_id = any($1) and released_at is null
           returning promotion_id as "promotion_id: PromotionId""#,
        orders
    )
    .fetch_all(tx.conn())
    .await
}

/// Adds to how often promotions are used, or takes from it. Locks them by ascending id.
pub(in super::super) async fn add(tx: &mut TenantTx, uses: &HashMap<PromotionId, i64>) -> sqlx::Result<()> {
    let promotions: Vec<Uuid> = uses.keys().map(|promotion| promotion.0).collect();
    let counts: Vec<i64> = uses.values().copied().collect();
    sqlx::query!(
        "update promotions p set used = p.used + u.uses
         from (
             select q.id, w.uses
             from promotions q join unnest($1::uuid[], $2::bigint[]) as w (id, uses) on w.id = q.id
             order by q.id for no key update of q
         ) u
         where p.id = u.id",
        &promotions,
        &counts,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
