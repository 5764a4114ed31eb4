//! Promises about stock.

use super::Promise;

pub(super) const PROMISES: &[Promise] = &[
    Promise {
        code: "stock.oversold",
        says: "stock is never negative nor oversold",
        query: "select variant_id::text from stock_levels where on_hand < 0 or reserved < 0 or reserved > on_hand",
        ..Promise::USUAL
    },
    Promise {
        code: "stock.ledger",
        says: "a level is the sum of its movements",
        query: "select l.variant_id::text from stock_levels l
                left join (select variant_id, sum(delta_on_hand) h, sum(delta_reserved) r from stock_movements group by 1) m
                  using (variant_id)
                where (l.on_hand, l.reserved) is distinct from (coalesce(m.h, 0)::int, coalesce(m.r, 0)::int)",
        ..Promise::USUAL
    },
    Promise {
        code: "stock.reserved",
        says: "what is reserved is the sum of open reservations",
        query: "select l.variant_id::text from stock_levels l
                left join (select variant_id, sum(quantity - shipped_quantity - released_quantity) q from stock_reservations
                           where status in ('held', 'committed') group by 1) r using (variant_id)
                where l.reserved is distinct from coalesce(r.q, 0)::int",
        ..Promise::USUAL
    },
    Promise {
        code: "stock.held",
        says: "an order holds its goods exactly as long as it lives",
        query: "select o.id::text from orders o join order_items i on i.order_id = o.id
                left join stock_reservations r on r.order_id = o.id and r.variant_id = i.variant_id
                where r.status is null
                   or case when o.stage in ('failed', 'cancelled') then r.status <> 'released'
                           when o.stage in ('paid', 'confirmed', 'packed') then r.status = 'held'
                           when o.stage in ('pending', 'awaiting_payment') then r.status not in ('held', 'committed')
                           else r.status not in ('shipped', 'released') end",
        ..Promise::USUAL
    },
    Promise {
        code: "stock.parts",
        says: "a reservation is open exactly as long as something of it has neither left nor been given back",
        query: "select order_id::text from stock_reservations
                where (status in ('held', 'committed')) <> (quantity > shipped_quantity + released_quantity)
                   or (status in ('held', 'released') and shipped_quantity > 0)",
        ..Promise::USUAL
    },
    Promise {
        code: "stock.shipped",
        says: "what has left of an order is the same in its lines, its shipments and its reservations",
        query: "select i.id::text from order_items i
                left join (select order_item_id, sum(quantity) q from shipment_items group by 1) s on s.order_item_id = i.id
                where i.shipped_quantity <> coalesce(s.q, 0)
                union all
                select r.order_id::text from stock_reservations r
                join (select order_id, variant_id, sum(shipped_quantity) q from order_items group by 1, 2) i using (order_id, variant_id)
                where r.shipped_quantity <> i.q",
        ..Promise::USUAL
    },
    Promise {
        code: "stock.moved",
        says: "what is sold leaves the stock once, and what comes back comes in once",
        // Where the first movement of an order's goods is there all are: old ones are added up from the oldest on.
        query: "with moved as (
                    select reference_type of, reference_id id, variant_id, sum(delta_on_hand) h, sum(delta_reserved) r,
                           max(delta_reserved) first
                    from stock_movements where reference_id is not null group by 1, 2, 3),
                back as (
                    select l.refund_id, i.order_id, i.variant_id, sum(l.released_quantity) released,
                           sum(l.returned_quantity) returned
                    from refund_lines l join order_items i on i.id = l.order_item_id group by 1, 2, 3),
                whole as (
                    select s.*, m.h, m.r from stock_reservations s
                    join moved m on m.of = 'order' and m.id = s.order_id and m.variant_id = s.variant_id and m.first = s.quantity)
                select w.order_id::text from whole w
                where w.h <> -w.shipped_quantity
                   or w.r <> w.quantity - w.shipped_quantity - w.released_quantity + (
                          select coalesce(sum(b.released), 0) from back b
                          where b.order_id = w.order_id and b.variant_id = w.variant_id)
                union all
                select b.refund_id::text from back b join whole w on w.order_id = b.order_id and w.variant_id = b.variant_id
                left join moved m on m.of = 'refund' and m.id = b.refund_id and m.variant_id = b.variant_id
                where coalesce(m.h, 0) <> b.returned or coalesce(m.r, 0) <> -b.released",
        ..Promise::USUAL
    },
];
