//! Set goods aside for orders, and let them go.

use kernel::db::TenantTx;
use uuid::Uuid;

use crate::catalog::VariantId;
use crate::inventory::{Reservation, ReservationStatus, Take};

pub(in crate::inventory) async fn insert_reservations(
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
pub(in crate::inventory) async fn move_reservations(
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
pub(in crate::inventory) async fn ship_reservations(tx: &mut TenantTx, takes: &[Take]) -> sqlx::Result<Vec<Take>> {
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
pub(in crate::inventory) async fn release_reservations(tx: &mut TenantTx, order: Uuid) -> sqlx::Result<Vec<Take>> {
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
pub(in crate::inventory) async fn released(tx: &mut TenantTx, order: Uuid) -> sqlx::Result<Vec<Take>> {
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
pub(in crate::inventory) async fn commit_released(tx: &mut TenantTx, order: Uuid) -> sqlx::Result<()> {
    sqlx::query!(
        "update stock_reservations set status = 'committed', released_quantity = 0, updated_at = now()
         where order_id = $1 and status = 'released'",
        order,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(in crate::inventory) async fn reservations(tx: &mut TenantTx, order: Uuid) -> sqlx::Result<Vec<Reservation>> {
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
