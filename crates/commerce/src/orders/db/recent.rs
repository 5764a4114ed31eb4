//! Read what customers ordered of late.

use kernel::db::TenantTx;
use sqlx::types::Json;

use crate::orders::recent::joined;
use crate::orders::{Address, OrderError, Recent};

pub(in crate::orders) async fn recent(
    tx: &mut TenantTx,
    emails: &[String],
    orders: i64,
    minutes: i32,
) -> Result<Vec<(String, Recent)>, OrderError> {
    let rows = sqlx::query!(
        r#"select u.email as "email!", o.created_at as "created_at!",
                  o.stage in ('pending', 'awaiting_payment') as "unsure!",
                  o.shipping_address as "address!: Json<Address>",
                  case when o.created_at > now() - make_interval(mins => $3) and o.stage not in ('failed', 'cancelled')
                       then (select string_agg(i.variant_id::text || ':' || i.quantity, ',' order by i.variant_id)
                             from order_items i where i.order_id = o.id)
                  end as goods
           from unnest($1::text[]) as u (email)
           cross join lateral (select id, created_at, stage, shipping_address from orders
                               where orders.email = u.email order by created_at desc limit $2) as o"#,
        emails,
        orders,
        minutes,
    )
    .fetch_all(tx.conn())
    .await?;
    let recent = rows.into_iter().map(|row| {
        let same = row.goods.map(|goods| joined(&goods, &row.address));
        (row.email, Recent { created_at: row.created_at, unsure: row.unsure, same })
    });
    Ok(recent.collect())
}
