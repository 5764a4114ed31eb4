//! How fast stock turns over.

use chrono::NaiveDate;
use kernel::http::{Json, Query};
use kernel::page;
use kernel::problem::Problem;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::range::Range;
use super::{granted, part};
use crate::access::{ReportsRead, Staff};
use crate::reports::db::{self, TurnoverRow};
use crate::shop::Shop;

/// Which days, and how many variants.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct TurnoverQuery {
    /// The first day, such as 2026-11-01; 29 days before the last, if not given.
    from: Option<NaiveDate>,
    /// The last day; today, if not given. At most 366 days.
    to: Option<NaiveDate>,
    /// How many variants, from 1 to 100: those that sold most.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i64>,
}

/// How fast stock turns over.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct TurnoverReport {
    /// The first day.
    from: NaiveDate,
    /// The last day.
    to: NaiveDate,
    /// Where days begin and end: always UTC.
    time_zone: &'static str,
    /// The variants that sold most, the best first.
    data: Vec<Turnover>,
}

/// A variant.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Turnover {
    /// Which.
    variant_id: Uuid,
    /// Its SKU now.
    sku: Option<String>,
    /// What came in by hand, less what was taken out by hand.
    received: i64,
    /// What left for orders.
    sold: i64,
    /// What came back from orders.
    returned: i64,
    /// How many there were at the end.
    on_hand: i64,
    /// How many there were on average, by day.
    average_on_hand: Option<f64>,
    /// sold ÷ average on hand; null when there was nothing.
    turnover: Option<f64>,
}

impl Turnover {
    #[expect(clippy::cast_precision_loss, reason = "a ratio for people, not money")]
    fn of(row: TurnoverRow, days: i64) -> Self {
        let sold_days = row.sold.saturating_mul(days);
        Self {
            average_on_hand: part(row.unit_days, days),
            turnover: (row.unit_days > 0).then(|| (sold_days as f64 / row.unit_days as f64 * 100.0).round() / 100.0),
            variant_id: row.variant_id,
            sku: row.sku,
            received: row.received,
            sold: row.sold,
            returned: row.returned,
            on_hand: row.on_hand,
        }
    }
}

/// How fast the stock of each variant turns over: the variants that sold most.
#[utoipa::path(get, path = "/api/v1/admin/reports/stock-turnover", tag = "reports", params(TurnoverQuery),
    security(("staff" = [])),
    responses((status = 200, description = "Turnover by variant", body = TurnoverReport),
              (status = 403, description = "The plan has no reports, or the role may not see them"),
              (status = 422, description = "Too many days")))]
pub(super) async fn stock_turnover(
    _: Staff<ReportsRead>,
    shop: Shop,
    Query(query): Query<TurnoverQuery>,
) -> Result<Json<TurnoverReport>, Problem> {
    granted(&shop)?;
    let limit = page::limit(query.limit)?;
    let range = Range::of(query.from, query.to, shop.clock.now().date_naive())?;
    let mut tx = shop.db.begin().await.map_err(Problem::database)?;
    let rows = db::turnover(&mut tx, range.from, range.to, limit).await.map_err(Problem::database)?;
    tx.commit().await.map_err(Problem::database)?;
    let days = range.count();
    let data = rows.into_iter().map(|row| Turnover::of(row, days)).collect();
    Ok(Json(TurnoverReport { from: range.from, to: range.to, time_zone: "UTC", data }))
}
