//! The SQL of reports.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use kernel::db::TenantTx;
use uuid::Uuid;

use super::tally::{SalesDay, StockDay};

/// Remembers until when carts were counted.
pub(super) const CARTS: &str = "carts";

/// The last place of the feed that the projection contains.
pub(crate) async fn cursor(tx: &mut TenantTx, name: &str) -> sqlx::Result<i64> {
    let found = sqlx::query_scalar!("select sequence from projections where name = $1", name);
    Ok(found.fetch_optional(tx.conn()).await?.unwrap_or(0))
}

/// The same, locked, so that one at a time adds to it.
pub(crate) async fn lock_cursor(tx: &mut TenantTx, name: &str) -> sqlx::Result<i64> {
    let locked = sqlx::query_scalar!("select sequence from projections where name = $1 for update", name);
    if let Some(sequence) = locked.fetch_optional(tx.conn()).await? {
        return Ok(sequence);
    }
    sqlx::query!("insert into projections (name) values ($1) on conflict do nothing", name).execute(tx.conn()).await?;
    sqlx::query_scalar!("select sequence from projections where name = $1 for update", name).fetch_one(tx.conn()).await
}

pub(super) async fn set_cursor(tx: &mut TenantTx, name: &str, sequence: i64) -> sqlx::Result<()> {
    sqlx::query!("update projections set sequence = $2, updated_at = now() where name = $1", name, sequence)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// The first day whose carts may have changed since they were counted; null: all. Locked.
pub(super) async fn lock_carts_day(tx: &mut TenantTx) -> sqlx::Result<Option<NaiveDate>> {
    let known = sqlx::query_scalar!(
        r#"select (updated_at at time zone 'utc')::date - 1 as "day!" from projections where name = $1 for update"#,
        CARTS
    );
    let since = known.fetch_optional(tx.conn()).await?;
    if since.is_none() {
        lock_cursor(tx, CARTS).await?;
    }
    Ok(since)
}

pub(super) async fn set_carts(tx: &mut TenantTx, days: &[(NaiveDate, i64)]) -> sqlx::Result<()> {
    let (dates, counts): (Vec<NaiveDate>, Vec<i64>) = days.iter().copied().unzip();
    sqlx::query!(
        "insert into sales_days (day, carts)
         select u.day, u.carts from unnest($1::date[], $2::bigint[]) as u (day, carts) order by u.day
         on conflict (day) do update set carts = excluded.carts",
        &dates,
        &counts,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn add_sales(tx: &mut TenantTx, days: &BTreeMap<NaiveDate, SalesDay>) -> sqlx::Result<()> {
    if days.is_empty() {
        return Ok(());
    }
    let dates: Vec<NaiveDate> = days.keys().copied().collect();
    let column = |read: fn(&SalesDay) -> i64| -> Vec<i64> { days.values().map(read).collect() };
    sqlx::query!(
        "insert into sales_days as d (day, checkouts, orders, paid, failed, cancelled, abandoned, units, gross_minor,
                                      discount_minor, shipping_minor, tax_minor, refunded_minor)
         select u.day, u.checkouts, u.orders, u.paid, u.failed, u.cancelled, u.abandoned, u.units, u.gross, u.discount,
                u.shipping, u.tax, u.refunded
         from unnest($1::date[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[],
                     $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[])
              as u (day, checkouts, orders, paid, failed, cancelled, abandoned, units, gross, discount, shipping, tax,
                    refunded)
         order by u.day
         on conflict (day) do update
         set checkouts = d.checkouts + excluded.checkouts, orders = d.orders + excluded.orders,
             paid = d.paid + excluded.paid, failed = d.failed + excluded.failed,
             cancelled = d.cancelled + excluded.cancelled, abandoned = d.abandoned + excluded.abandoned,
             units = d.units + excluded.units, gross_minor = d.gross_minor + excluded.gross_minor,
             discount_minor = d.discount_minor + excluded.discount_minor,
             shipping_minor = d.shipping_minor + excluded.shipping_minor, tax_minor = d.tax_minor + excluded.tax_minor,
             refunded_minor = d.refunded_minor + excluded.refunded_minor",
        &dates,
        &column(|day| day.checkouts),
        &column(|day| day.orders),
        &column(|day| day.paid),
        &column(|day| day.failed),
        &column(|day| day.cancelled),
        &column(|day| day.abandoned),
        &column(|day| day.units),
        &column(|day| day.gross_minor),
        &column(|day| day.discount_minor),
        &column(|day| day.shipping_minor),
        &column(|day| day.tax_minor),
        &column(|day| day.refunded_minor),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn add_stock(tx: &mut TenantTx, days: &BTreeMap<(NaiveDate, Uuid), StockDay>) -> sqlx::Result<()> {
    if days.is_empty() {
        return Ok(());
    }
    let (dates, variants): (Vec<NaiveDate>, Vec<Uuid>) = days.keys().copied().unzip();
    let column = |read: fn(&StockDay) -> i64| -> Vec<i64> { days.values().map(read).collect() };
    sqlx::query!(
        "insert into stock_days as d (day, variant_id, received, sold, returned, on_hand)
         select u.day, u.variant_id, u.received, u.sold, u.returned, u.on_hand
         from unnest($1::date[], $2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[])
              as u (day, variant_id, received, sold, returned, on_hand)
         order by u.day, u.variant_id
         on conflict (day, variant_id) do update
         set received = d.received + excluded.received, sold = d.sold + excluded.sold,
             returned = d.returned + excluded.returned, on_hand = excluded.on_hand",
        &dates,
        &variants,
        &column(|day| day.received),
        &column(|day| day.sold),
        &column(|day| day.returned),
        &column(|day| day.on_hand),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Forgets all counts but those of carts.
pub(super) async fn clear(tx: &mut TenantTx) -> sqlx::Result<()> {
    sqlx::query!("delete from stock_days").execute(tx.conn()).await?;
    sqlx::query!("delete from sales_days where carts = 0").execute(tx.conn()).await?;
    sqlx::query!(
        "update sales_days
         set checkouts = 0, orders = 0, paid = 0, failed = 0, cancelled = 0, abandoned = 0, units = 0, gross_minor = 0,
             discount_minor = 0, shipping_minor = 0, tax_minor = 0, refunded_minor = 0"
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A day as it is shown, with its carts.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ShownDay {
    pub(super) carts: i64,
    pub(super) sales: SalesDay,
}

/// The days of a range that have anything.
pub(super) async fn sales(
    tx: &mut TenantTx,
    from: NaiveDate,
    to: NaiveDate,
) -> sqlx::Result<BTreeMap<NaiveDate, ShownDay>> {
    let rows = sqlx::query!(
        "select day, carts, checkouts, orders, paid, failed, cancelled, abandoned, units, gross_minor, discount_minor,
                shipping_minor, tax_minor, refunded_minor
         from sales_days where day between $1 and $2",
        from,
        to,
    )
    .fetch_all(tx.conn())
    .await?;
    let days = rows.into_iter().map(|row| {
        let sales = SalesDay {
            checkouts: row.checkouts,
            orders: row.orders,
            paid: row.paid,
            failed: row.failed,
            cancelled: row.cancelled,
            abandoned: row.abandoned,
            units: row.units,
            gross_minor: row.gross_minor,
            discount_minor: row.discount_minor,
            shipping_minor: row.shipping_minor,
            tax_minor: row.tax_minor,
            refunded_minor: row.refunded_minor,
        };
        (row.day, ShownDay { carts: row.carts, sales })
    });
    Ok(days.collect())
}

/// All days, for comparing.
pub(crate) async fn read_all_sales(tx: &mut TenantTx) -> sqlx::Result<BTreeMap<NaiveDate, SalesDay>> {
    let days = sales(tx, NaiveDate::MIN.max(first_day()), last_day()).await?;
    Ok(days.into_iter().map(|(day, shown)| (day, shown.sales)).collect())
}

/// PostgreSQL's dates reach less far than chrono's.
fn first_day() -> NaiveDate {
    NaiveDate::from_ymd_opt(1, 1, 1).unwrap_or_default()
}

fn last_day() -> NaiveDate {
    NaiveDate::from_ymd_opt(9999, 12, 31).unwrap_or_default()
}

/// All days of these variants, for comparing.
pub(crate) async fn read_stock_of(
    tx: &mut TenantTx,
    variants: &[Uuid],
) -> sqlx::Result<BTreeMap<(NaiveDate, Uuid), StockDay>> {
    let rows = sqlx::query!(
        "select day, variant_id, received, sold, returned, on_hand from stock_days where variant_id = any($1)",
        variants,
    )
    .fetch_all(tx.conn())
    .await?;
    let days = rows.into_iter().map(|row| {
        let day = StockDay { received: row.received, sold: row.sold, returned: row.returned, on_hand: row.on_hand };
        ((row.day, row.variant_id), day)
    });
    Ok(days.collect())
}

/// The variants that have days, by ascending id.
pub(crate) async fn stock_variants(tx: &mut TenantTx, after: Uuid, limit: i64) -> sqlx::Result<Vec<Uuid>> {
    sqlx::query_scalar!(
        "select distinct variant_id from stock_days where variant_id > $1 order by variant_id limit $2",
        after,
        limit
    )
    .fetch_all(tx.conn())
    .await
}

/// What became of a variant in a range of days.
pub(super) struct TurnoverRow {
    pub(super) variant_id: Uuid,
    pub(super) sku: Option<String>,
    pub(super) received: i64,
    pub(super) sold: i64,
    pub(super) returned: i64,
    pub(super) on_hand: i64,
    /// Σ over the days of how many there were.
    pub(super) unit_days: i64,
}

/// The variants that sold most. A level stands until the variant's next day; what it was before the range counts from
/// its beginning.
pub(super) async fn turnover(
    tx: &mut TenantTx,
    from: NaiveDate,
    to: NaiveDate,
    limit: i64,
) -> sqlx::Result<Vec<TurnoverRow>> {
    sqlx::query_as!(
        TurnoverRow,
        r#"select s.variant_id as "variant_id!", v.sku as "sku?", sum(s.received)::bigint as "received!",
                  sum(s.sold)::bigint as "sold!", sum(s.returned)::bigint as "returned!",
                  (array_agg(s.on_hand order by s.day desc, s.place desc))[1] as "on_hand!",
                  sum(s.on_hand * (s.next_day - s.day))::bigint as "unit_days!"
           from (
               select r.variant_id, r.day, r.place, r.received, r.sold, r.returned, r.on_hand,
                      coalesce(lead(r.day) over (partition by r.variant_id order by r.day, r.place), $2::date + 1) as next_day
               from (
                   select variant_id, day, 1 as place, received, sold, returned, on_hand
                   from stock_days where day between $1 and $2
                   union all
                   select b.variant_id, $1::date, 0, 0, 0, 0, b.on_hand
                   from (select distinct on (variant_id) variant_id, on_hand from stock_days
                         where day < $1 order by variant_id, day desc) as b
               ) as r
           ) as s
           left join variants as v on v.id = s.variant_id
           group by s.variant_id, v.sku
           order by sum(s.sold) desc, s.variant_id limit $3"#,
        from,
        to,
        limit,
    )
    .fetch_all(tx.conn())
    .await
}
