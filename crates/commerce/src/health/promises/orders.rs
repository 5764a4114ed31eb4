//! Promises about orders, their carts and their checkouts.

use super::Promise;

pub(super) const PROMISES: &[Promise] = &[
    Promise {
        code: "orders.one_per_cart",
        says: "a cart has one living order",
        query: "select cart_id::text from orders where stage not in ('failed', 'cancelled') group by cart_id having count(*) > 1",
        ..Promise::USUAL
    },
    Promise {
        code: "orders.numbers",
        says: "order numbers have no gaps",
        query: "select 'gap' where (select coalesce(max(number), 1000) - 1000 from orders) <> (select count(*) from orders)
                union all select 'next' where (select next_order_number from store_state) <> (select 1001 + count(*) from orders)",
        ..Promise::USUAL
    },
    Promise {
        code: "orders.paid",
        says: "a paid order has its money, and money has its order",
        query: "select o.id::text from orders o left join payments p on p.order_id = o.id and p.status = 'succeeded' and not p.surplus
                where o.payment_method = 'card'
                  and case when o.stage in ('paid', 'packed', 'shipped', 'delivered', 'fulfilled') then p.captured_minor is distinct from o.total_minor
                           -- What came in of an order that was called off goes back; see `refunds`.
                           when o.stage in ('pending', 'awaiting_payment') then p.captured_minor > 0
                           else false end",
        ..Promise::USUAL
    },
    Promise {
        code: "orders.subtotal",
        says: "an order's total is the sum of its lines",
        query: "select o.id::text from orders o where o.subtotal_minor <>
                  (select coalesce(sum(i.total_minor), 0) from order_items i where i.order_id = o.id)",
        ..Promise::USUAL
    },
    Promise {
        code: "orders.history",
        says: "history is a chain that ends where the order is",
        // Older events may have been put away: then the chain begins with the first that is left.
        query: "select o.id::text from orders o left join (
                    select aggregate_id, version, data ->> 'from' as from_stage, data ->> 'to' as to_stage,
                           lag(data ->> 'to') over (partition by aggregate_id order by version) as before,
                           row_number() over (partition by aggregate_id order by version desc) as back
                    from events where aggregate_type = 'order' and data ->> 'to' is not null) h on h.aggregate_id = o.id
                where (h.aggregate_id is null and not exists (select from event_snapshots s where s.aggregate_id = o.id))
                   or (h.back = 1 and h.to_stage <> o.stage)
                   or (h.from_stage is distinct from h.before and (h.version = 1 or h.before is not null))",
        ..Promise::USUAL
    },
    Promise {
        code: "orders.steps",
        says: "an order takes only steps that there are",
        query: STEPS,
        ..Promise::USUAL
    },
    Promise {
        code: "orders.open_errors",
        says: "an order counts the errors that nobody has seen to",
        query: "select o.id::text from orders o
                left join (select order_id, count(*) n from order_errors where resolved_at is null group by 1) e on e.order_id = o.id
                where o.open_errors <> coalesce(e.n, 0) or o.error_count < o.open_errors",
        ..Promise::USUAL
    },
    Promise {
        code: "shipments.delivered",
        says: "an order is delivered when all of it has left and arrived",
        query: "select o.id::text from orders o
                where o.stage = 'delivered' and exists (select from shipments s where s.order_id = o.id and s.status <> 'delivered')
                   or o.stage in ('pending', 'awaiting_payment', 'paid', 'confirmed', 'failed', 'cancelled')
                      and exists (select from shipments s where s.order_id = o.id)",
        ..Promise::USUAL
    },
    Promise {
        code: "checkouts.order",
        says: "a checkout and its order end together",
        query: "select c.id::text from checkouts c join orders o on o.id = c.order_id
                where (c.status = 'active' and o.stage not in ('pending', 'awaiting_payment'))
                   or (c.status in ('failed', 'expired', 'cancelled') and o.stage not in ('failed', 'cancelled'))
                   or (c.status = 'completed' and o.stage in ('pending', 'awaiting_payment', 'failed')
                       and o.review is distinct from 'pending' and not exists (
                           select from payments p where p.order_id = o.id and p.status = 'authorized'))",
        ..Promise::USUAL
    },
    Promise {
        code: "carts.checkout",
        says: "a cart's status is its checkout's",
        query: "select k.id::text from carts k left join checkouts c on c.cart_id = k.id and c.status in ('active', 'completed')
                where (k.status = 'in_checkout') is distinct from (c.status = 'active') and not (k.status <> 'in_checkout' and c.status is null)
                   or (k.status = 'completed') is distinct from (c.status = 'completed') and not (k.status <> 'completed' and c.status is null)",
        ..Promise::USUAL
    },
];

/// Every step that [`crate::orders::Stage::after`] allows.
const STEPS: &str = "select e.aggregate_id::text from events e
where e.aggregate_type = 'order' and e.data ->> 'to' is not null and e.data ->> 'from' is not null
  and (e.data ->> 'from', e.data ->> 'to') not in (
      ('pending', 'awaiting_payment'), ('pending', 'paid'), ('pending', 'confirmed'), ('pending', 'failed'),
      ('pending', 'cancelled'), ('awaiting_payment', 'paid'), ('awaiting_payment', 'confirmed'),
      ('awaiting_payment', 'failed'), ('awaiting_payment', 'cancelled'), ('paid', 'packed'), ('paid', 'cancelled'),
      ('confirmed', 'packed'), ('confirmed', 'cancelled'), ('packed', 'shipped'), ('shipped', 'delivered'),
      ('shipped', 'fulfilled'), ('failed', 'paid'))";

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::STEPS;
    use crate::orders::{Stage, Step};

    #[test]
    fn the_steps_are_those_of_the_machine() {
        let pairs = Stage::ALL.into_iter().flat_map(|from| {
            Step::ALL.into_iter().filter_map(move |step| Some((from.name(), from.after(step).ok()?.name())))
        });
        let pairs: BTreeSet<_> = pairs.map(|(from, to)| format!("('{from}', '{to}')")).collect();
        assert!(pairs.iter().all(|pair| STEPS.contains(pair)), "{pairs:?}");
        assert_eq!(STEPS.matches("', '").count(), pairs.len());
    }
}
