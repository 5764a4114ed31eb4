//! Go through everything that a store keeps.

use std::time::{Duration, Instant};

use kernel::db::retrying;

use super::put_away::{Cursor, put_away};
use crate::shop::Shop;
use crate::{inventory, payments};

/// How long one go may take: well within a job's lease.
const PATIENCE: Duration = Duration::from_secs(30);

/// How far it got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Nothing is left that is old enough.
    Done,
    /// There is more.
    More,
}

/// Puts away what is old enough, until nothing is left or it has taken long enough. What was done stays done.
pub async fn retain(shop: &Shop) -> sqlx::Result<Progress> {
    let start = Instant::now();
    let late = || start.elapsed() > PATIENCE;
    let days = shop.platform.retention;
    let mut put = 0;
    let mut at = Cursor::start();
    while let Some(next) = retrying(|| put_away(shop, at)).await? {
        put += next.events;
        at = next.cursor;
        if late() {
            tracing::info!(tenant = %shop.slug, events = put, "putting events away; more to come");
            return Ok(Progress::More);
        }
    }
    let mut added_up = 0;
    let mut after = 0;
    while let Some((last, rows)) = retrying(|| inventory::carry_over(shop, days.movement_days, after)).await? {
        after = last;
        added_up += rows;
        if late() {
            return Ok(Progress::More);
        }
    }
    let mut forgotten = 0;
    loop {
        let rows =
            payments::forget_provider_events(shop, days.provider_event_days, days.provider_event_id_days).await?;
        forgotten += rows;
        if rows == 0 {
            break;
        }
        if late() {
            return Ok(Progress::More);
        }
    }
    if put + added_up + forgotten > 0 {
        tracing::info!(
            tenant = %shop.slug, events = put, movements = added_up, provider_events = forgotten, "put away what was old"
        );
    }
    Ok(Progress::Done)
}
