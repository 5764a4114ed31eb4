//! Promises about promotions.

use super::Promise;

pub(super) const PROMISES: &[Promise] = &[
    Promise {
        code: "promotions.used",
        says: "a promotion counts as used as often as orders use it that have not given it back",
        query: "select p.id::text from promotions p where p.used <>
                  (select count(*) from promotion_redemptions r where r.promotion_id = p.id and r.released_at is null)",
        ..Promise::USUAL
    },
    Promise {
        code: "promotions.limits",
        says: "nobody uses a promotion more often than allowed",
        // A limit may be set below what was used before: only a use after that breaks it.
        query: "select p.id::text from promotions p join promotion_redemptions r on r.promotion_id = p.id
                where r.released_at is null
                group by p.id, r.customer having max(r.created_at) > p.updated_at and count(*) > p.per_customer_limit
                union all
                select id::text from promotions where used > usage_limit",
        ..Promise::USUAL
    },
];
