//! The promises that hold for a store at any time, asked of the database itself.

use sqlx::Row;

use crate::Store;

/// Each must find nothing.
const PROMISES: &[(&str, &str)] = &[
    ("stock is never negative nor oversold", "select variant_id::text from stock_levels where on_hand < 0 or reserved < 0 or reserved > on_hand"),
    (
        "a level is the sum of its movements",
        "select l.variant_id::text from stock_levels l
         left join (select variant_id, sum(delta_on_hand) h, sum(delta_reserved) r from stock_movements group by 1) m
           using (variant_id)
         where (l.on_hand, l.reserved) is distinct from (coalesce(m.h, 0)::int, coalesce(m.r, 0)::int)",
    ),
    (
        "what is reserved is the sum of open reservations",
        "select l.variant_id::text from stock_levels l
         left join (select variant_id, sum(quantity) q from stock_reservations
                    where status in ('held', 'committed') group by 1) r using (variant_id)
         where l.reserved is distinct from coalesce(r.q, 0)::int",
    ),
    (
        "an order holds its goods exactly as long as it lives",
        "select o.id::text from orders o join order_items i on i.order_id = o.id
         left join stock_reservations r on r.order_id = o.id and r.variant_id = i.variant_id
         where case when o.stage in ('failed', 'cancelled') then r.status is distinct from 'released'
                    when o.stage in ('paid', 'confirmed', 'packed') then r.status is distinct from 'committed'
                    when o.stage in ('pending', 'awaiting_payment') then r.status is distinct from 'held'
                    else false end",
    ),
    ("a cart has one living order", "select cart_id::text from orders where stage not in ('failed', 'cancelled') group by cart_id having count(*) > 1"),
    (
        "order numbers have no gaps",
        "select 'gap' where (select coalesce(max(number), 1000) - 1000 from orders) <> (select count(*) from orders)
         union all select 'next' where (select next_order_number from store_state) <> (select 1001 + count(*) from orders)",
    ),
    (
        "a paid order has its money, and money has its order",
        "select o.id::text from orders o left join payments p on p.order_id = o.id and p.status = 'succeeded'
         where o.payment_method = 'card'
           and (o.stage in ('paid', 'packed', 'shipped', 'delivered', 'fulfilled')) is distinct from coalesce(p.captured_minor = o.total_minor, false)",
    ),
    (
        "an order's total is the sum of its lines",
        "select o.id::text from orders o where o.subtotal_minor <>
           (select coalesce(sum(i.total_minor), 0) from order_items i where i.order_id = o.id)",
    ),
    (
        "history is a chain that ends where the order is",
        "select h.order_id::text from (
             select order_id, from_stage, lag(to_stage) over w as before, to_stage,
                    row_number() over (partition by order_id order by id desc) as back
             from order_history window w as (partition by order_id order by id)) h
         join orders o on o.id = h.order_id
         where h.from_stage is distinct from h.before or (h.back = 1 and h.to_stage <> o.stage)",
    ),
    (
        "events of an aggregate are counted without gaps",
        "select aggregate_id::text from events group by aggregate_id having max(version) <> count(*) or min(version) <> 1",
    ),
    (
        "an order's version is that of its last event",
        "select o.id::text from orders o where o.version <>
           (select max(version) from events e where e.aggregate_id = o.id)",
    ),
    (
        "a finished key for an order names one that exists",
        "select k.key from idempotency_keys k where k.status = 201
           and not exists (select from orders o where o.id = (k.body::json #>> '{order,id}')::uuid)",
    ),
    (
        "a checkout and its order end together",
        "select c.id::text from checkouts c join orders o on o.id = c.order_id
         where (c.status = 'active' and o.stage not in ('pending', 'awaiting_payment'))
            or (c.status in ('failed', 'expired', 'cancelled') and o.stage not in ('failed', 'cancelled'))
            or (c.status = 'completed' and o.stage in ('pending', 'awaiting_payment', 'failed'))",
    ),
    (
        "a cart's status is its checkout's",
        "select k.id::text from carts k left join checkouts c on c.cart_id = k.id and c.status in ('active', 'completed')
         where (k.status = 'in_checkout') is distinct from (c.status = 'active') and not (k.status <> 'in_checkout' and c.status is null)
            or (k.status = 'completed') is distinct from (c.status = 'completed') and not (k.status <> 'completed' and c.status is null)",
    ),
];

/// Fails the test when the store breaks a promise.
pub async fn assert_consistent(store: &Store<'_>) {
    for (promise, query) in PROMISES {
        let broken: Vec<String> = store.rows(query).await.iter().map(|row| row.get(0)).collect();
        assert!(broken.is_empty(), "{promise}: {broken:?} in store {}", store.slug);
    }
}
