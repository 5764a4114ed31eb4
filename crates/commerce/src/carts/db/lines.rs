//! What is in a cart, and what may be.

use kernel::db::TenantTx;
use uuid::Uuid;

use crate::carts::model::{Offer, PricedLine};
use crate::carts::{CartId, CartItemId};
use crate::catalog::VariantId;

/// How many lines a cart has; and one variant as it stands, with how many of it the cart holds.
pub(in crate::carts) async fn offer(
    tx: &mut TenantTx,
    cart: CartId,
    variant: VariantId,
) -> sqlx::Result<(i64, Option<Offer>)> {
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
pub(in crate::carts) async fn offer_of_item(
    tx: &mut TenantTx,
    cart: CartId,
    item: CartItemId,
) -> sqlx::Result<Option<Offer>> {
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
pub(in crate::carts) async fn fill(tx: &mut TenantTx, cart: CartId, lines: &[PricedLine]) -> sqlx::Result<()> {
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
pub(in crate::carts) async fn put(tx: &mut TenantTx, cart: CartId, lines: &[(VariantId, i32)]) -> sqlx::Result<()> {
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
pub(in crate::carts) async fn remove(tx: &mut TenantTx, cart: CartId, item: CartItemId) -> sqlx::Result<bool> {
    let done = sqlx::query!("delete from cart_items where id = $1 and cart_id = $2", item.0, cart.0);
    Ok(done.execute(tx.conn()).await?.rows_affected() == 1)
}

/// A cart's lines at the prices of the moment, in the order in which they were put there.
pub(in crate::carts) async fn priced_lines(tx: &mut TenantTx, cart: CartId) -> sqlx::Result<Vec<PricedLine>> {
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
pub(in crate::carts) async fn note_seen(tx: &mut TenantTx, cart: CartId, lines: &[PricedLine]) -> sqlx::Result<()> {
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
