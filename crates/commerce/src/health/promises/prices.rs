//! Promises about promotions.

use super::Promise;

pub(super) const PROMISES: &[Promise] = &[Promise {
    code: "promotions.used",
    says: "a promotion counts as used as often as orders use it that have not given it back",
    query: "select p.id::text from promotions p where p.used <>
              (select count(*) from promotion_redemptions r where r.promotion_id = p.id and r.released_at is null)",
    ..Promise::USUAL
}];
