//! What sells best.

use chrono::NaiveDate;
use kernel::http::{Json, Query};
use kernel::page;
use kernel::problem::Problem;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::granted;
use super::range::Range;
use crate::access::{ReportsRead, Staff};
use crate::reports::sold::{self, SoldProduct};
use crate::shop::Shop;

/// Which days, in which order, and from where on.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ProductsQuery {
    /// The first day, such as 2026-11-01; 29 days before the last, if not given.
    from: Option<NaiveDate>,
    /// The last day; today, if not given. At most 366 days.
    to: Option<NaiveDate>,
    /// `revenue`, which is usual: what was paid for the goods, tax and shipping not counted; or `units`.
    by: Option<RankBy>,
    /// How many products, from 1 to 100.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i64>,
    /// `next_cursor` of the answer before.
    cursor: Option<String>,
}

/// What products are ranked by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
enum RankBy {
    Revenue,
    Units,
}

/// The products of which most was sold, the best first.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct ProductsReport {
    /// The first day.
    from: NaiveDate,
    /// The last day.
    to: NaiveDate,
    /// Where days begin and end: always UTC.
    time_zone: &'static str,
    /// What amounts are in.
    currency: &'static str,
    /// A page of them.
    data: Vec<ProductSales>,
    /// For the next page; null at the end.
    next_cursor: Option<String>,
}

/// A product, with what was sold of all its variants in orders that became sure on these days.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct ProductSales {
    /// Which.
    product_id: Uuid,
    /// Its title now.
    title: String,
    /// How many.
    units: i64,
    /// At their prices.
    gross_minor: i64,
    /// What was taken off.
    discount_minor: i64,
    /// gross − discount.
    revenue_minor: i64,
}

impl From<SoldProduct> for ProductSales {
    fn from(sold: SoldProduct) -> Self {
        Self {
            product_id: sold.product_id,
            title: sold.title,
            units: sold.units,
            gross_minor: sold.gross_minor,
            discount_minor: sold.discount_minor,
            revenue_minor: sold.gross_minor - sold.discount_minor,
        }
    }
}

/// The products of which most was sold.
#[utoipa::path(get, path = "/api/v1/admin/reports/top-products", tag = "reports", params(ProductsQuery),
    security(("staff" = [])),
    responses((status = 200, description = "The products, the best first", body = ProductsReport),
              (status = 403, description = "The plan has no reports, or the role may not see them"),
              (status = 400, description = "No such cursor"),
              (status = 422, description = "Too many days")))]
pub(super) async fn top_products(
    _: Staff<ReportsRead>,
    shop: Shop,
    Query(query): Query<ProductsQuery>,
) -> Result<Json<ProductsReport>, Problem> {
    granted(&shop)?;
    let limit = page::limit(query.limit)?;
    let range = Range::of(query.from, query.to, shop.clock.now().date_naive())?;
    let after = page::after::<(i64, Uuid)>(query.cursor.as_deref())?.unwrap_or((i64::MAX, Uuid::max()));
    let by_units = query.by == Some(RankBy::Units);
    let mut tx = shop.db.begin().await.map_err(Problem::database)?;
    let days = (range.from, range.to);
    let found = sold::products(&mut tx, days, by_units, after, limit + 1).await.map_err(Problem::database)?;
    tx.commit().await.map_err(Problem::database)?;
    let page = page::cut(found, limit, |sold| (sold.rank, sold.product_id));
    Ok(Json(ProductsReport {
        from: range.from,
        to: range.to,
        time_zone: "UTC",
        currency: shop.currency.code(),
        data: page.data.into_iter().map(ProductSales::from).collect(),
        next_cursor: page.next_cursor,
    }))
}
