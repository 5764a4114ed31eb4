//! Sales by day.

use chrono::NaiveDate;
use kernel::http::{Json, Query};
use kernel::problem::Problem;
use serde::Serialize;

use super::range::{Range, RangeQuery};
use super::{granted, read};
use crate::access::{ReportsRead, Staff};
use crate::reports::db::ShownDay;
use crate::shop::Shop;

/// Sales by day.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct SalesReport {
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
pub(super) async fn sales(
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
