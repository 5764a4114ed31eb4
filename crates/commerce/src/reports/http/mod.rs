//! The HTTP face of reports. Days are days in UTC; a day without anything is there, with zeros.

mod funnel;
mod products;
mod range;
mod sales;
mod turnover;

use axum::http::StatusCode;
use chrono::NaiveDate;
use kernel::problem::Problem;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::range::Range;
use super::db::{self, ShownDay};
use crate::shop::Shop;

const FEATURE: &str = "reports";

/// The routes for staff.
pub fn staff_routes() -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(sales::sales))
        .routes(routes!(funnel::funnel))
        .routes(routes!(products::top_products))
        .routes(routes!(turnover::stock_turnover))
}

/// Is it part of the plan?
fn granted(shop: &Shop) -> Result<(), Problem> {
    if shop.entitlements.has(FEATURE) {
        return Ok(());
    }
    let detail = "the store's plan has no reports; change the plan to see them";
    Err(Problem::new(StatusCode::FORBIDDEN, "feature.not_in_plan", detail).with("feature", FEATURE))
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
