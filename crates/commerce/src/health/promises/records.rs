//! Promises about what is written down: events, versions, idempotency keys.

use super::Promise;

pub(super) const PROMISES: &[Promise] = &[
    Promise {
        code: "events.versions",
        says: "events of an aggregate are counted without gaps",
        query: "select e.aggregate_id::text from events e left join event_snapshots s using (aggregate_id)
                group by e.aggregate_id, s.version
                having min(e.version) <> coalesce(s.version, 0) + 1
                    or max(e.version) <> coalesce(s.version, 0) + count(*)",
        ..Promise::USUAL
    },
    Promise {
        code: "orders.version",
        says: "an order's version is that of its last event",
        query: "select o.id::text from orders o where o.version <>
                  coalesce((select max(version) from events e where e.aggregate_id = o.id),
                           (select version from event_snapshots s where s.aggregate_id = o.id))",
        ..Promise::USUAL
    },
    Promise {
        code: "usage.counted",
        says: "what the plan limits is counted as it is: products, and orders of the month",
        // An order made at midnight may count in the month that begins.
        query: "select u.feature from usage_counters u where u.feature = 'max_products'
                  and u.used <> (select count(*) from products where deleted_at is null)
                union all
                select 'max_orders_per_month' from store_state s where s.orders_in_month <
                  (select count(*) from orders where to_char(created_at at time zone 'utc', 'YYYY-MM') = s.orders_month)",
        ..Promise::USUAL
    },
    Promise {
        code: "idempotency.orders",
        says: "a finished key for an order names one that exists",
        query: "select k.key from idempotency_keys k where k.status = 201 and k.scope like 'POST /api/v1/checkouts %'
                  and not exists (select from orders o where o.id = (k.body::json #>> '{order,id}')::uuid)",
        ..Promise::USUAL
    },
];
