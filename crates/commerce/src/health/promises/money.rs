//! Promises about money: payments and refunds.

use super::{Promise, Repair};

pub(super) const PROMISES: &[Promise] = &[
    Promise {
        code: "payments.captured",
        says: "nobody paid more than the order costs",
        todo: "look the payments up at the provider, and give back what is too much",
        query: "select o.id::text from orders o join payments p on p.order_id = o.id and p.status = 'succeeded' and not p.surplus
                group by o.id having sum(p.captured_minor) > o.total_minor or count(*) > 1",
        ..Promise::USUAL
    },
    Promise {
        code: "payments.currency",
        says: "an order, its payments and its refunds are in one currency, and add up",
        query: "select o.id::text from orders o
                where o.total_minor <> o.subtotal_minor - o.discount_minor + o.shipping_minor + o.tax_minor
                   or exists (select from payments p where p.order_id = o.id and p.currency <> o.currency)
                   or exists (select from refunds r where r.order_id = o.id and r.currency <> o.currency)
                   or exists (select from order_items i where i.order_id = o.id and i.total_minor <> i.unit_price_minor * i.quantity)",
        ..Promise::USUAL
    },
    Promise {
        code: "refunds.captured",
        says: "never more goes back than came in",
        todo: "stop the refunds that are not done yet, and compare the others with the provider",
        query: "select p.id::text from payments p join refunds r on r.payment_id = p.id
                  and r.status in ('requested', 'approved', 'processing', 'succeeded')
                group by p.id having sum(r.amount_minor) > p.captured_minor",
        ..Promise::USUAL
    },
    Promise {
        code: "orders.refunded",
        says: "an order knows how much of its money went back: the sum of its refunds",
        todo: "run souk doctor --repair: it counts again from the refunds, under the order's lock",
        repair: Some(Repair::RecountRefunds),
        query: "select o.id::text from orders o
                left join (select order_id, sum(amount_minor) back from refunds where status = 'succeeded' group by 1) r
                  on r.order_id = o.id
                where o.refunded_minor <> coalesce(r.back, 0)
                   or o.money <> case when coalesce(r.back, 0) = 0 then 'none'
                                      when r.back < o.total_minor then 'partial' else 'full' end",
        ..Promise::USUAL
    },
    Promise {
        code: "payments.refunded",
        says: "a payment knows how much of it went back, and how much is promised",
        todo: "run souk doctor --repair: it counts again from the refunds, under the payment's lock",
        repair: Some(Repair::RecountPayment),
        query: "select p.id::text from payments p
                left join (select payment_id,
                                  sum(amount_minor) filter (where status = 'succeeded') back,
                                  sum(amount_minor) filter (where status in ('requested', 'approved', 'processing')) promised
                           from refunds group by 1) r on r.payment_id = p.id
                where not p.surplus
                  and (p.refunded_minor <> coalesce(r.back, 0) or p.refund_pending_minor <> coalesce(r.promised, 0))",
        ..Promise::USUAL
    },
];
