//! How visits become orders, by day.

use chrono::NaiveDate;
use kernel::http::{Json, Query};
use kernel::problem::Problem;
use serde::Serialize;

use super::range::{Range, RangeQuery};
use super::{granted, part, read};
use crate::access::{ReportsRead, Staff};
use crate::reports::db::ShownDay;
use crate::shop::Shop;

/// How visits become orders, by day.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct FunnelReport {
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
pub(super) async fn funnel(
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
