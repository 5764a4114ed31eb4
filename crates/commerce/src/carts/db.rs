//! The SQL of carts.

use kernel::db::TenantTx;
use kernel::money::Currency;
use sqlx::types::Json;
use uuid::Uuid;

use super::model::{AskedUnder, Head, LockedMany, Offer, PricedLine, Ware};
use super::{CartId, CartItemId, CartLine, CartStatus, LockedCart};
use crate::catalog::VariantId;
use crate::idempotency::FoundKey;

fn uuids(ids: &[CartId]) -> Vec<Uuid> {
    ids.iter().map(|id| id.0).collect()
}

/// Locks carts by ascending id, with their lines and the purchase they are in; and looks up the keys of requests that
/// are about them.
///
/// PostgreSQL reads the lines before it waits for a cart, and the cart itself after. Whoever changes lines changes the
/// cart's row first, so a row that is another than the one seen before the wait says that the lines are old: its id is
/// in `stale`.
pub(super) async fn lock_many(tx: &mut TenantTx, ids: &[CartId], asked: &AskedUnder) -> sqlx::Result<LockedMany> {
    let rows = sqlx::query!(
        r#"select c.id as "id: CartId", c.status as "status: CartStatus", c.currency, c.promo_code,
                  c.status = 'open' and c.expires_at <= now() as "expired!", c.xmin::text = seen.xmin::text as "fresh!",
                  k.id as "purchase?", i.id as "item?: CartItemId", i.variant_id as "variant?: VariantId",
                  i.quantity as "quantity?", i.seen_price_minor as "seen_price_minor?",
                  y.scope as "scope?", y.key as "key?", y.fingerprint as "fingerprint?", y.subject as "subject?",
                  y.status as "answer_status?", y.body as "answer_body?", coalesce(y.leased_until > now(), false) as "leased!",
                  coalesce(y.recovery_point = 'finished' and y.expires_at <= now(), false) as "key_expired!"
           from carts c join carts seen on seen.id = c.id
           left join checkouts k on k.cart_id = c.id and k.status = 'active'
           left join cart_items i on i.cart_id = c.id
           left join (
               unnest($2::uuid[], $3::text[], $4::text[]) as w (cart, scope, key)
               join idempotency_keys y on y.scope = w.scope and y.key = w.key
           ) on w.cart = c.id
           where c.id = any($1) and c.deleted_at is null order by c.id, i.id for update of c"#,
        &uuids(ids),
        &uuids(&asked.carts),
        &asked.scopes,
        &asked.keys,
    )
    .fetch_all(tx.conn())
    .await?;
    let mut locked = LockedMany::default();
    for row in rows {
        if locked.carts.last().is_none_or(|cart| cart.id != row.id) {
            if !row.fresh {
                locked.stale.push(row.id);
            }
            locked.carts.push(LockedCart {
                id: row.id,
                status: row.status,
                currency: row.currency,
                expired: row.expired,
                // A purchase that ended while we waited has opened or closed the cart.
                purchase: row.purchase.filter(|_| row.status == CartStatus::InCheckout),
                promo_code: row.promo_code,
                lines: Vec::new(),
            });
        }
        // With several keys of one cart, each of its lines comes once for each of them.
        let line = row.item.zip(row.variant).zip(row.quantity);
        if let (Some(cart), Some(((item_id, variant_id), quantity))) = (locked.carts.last_mut(), line)
            && cart.lines.last().is_none_or(|last| last.item_id != item_id)
        {
            cart.lines.push(CartLine { item_id, variant_id, quantity, seen_price_minor: row.seen_price_minor });
        }
        let named = row.scope.zip(row.key).zip(row.fingerprint);
        if let Some(((scope, key), fingerprint)) = named
            && !locked.keys.iter().any(|known| known.scope == scope && known.key == key)
        {
            locked.keys.push(FoundKey {
                scope,
                key,
                fingerprint,
                subject: row.subject,
                status: row.answer_status,
                body: row.answer_body,
                leased: row.leased,
                expired: row.key_expired,
            });
        }
    }
    Ok(locked)
}

pub(super) async fn lines_of(tx: &mut TenantTx, ids: &[CartId]) -> sqlx::Result<Vec<(CartId, CartLine)>> {
    struct CartRow {
        cart_id: CartId,
        id: CartItemId,
        variant_id: VariantId,
        quantity: i32,
        seen_price_minor: Option<i64>,
    }
    let rows = sqlx::query_as!(
        CartRow,
        r#"select cart_id as "cart_id: CartId", id as "id: CartItemId", variant_id as "variant_id: VariantId", quantity,
                  seen_price_minor
           from cart_items where cart_id = any($1) order by cart_id, id"#,
        &uuids(ids)
    )
    .fetch_all(tx.conn())
    .await?;
    let lines = rows.into_iter().map(|row| {
        let CartRow { cart_id, id, variant_id, quantity, seen_price_minor } = row;
        (cart_id, CartLine { item_id: id, variant_id, quantity, seen_price_minor })
    });
    Ok(lines.collect())
}

/// Closes open carts: for good those that are `bought`.
pub(super) async fn close(tx: &mut TenantTx, ids: &[CartId], bought: &[CartId]) -> sqlx::Result<u64> {
    let done = sqlx::query!(
        "update carts
         set status = case when id = any($2) then 'completed' else 'in_checkout' end,
             completed_at = case when id = any($2) then now() end, updated_at = now()
         where id = any($1) and status = 'open'",
        &uuids(ids),
        &uuids(bought),
    );
    Ok(done.execute(tx.conn()).await?.rows_affected())
}

pub(super) async fn reopen(tx: &mut TenantTx, id: CartId) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update carts set status = 'open', updated_at = now(), expires_at = now() + interval '30 days'
         where id = $1 and status = 'in_checkout'",
        id.0
    );
    Ok(done.execute(tx.conn()).await?.rows_affected() == 1)
}

pub(super) async fn complete(tx: &mut TenantTx, ids: &[CartId]) -> sqlx::Result<u64> {
    let done = sqlx::query!(
        "update carts set status = 'completed', completed_at = now(), updated_at = now()
         where id = any($1) and status = 'in_checkout'",
        &uuids(ids)
    );
    Ok(done.execute(tx.conn()).await?.rows_affected())
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

/// How many lines a cart has; and one variant as it stands, with how many of it the cart holds.
pub(super) async fn offer(tx: &mut TenantTx, cart: CartId, variant: VariantId) -> sqlx::Result<(i64, Option<Offer>)> {
    let row = sqlx::query!(
        r#"select (select count(*) from cart_items where cart_id = $1) as "lines!",
                  v.id as "id?: VariantId", v.status = 'active' and p.status = 'active' as for_sale,
                  l.available as "available?", i.quantity as "held?"
           from (select $2::uuid as id) w
           left join (variants v join products p on p.id = v.product_id and p.deleted_at is null)
                  on v.id = w.id and v.deleted_at is null
           left join stock_levels l on l.variant_id = w.id
           left join cart_items i on i.cart_id = $1 and i.variant_id = w.id"#,
        cart.0,
        variant.0,
    )
    .fetch_one(tx.conn())
    .await?;
    let offer = row.id.map(|variant_id| Offer {
        variant_id,
        for_sale: row.for_sale.unwrap_or(false),
        in_stock: row.available.unwrap_or(0),
        held: row.held.unwrap_or(0),
    });
    Ok((row.lines, offer))
}

/// The variant of a cart's line as it stands; one that was deleted is not for sale.
pub(super) async fn offer_of_item(tx: &mut TenantTx, cart: CartId, item: CartItemId) -> sqlx::Result<Option<Offer>> {
    sqlx::query_as!(
        Offer,
        r#"select i.variant_id as "variant_id: VariantId", i.quantity as held,
                  v.status = 'active' and v.deleted_at is null and p.status = 'active' and p.deleted_at is null
                      as "for_sale!",
                  coalesce(l.available, 0) as "in_stock!"
           from cart_items i
           join variants v on v.id = i.variant_id join products p on p.id = v.product_id
           left join stock_levels l on l.variant_id = i.variant_id
           where i.id = $1 and i.cart_id = $2"#,
        item.0,
        cart.0,
    )
    .fetch_optional(tx.conn())
    .await
}

/// Puts the first lines into a cart, at the prices that they tell.
pub(super) async fn fill(tx: &mut TenantTx, cart: CartId, lines: &[PricedLine]) -> sqlx::Result<()> {
    let ids: Vec<Uuid> = lines.iter().map(|line| line.id.0).collect();
    let variants: Vec<Uuid> = lines.iter().map(|line| line.variant_id.0).collect();
    let quantities: Vec<i32> = lines.iter().map(|line| line.quantity).collect();
    let prices: Vec<i64> = lines.iter().map(|line| line.price_minor).collect();
    sqlx::query!(
        "insert into cart_items (id, cart_id, variant_id, quantity, seen_price_minor)
         select u.id, $1, u.variant_id, u.quantity, u.price_minor
         from unnest($2::uuid[], $3::uuid[], $4::int[], $5::bigint[]) as u (id, variant_id, quantity, price_minor)",
        cart.0,
        &ids,
        &variants,
        &quantities,
        &prices,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Sets how many of each variant a cart holds. A new line's price counts as seen; of an older one, what its shopper saw
/// stays what was seen.
pub(super) async fn put(tx: &mut TenantTx, cart: CartId, lines: &[(VariantId, i32)]) -> sqlx::Result<()> {
    let ids: Vec<Uuid> = lines.iter().map(|_| CartItemId::new().0).collect();
    let variants: Vec<Uuid> = lines.iter().map(|(variant, _)| variant.0).collect();
    let quantities: Vec<i32> = lines.iter().map(|(_, quantity)| *quantity).collect();
    sqlx::query!(
        "insert into cart_items (id, cart_id, variant_id, quantity, seen_price_minor)
         select u.id, $1, u.variant_id, u.quantity, v.price_minor
         from unnest($2::uuid[], $3::uuid[], $4::int[]) with ordinality as u (id, variant_id, quantity, n)
         join variants v on v.id = u.variant_id
         order by u.n
         on conflict (cart_id, variant_id) do update set quantity = excluded.quantity",
        cart.0,
        &ids,
        &variants,
        &quantities,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes a line out. Was it there?
pub(super) async fn remove(tx: &mut TenantTx, cart: CartId, item: CartItemId) -> sqlx::Result<bool> {
    let done = sqlx::query!("delete from cart_items where id = $1 and cart_id = $2", item.0, cart.0);
    Ok(done.execute(tx.conn()).await?.rows_affected() == 1)
}

/// A cart's lines at the prices of the moment, in the order in which they were put there.
pub(super) async fn priced_lines(tx: &mut TenantTx, cart: CartId) -> sqlx::Result<Vec<PricedLine>> {
    sqlx::query_as!(
        PricedLine,
        r#"select i.id as "id: CartItemId", i.variant_id as "variant_id: VariantId", i.quantity, v.sku, v.title,
                  p.title as product_title, v.price_minor, i.seen_price_minor, v.weight_grams,
                  array(select f.category_id from product_categories f where f.product_id = p.id) as "categories!",
                  v.status = 'active' and v.deleted_at is null and p.status = 'active' and p.deleted_at is null
                      as "for_sale!",
                  coalesce(l.available, 0) as "in_stock!"
           from cart_items i
           join variants v on v.id = i.variant_id join products p on p.id = v.product_id
           left join stock_levels l on l.variant_id = i.variant_id
           where i.cart_id = $1 order by i.id"#,
        cart.0
    )
    .fetch_all(tx.conn())
    .await
}

/// Notes the prices that these lines tell as seen, where they are news, so that a checkout can tell whether they moved
/// since. Lines that somebody else is changing are about to be seen anyway.
pub(super) async fn note_seen(tx: &mut TenantTx, cart: CartId, lines: &[PricedLine]) -> sqlx::Result<()> {
    let news: Vec<&PricedLine> = lines.iter().filter(|line| line.is_news()).collect();
    let ids: Vec<Uuid> = news.iter().map(|line| line.id.0).collect();
    let prices: Vec<i64> = news.iter().map(|line| line.price_minor).collect();
    sqlx::query!(
        "update cart_items i set seen_price_minor = u.price_minor
         from (
             select j.id, w.price_minor
             from cart_items j join unnest($2::uuid[], $3::bigint[]) as w (id, price_minor) on w.id = j.id
             where j.cart_id = $1 for no key update of j skip locked
         ) u
         where i.id = u.id and i.seen_price_minor is distinct from u.price_minor",
        cart.0,
        &ids,
        &prices,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
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
