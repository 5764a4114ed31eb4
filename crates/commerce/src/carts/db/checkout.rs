//! Lock carts for a checkout, and close and open them.

use kernel::db::TenantTx;

use super::uuids;
use crate::carts::model::{AskedUnder, LockedMany};
use crate::carts::{CartId, CartItemId, CartLine, CartStatus, LockedCart};
use crate::catalog::VariantId;
use crate::idempotency::FoundKey;

/// Locks carts by ascending id, with their lines and the purchase they are in; and looks up the keys of requests that
/// are about them.
///
/// PostgreSQL reads the lines before it waits for a cart, and the cart itself after. Whoever changes lines changes the
/// cart's row first, so a row that is another than the one seen before the wait says that the lines are old: its id is
/// in `stale`.
pub(in crate::carts) async fn lock_many(
    tx: &mut TenantTx,
    ids: &[CartId],
    asked: &AskedUnder,
) -> sqlx::Result<LockedMany> {
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

pub(in crate::carts) async fn lines_of(tx: &mut TenantTx, ids: &[CartId]) -> sqlx::Result<Vec<(CartId, CartLine)>> {
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
pub(in crate::carts) async fn close(tx: &mut TenantTx, ids: &[CartId], bought: &[CartId]) -> sqlx::Result<u64> {
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

pub(in crate::carts) async fn reopen(tx: &mut TenantTx, id: CartId) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update carts set status = 'open', updated_at = now(), expires_at = now() + interval '30 days'
         where id = $1 and status = 'in_checkout'",
        id.0
    );
    Ok(done.execute(tx.conn()).await?.rows_affected() == 1)
}

pub(in crate::carts) async fn complete(tx: &mut TenantTx, ids: &[CartId]) -> sqlx::Result<u64> {
    let done = sqlx::query!(
        "update carts set status = 'completed', completed_at = now(), updated_at = now()
         where id = any($1) and status = 'in_checkout'",
        &uuids(ids)
    );
    Ok(done.execute(tx.conn()).await?.rows_affected())
}
