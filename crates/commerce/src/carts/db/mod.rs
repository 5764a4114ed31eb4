//! The SQL of carts. Nothing outside this folder touches these tables.

mod checkout;
mod lines;

use kernel::db::TenantTx;
use kernel::money::Currency;
use sqlx::types::Json;
use uuid::Uuid;

use crate::carts::model::{Head, Ware};
use crate::carts::{CartId, CartStatus};
use crate::catalog::VariantId;

pub(super) use checkout::{close, complete, lines_of, lock_many, reopen};
pub(super) use lines::{fill, note_seen, offer, offer_of_item, priced_lines, put, remove};

fn uuids(ids: &[CartId]) -> Vec<Uuid> {
    ids.iter().map(|id| id.0).collect()
}

/// Makes a cart, and reads those of these variants as they stand that are not deleted, for it to hold.
pub(super) async fn insert(
    tx: &mut TenantTx,
    id: CartId,
    currency: Currency,
    variants: &[VariantId],
) -> sqlx::Result<(Head, Vec<Ware>)> {
    let variants: Vec<Uuid> = variants.iter().map(|id| id.0).collect();
    let row = sqlx::query!(
        r#"insert into carts (id, currency) values ($1, $2)
           returning id as "id: CartId", status as "status: CartStatus", currency, expires_at, promo_code,
                     (select pricing_version from store_state) as "pricing_version!",
                     (select country from settings) as country, now() as "now!",
                     (select coalesce(jsonb_agg(jsonb_build_object(
                          'variant_id', v.id, 'sku', v.sku, 'title', v.title, 'product_title', p.title,
                          'price_minor', v.price_minor, 'weight_grams', v.weight_grams,
                          'categories', array(select f.category_id from product_categories f where f.product_id = p.id),
                          'for_sale', v.status = 'active' and p.status = 'active',
                          'in_stock', coalesce(l.available, 0))), '[]')
                      from variants v join products p on p.id = v.product_id
                      left join stock_levels l on l.variant_id = v.id
                      where v.id = any($3) and v.deleted_at is null and p.deleted_at is null
                     ) as "wares!: Json<Vec<Ware>>""#,
        id.0,
        currency.code(),
        &variants,
    )
    .fetch_one(tx.conn())
    .await?;
    let head = Head {
        id: row.id,
        status: row.status,
        currency: row.currency,
        expires_at: row.expires_at,
        expired: false,
        promo_code: row.promo_code,
        country: row.country,
        pricing_version: row.pricing_version,
        now: row.now,
    };
    Ok((head, row.wares.0))
}

/// A cart that is not deleted.
pub(super) async fn head(tx: &mut TenantTx, id: CartId) -> sqlx::Result<Option<Head>> {
    sqlx::query_as!(
        Head,
        r#"select id as "id: CartId", status as "status: CartStatus", currency, expires_at,
                  expires_at <= now() as "expired!", promo_code,
                  (select pricing_version from store_state) as "pricing_version!",
                  (select country from settings) as country, now() as "now!"
           from carts where id = $1 and deleted_at is null"#,
        id.0
    )
    .fetch_optional(tx.conn())
    .await
}

/// Locks a cart that is open and not expired until the transaction ends, and keeps it for 30 days more.
pub(super) async fn touch(tx: &mut TenantTx, id: CartId) -> sqlx::Result<Option<Head>> {
    sqlx::query_as!(
        Head,
        r#"update carts set updated_at = now(), expires_at = now() + interval '30 days'
           where id = $1 and status = 'open' and expires_at > now() and deleted_at is null
           returning id as "id: CartId", status as "status: CartStatus", currency, expires_at,
                     false as "expired!", promo_code,
                     (select pricing_version from store_state) as "pricing_version!",
                     (select country from settings) as country, now() as "now!""#,
        id.0
    )
    .fetch_optional(tx.conn())
    .await
}

/// Ids begin with the time at which they were made, so their index finds the carts of a day. One day more is looked at:
/// the clock that makes ids is not the database's.
pub(super) async fn made_by_day(
    tx: &mut TenantTx,
    since: Option<chrono::NaiveDate>,
) -> sqlx::Result<Vec<(chrono::NaiveDate, i64)>> {
    let midnight = since.and_then(|day| day.pred_opt()).unwrap_or_default().and_time(chrono::NaiveTime::MIN).and_utc();
    let millis = u128::try_from(midnight.timestamp_millis()).unwrap_or_default();
    let rows = sqlx::query!(
        r#"select (created_at at time zone 'utc')::date as "day!", count(*) as "carts!"
           from carts where id >= $1 and ($2::date is null or created_at >= $2::date::timestamp at time zone 'utc')
           group by 1"#,
        uuid::Uuid::from_u128(millis << 80),
        since,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.day, row.carts)).collect())
}

/// Notes the code of a promotion that a cart's shopper wants to use, or none.
pub(super) async fn set_promo(tx: &mut TenantTx, cart: CartId, code: Option<&str>) -> sqlx::Result<()> {
    sqlx::query!("update carts set promo_code = $2 where id = $1", cart.0, code).execute(tx.conn()).await?;
    Ok(())
}
