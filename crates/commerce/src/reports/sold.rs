//! The SQL of what was sold by variant.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use kernel::db::TenantTx;
use uuid::Uuid;

use super::tally::SoldDay;

pub(super) async fn add(tx: &mut TenantTx, days: &BTreeMap<(NaiveDate, Uuid), SoldDay>) -> sqlx::Result<()> {
    if days.is_empty() {
        return Ok(());
    }
    let (dates, variants): (Vec<NaiveDate>, Vec<Uuid>) = days.keys().copied().unzip();
    let column = |read: fn(&SoldDay) -> i64| -> Vec<i64> { days.values().map(read).collect() };
    sqlx::query!(
        "insert into sold_days as d (day, variant_id, orders, units, gross_minor, discount_minor)
         select u.day, u.variant_id, u.orders, u.units, u.gross, u.discount
         from unnest($1::date[], $2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[])
              as u (day, variant_id, orders, units, gross, discount)
         order by u.day, u.variant_id
         on conflict (day, variant_id) do update
         set orders = d.orders + excluded.orders, units = d.units + excluded.units,
             gross_minor = d.gross_minor + excluded.gross_minor,
             discount_minor = d.discount_minor + excluded.discount_minor",
        &dates,
        &variants,
        &column(|day| day.orders),
        &column(|day| day.units),
        &column(|day| day.gross_minor),
        &column(|day| day.discount_minor),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn clear(tx: &mut TenantTx) -> sqlx::Result<()> {
    sqlx::query!("delete from sold_days").execute(tx.conn()).await?;
    Ok(())
}

/// The next days in the order of their key, for comparing.
pub(crate) async fn read_sold(
    tx: &mut TenantTx,
    after: (NaiveDate, Uuid),
    limit: i64,
) -> sqlx::Result<Vec<((NaiveDate, Uuid), SoldDay)>> {
    let rows = sqlx::query!(
        "select day, variant_id, orders, units, gross_minor, discount_minor from sold_days
         where (day, variant_id) > ($1, $2) order by day, variant_id limit $3",
        after.0,
        after.1,
        limit,
    )
    .fetch_all(tx.conn())
    .await?;
    let days = rows.into_iter().map(|row| {
        let (orders, units, gross_minor, discount_minor) = (row.orders, row.units, row.gross_minor, row.discount_minor);
        ((row.day, row.variant_id), SoldDay { orders, units, gross_minor, discount_minor })
    });
    Ok(days.collect())
}

/// What was sold of a product in a range of days.
pub(super) struct SoldProduct {
    pub(super) product_id: Uuid,
    pub(super) title: String,
    pub(super) units: i64,
    pub(super) gross_minor: i64,
    pub(super) discount_minor: i64,
    /// What they are ranked by.
    pub(super) rank: i64,
}

/// The products of which most was sold, by what was paid for them or by how many, after a place in that order.
pub(super) async fn products(
    tx: &mut TenantTx,
    (from, to): (NaiveDate, NaiveDate),
    by_units: bool,
    after: (i64, Uuid),
    limit: i64,
) -> sqlx::Result<Vec<SoldProduct>> {
    sqlx::query_as!(
        SoldProduct,
        r#"select s.product_id as "product_id!", p.title, s.units as "units!", s.gross_minor as "gross_minor!",
                  s.discount_minor as "discount_minor!", s.rank as "rank!"
           from (
               select v.product_id, sum(d.units)::bigint as units, sum(d.gross_minor)::bigint as gross_minor,
                      sum(d.discount_minor)::bigint as discount_minor,
                      (case when $3 then sum(d.units) else sum(d.gross_minor - d.discount_minor) end)::bigint as rank
               from sold_days d join variants v on v.id = d.variant_id
               where d.day between $1 and $2 group by v.product_id
           ) s join products p on p.id = s.product_id
           where s.rank < $4 or s.rank = $4 and s.product_id > $5
           order by s.rank desc, s.product_id limit $6"#,
        from,
        to,
        by_units,
        after.0,
        after.1,
        limit,
    )
    .fetch_all(tx.conn())
    .await
}
