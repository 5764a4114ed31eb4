//! The HTTP face of reports. Days are days in UTC; a day without anything is there, with zeros.

use axum::http::StatusCode;
use chrono::{Days, NaiveDate};
use kernel::http::{Json, Query};
use kernel::page;
use kernel::problem::{FieldError, Problem};
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::db::{self, ShownDay, TurnoverRow};
use crate::access::{ReportsRead, Staff};
use crate::shop::Shop;

/// Most days of one report.
const MAX_DAYS: i64 = 366;
/// Days of a report when nobody says, today included.
const USUAL_DAYS: u64 = 30;
const FEATURE: &str = "reports";

/// The routes for staff.
pub fn staff_routes() -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(sales)).routes(routes!(funnel)).routes(routes!(stock_turnover))
}

/// Which days.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct RangeQuery {
    /// The first day, such as 2026-11-01; 29 days before the last, if not given.
    from: Option<NaiveDate>,
    /// The last day; today, if not given. At most 366 days.
    to: Option<NaiveDate>,
}

/// Which days, and how many variants.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct TurnoverQuery {
    /// The first day, such as 2026-11-01; 29 days before the last, if not given.
    from: Option<NaiveDate>,
    /// The last day; today, if not given. At most 366 days.
    to: Option<NaiveDate>,
    /// How many variants, from 1 to 100: those that sold most.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i64>,
}

/// A stretch of days, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Range {
    from: NaiveDate,
    to: NaiveDate,
}

impl Range {
    fn of(from: Option<NaiveDate>, to: Option<NaiveDate>, today: NaiveDate) -> Result<Self, Problem> {
        let to = to.unwrap_or(today);
        let from = from.unwrap_or_else(|| to.checked_sub_days(Days::new(USUAL_DAYS - 1)).unwrap_or(to));
        let days = (to - from).num_days() + 1;
        let wrong = |message: String| Err(Problem::invalid(vec![FieldError::new("to", "invalid", message)]));
        if from < NaiveDate::MIN.max(NaiveDate::from_ymd_opt(1, 1, 1).unwrap_or_default())
            || to > NaiveDate::from_ymd_opt(9999, 12, 31).unwrap_or_default()
        {
            return wrong("days are from 0001-01-01 to 9999-12-31".to_owned());
        }
        match days {
            ..=0 => wrong("must not be before `from`".to_owned()),
            1..=MAX_DAYS => Ok(Self { from, to }),
            _ => wrong(format!("a report has at most {MAX_DAYS} days; this would be {days}")),
        }
    }

    fn days(self) -> impl Iterator<Item = NaiveDate> {
        self.from.iter_days().take_while(move |day| *day <= self.to)
    }

    fn count(self) -> i64 {
        (self.to - self.from).num_days() + 1
    }
}

/// Is it part of the plan?
fn granted(shop: &Shop) -> Result<(), Problem> {
    if shop.entitlements.has(FEATURE) {
        return Ok(());
    }
    let detail = "the store's plan has no reports; change the plan to see them";
    Err(Problem::new(StatusCode::FORBIDDEN, "feature.not_in_plan", detail).with("feature", FEATURE))
}

/// Sales by day.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct SalesReport {
    /// The first day.
    from: NaiveDate,
    /// The last day.
    to: NaiveDate,
    /// Where days begin and end: always UTC.
    time_zone: &'static str,
    /// What amounts are in.
    currency: &'static str,
    /// All days together.
    totals: Sales,
    /// One entry for each day.
    data: Vec<SalesOfDay>,
}

/// Orders that became sure, paid or confirmed for paying on delivery, by the day on which they did.
#[derive(Debug, Clone, Copy, Default, Serialize, utoipa::ToSchema)]
struct Sales {
    /// How many.
    orders: i64,
    /// Goods in them.
    units: i64,
    /// The goods at their prices.
    gross_minor: i64,
    /// What was taken off.
    discount_minor: i64,
    /// What was asked for sending.
    shipping_minor: i64,
    /// Tax that was added.
    tax_minor: i64,
    /// gross − discount + shipping + tax.
    total_minor: i64,
    /// What went back on these days, whenever it was bought.
    refunded_minor: i64,
}

/// One day.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct SalesOfDay {
    /// Which.
    day: NaiveDate,
    /// What was sold.
    #[serde(flatten)]
    sales: Sales,
}

impl Sales {
    fn of(day: &ShownDay) -> Self {
        let sales = &day.sales;
        Self {
            orders: sales.paid,
            units: sales.units,
            gross_minor: sales.gross_minor,
            discount_minor: sales.discount_minor,
            shipping_minor: sales.shipping_minor,
            tax_minor: sales.tax_minor,
            total_minor: sales.gross_minor - sales.discount_minor + sales.shipping_minor + sales.tax_minor,
            refunded_minor: sales.refunded_minor,
        }
    }
}

/// Sales by day.
#[utoipa::path(get, path = "/api/v1/admin/reports/sales", tag = "reports", params(RangeQuery), security(("staff" = [])),
    responses((status = 200, description = "Sales by day", body = SalesReport),
              (status = 403, description = "The plan has no reports, or the role may not see them"),
              (status = 422, description = "Too many days")))]
async fn sales(
    _: Staff<ReportsRead>,
    shop: Shop,
    Query(query): Query<RangeQuery>,
) -> Result<Json<SalesReport>, Problem> {
    granted(&shop)?;
    let range = Range::of(query.from, query.to, shop.clock.now().date_naive())?;
    let (days, total) = read(&shop, range).await?;
    Ok(Json(SalesReport {
        from: range.from,
        to: range.to,
        time_zone: "UTC",
        currency: shop.currency.code(),
        totals: Sales::of(&total),
        data: days.iter().map(|(day, shown)| SalesOfDay { day: *day, sales: Sales::of(shown) }).collect(),
    }))
}

/// How visits become orders, by day.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct FunnelReport {
    /// The first day.
    from: NaiveDate,
    /// The last day.
    to: NaiveDate,
    /// Where days begin and end: always UTC.
    time_zone: &'static str,
    /// All days together.
    totals: Funnel,
    /// What part of the carts came to a checkout; null without carts.
    cart_to_checkout: Option<f64>,
    /// What part of the checkouts became sure; null without checkouts.
    checkout_to_paid: Option<f64>,
    /// What part of the checkouts ran out of time; null without checkouts.
    abandonment: Option<f64>,
    /// One entry for each day.
    data: Vec<FunnelOfDay>,
}

/// Each thing on the day on which it happened.
#[derive(Debug, Clone, Copy, Default, Serialize, utoipa::ToSchema)]
struct Funnel {
    /// Carts that were made; counted every few minutes.
    carts: i64,
    /// Checkouts that were started.
    checkouts: i64,
    /// Orders that became sure.
    paid: i64,
    /// Orders that failed, the abandoned ones among them.
    failed: i64,
    /// Orders that were called off.
    cancelled: i64,
    /// Checkouts whose time ran out.
    abandoned: i64,
}

/// One day.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct FunnelOfDay {
    /// Which.
    day: NaiveDate,
    /// What happened.
    #[serde(flatten)]
    funnel: Funnel,
}

impl Funnel {
    fn of(day: &ShownDay) -> Self {
        let ShownDay { carts, sales } = *day;
        Self {
            carts,
            checkouts: sales.checkouts,
            paid: sales.paid,
            failed: sales.failed,
            cancelled: sales.cancelled,
            abandoned: sales.abandoned,
        }
    }
}

/// How carts become checkouts, and checkouts orders, by day.
#[utoipa::path(get, path = "/api/v1/admin/reports/funnel", tag = "reports", params(RangeQuery), security(("staff" = [])),
    responses((status = 200, description = "The funnel by day", body = FunnelReport),
              (status = 403, description = "The plan has no reports, or the role may not see them"),
              (status = 422, description = "Too many days")))]
async fn funnel(
    _: Staff<ReportsRead>,
    shop: Shop,
    Query(query): Query<RangeQuery>,
) -> Result<Json<FunnelReport>, Problem> {
    granted(&shop)?;
    let range = Range::of(query.from, query.to, shop.clock.now().date_naive())?;
    let (days, total) = read(&shop, range).await?;
    let totals = Funnel::of(&total);
    Ok(Json(FunnelReport {
        from: range.from,
        to: range.to,
        time_zone: "UTC",
        totals,
        cart_to_checkout: part(totals.checkouts, totals.carts),
        checkout_to_paid: part(totals.paid, totals.checkouts),
        abandonment: part(totals.abandoned, totals.checkouts),
        data: days.iter().map(|(day, shown)| FunnelOfDay { day: *day, funnel: Funnel::of(shown) }).collect(),
    }))
}

/// Every day of the range, and all of them together.
async fn read(shop: &Shop, range: Range) -> Result<(Vec<(NaiveDate, ShownDay)>, ShownDay), Problem> {
    let mut tx = shop.db.begin().await.map_err(Problem::database)?;
    let known = db::sales(&mut tx, range.from, range.to).await.map_err(Problem::database)?;
    tx.commit().await.map_err(Problem::database)?;
    let mut total = ShownDay::default();
    for day in known.values() {
        total.carts += day.carts;
        total.sales.add(&day.sales);
    }
    Ok((range.days().map(|day| (day, known.get(&day).copied().unwrap_or_default())).collect(), total))
}

/// To four places.
#[expect(clippy::cast_precision_loss, reason = "a ratio for people, not money")]
fn part(some: i64, all: i64) -> Option<f64> {
    (all > 0).then(|| (some as f64 / all as f64 * 10_000.0).round() / 10_000.0)
}

/// How fast stock turns over.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct TurnoverReport {
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
async fn stock_turnover(
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

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Option<NaiveDate> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn a_range_has_from_one_to_366_days() {
        let today = day("2026-11-21").unwrap();
        let count = |from, to| Range::of(from, to, today).map(Range::count).ok();
        assert_eq!(count(None, None), Some(30));
        assert_eq!(count(day("2024-01-01"), day("2024-12-31")), Some(366));
        assert_eq!(count(day("2024-01-01"), day("2025-01-01")), None);
        assert_eq!(count(day("2026-11-22"), None), None);
        assert_eq!(count(None, day("2026-01-01")), Some(30));
    }

    #[test]
    fn every_day_of_a_range_is_there() {
        let range = Range::of(day("2024-02-27"), day("2024-03-01"), day("2026-01-01").unwrap()).unwrap();
        assert_eq!(range.days().count(), 4);
    }
}
