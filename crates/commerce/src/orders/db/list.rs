//! List orders.

use chrono::{DateTime, Utc};
use kernel::db::TenantTx;
use serde::Serialize;
use uuid::Uuid;

use crate::orders::{Money, OrderError, OrderId, Review, Stage, public_status};

/// An order in a list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct OrderSummary {
    /// Its id.
    pub id: OrderId,
    /// Gap-free per store.
    pub number: i64,
    /// How far it has got.
    pub status: String,
    /// The shopper's.
    pub email: String,
    /// Three capital letters.
    pub currency: String,
    /// What is to be paid.
    pub total_minor: i64,
    /// `card`, `cod` or `manual`.
    pub payment_method: String,
    /// Has it to be looked at, or what was said of it?
    pub review: Option<Review>,
    /// Does somebody of the staff hold it?
    pub locked: bool,
    /// Errors that nobody has seen to.
    pub open_errors: i32,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// Which orders to list.
#[derive(Debug, Clone, Default)]
pub(in crate::orders) struct OrderFilter {
    pub(in crate::orders) stage: Option<Stage>,
    pub(in crate::orders) money: Option<Money>,
    pub(in crate::orders) review: Option<Review>,
    pub(in crate::orders) locked: Option<bool>,
    pub(in crate::orders) has_errors: Option<bool>,
    pub(in crate::orders) email: Option<String>,
    pub(in crate::orders) number: Option<i64>,
    pub(in crate::orders) from: Option<DateTime<Utc>>,
    pub(in crate::orders) to: Option<DateTime<Utc>>,
}

/// The filter that finds the fewest: its index is read, and the others are tried on what it finds. Each stands in a
/// statement of its own, for a plan that is made once must not depend on which filters are there.
macro_rules! page {
    ($tx:expr, $filter:expr, $range:expr, $limit:expr, $narrowest:literal) => {
        sqlx::query_as!(
            SummaryRow,
            r#"select id as "id: OrderId", number, stage as "stage: Stage", money as "money: Money", email, currency,
                      total_minor, payment_method, review as "review: Review", locked_at is not null as "locked!",
                      open_errors, created_at
               from orders
               where id > $1 and id < $2 and ($3::text is null or stage = $3) and ($4::text is null or money = $4)
                 and ($5::text is null or review = $5) and ($6::bool is null or (locked_at is not null) = $6)
                 and ($7::bool is null or (open_errors > 0) = $7) and ($8::text is null or email = $8)
                 and ($9::bigint is null or number = $9) and ($10::timestamptz is null or created_at >= $10)
                 and ($11::timestamptz is null or created_at < $11) and "#
                + $narrowest
                + " order by id desc limit $12",
            $range.0,
            $range.1,
            $filter.stage.map(Stage::name),
            $filter.money.map(Money::name),
            $filter.review.map(Review::name),
            $filter.locked,
            $filter.has_errors,
            $filter.email,
            $filter.number,
            $filter.from,
            $filter.to,
            $limit,
        )
        .fetch_all($tx.conn())
        .await?
    };
}

/// The newest orders before `before` that fit the filter.
pub(in crate::orders) async fn list(
    tx: &mut TenantTx,
    filter: &OrderFilter,
    before: Option<OrderId>,
    limit: i64,
) -> Result<Vec<OrderSummary>, OrderError> {
    let range = ids(filter, before);
    let rows = if filter.number.is_some() {
        page!(tx, filter, range, limit, "number = $9")
    } else if filter.email.is_some() {
        page!(tx, filter, range, limit, "email = $8")
    } else if filter.locked == Some(true) {
        page!(tx, filter, range, limit, "locked_at is not null")
    } else if filter.has_errors == Some(true) {
        page!(tx, filter, range, limit, "open_errors > 0")
    } else if filter.review.is_some() {
        page!(tx, filter, range, limit, "review = $5")
    } else if matches!(filter.money, Some(Money::Partial | Money::Full)) {
        page!(tx, filter, range, limit, "money <> 'none' and money = $4")
    } else {
        // Named in the text, so that the plan knows how many there are of each.
        match filter.stage {
            Some(Stage::Pending) => page!(tx, filter, range, limit, "stage = 'pending'"),
            Some(Stage::AwaitingPayment) => page!(tx, filter, range, limit, "stage = 'awaiting_payment'"),
            Some(Stage::Paid) => page!(tx, filter, range, limit, "stage = 'paid'"),
            Some(Stage::Confirmed) => page!(tx, filter, range, limit, "stage = 'confirmed'"),
            Some(Stage::Packed) => page!(tx, filter, range, limit, "stage = 'packed'"),
            Some(Stage::Shipped) => page!(tx, filter, range, limit, "stage = 'shipped'"),
            Some(Stage::Delivered) => page!(tx, filter, range, limit, "stage = 'delivered'"),
            Some(Stage::Fulfilled) => page!(tx, filter, range, limit, "stage = 'fulfilled'"),
            Some(Stage::Failed) => page!(tx, filter, range, limit, "stage = 'failed'"),
            Some(Stage::Cancelled) => page!(tx, filter, range, limit, "stage = 'cancelled'"),
            None => page!(tx, filter, range, limit, "true"),
        }
    };
    Ok(rows.into_iter().map(OrderSummary::from).collect())
}

/// Ids begin with the time at which they were made, so times bound them; with an hour to spare, for they are made by
/// another clock than the database's.
fn ids(filter: &OrderFilter, before: Option<OrderId>) -> (Uuid, Uuid) {
    let at = |time: DateTime<Utc>, hours: i64| {
        let millis = time.timestamp_millis().saturating_add(hours * 3_600_000).clamp(0, (1 << 48) - 1);
        Uuid::from_u128(u128::from(millis.unsigned_abs()) << 80)
    };
    let lower = filter.from.map_or(Uuid::nil(), |from| at(from, -1));
    let upper = filter.to.map_or(Uuid::max(), |to| at(to, 1));
    (lower, before.map_or(upper, |before| upper.min(before.0)))
}

struct SummaryRow {
    id: OrderId,
    number: i64,
    stage: Stage,
    money: Money,
    email: String,
    currency: String,
    total_minor: i64,
    payment_method: String,
    review: Option<Review>,
    locked: bool,
    open_errors: i32,
    created_at: DateTime<Utc>,
}

impl From<SummaryRow> for OrderSummary {
    fn from(row: SummaryRow) -> Self {
        Self {
            id: row.id,
            number: row.number,
            status: public_status(row.stage, row.money).to_owned(),
            email: row.email,
            currency: row.currency,
            total_minor: row.total_minor,
            payment_method: row.payment_method,
            review: row.review,
            locked: row.locked,
            open_errors: row.open_errors,
            created_at: row.created_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_bound_ids() {
        let id = OrderId::new();
        let (seconds, nanos) = id.0.get_timestamp().expect("a time in the id").to_unix();
        let now = DateTime::<Utc>::from_timestamp(i64::try_from(seconds).expect("a time"), nanos).expect("a time");
        let hours = |hours| now + chrono::TimeDelta::hours(hours);
        let holds = |from, to| {
            let (lower, upper) = ids(&OrderFilter { from, to, ..OrderFilter::default() }, None);
            lower < id.0 && id.0 < upper
        };
        assert!(holds(None, None) && holds(Some(now), None) && holds(None, Some(now)));
        assert!(!holds(Some(hours(2)), None) && !holds(None, Some(hours(-2))));
        assert!(!holds(None, Some(DateTime::<Utc>::MIN_UTC)) && !holds(Some(DateTime::<Utc>::MAX_UTC), None));
    }
}
