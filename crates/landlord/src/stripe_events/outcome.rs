//! Take messages to process them, and say what became of them.

use std::time::Duration;

use kernel::db::LandlordTx;
use kernel::id::TenantId;
use uuid::Uuid;

use super::{Open, db};

/// Longer than processing one message takes when the provider takes all its time.
pub(super) const LEASE: Duration = Duration::from_secs(90);
/// First pause, doubled each time up to the longest: twelve tries are about two days.
const FIRST: f64 = 15.0;
const LONGEST: f64 = 6.0 * 3600.0;

/// Messages that are due, of some tenants or of all.
pub async fn claim_due(tx: &mut LandlordTx, only: Option<&[Uuid]>, limit: i64) -> sqlx::Result<Vec<Open>> {
    db::claim_due(tx, only, limit, LEASE.as_secs_f64()).await
}

/// One message, whether or not it is due.
pub async fn claim(tx: &mut LandlordTx, id: i64) -> sqlx::Result<Option<Open>> {
    db::claim(tx, id, LEASE.as_secs_f64()).await
}

/// It is processed. False when somebody else was faster.
pub async fn finish(tx: &mut LandlordTx, id: i64, outcome: &str, tenant: Option<TenantId>) -> sqlx::Result<bool> {
    db::finish(tx, id, outcome, tenant).await
}

/// It could not be processed. True when it is put aside for that: it failed too often.
pub async fn fail(tx: &mut LandlordTx, open: &Open, error: &str, tries: i32) -> sqlx::Result<bool> {
    let again_after = again_after(open.attempts, tries);
    db::fail(tx, open.id, error, again_after).await?;
    Ok(again_after.is_none())
}

fn again_after(attempts: i32, tries: i32) -> Option<f64> {
    (attempts < tries).then(|| (FIRST * 2f64.powi(attempts.saturating_sub(1).clamp(0, 30))).min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end() {
        assert_eq!(again_after(1, 12), Some(15.0));
        assert_eq!(again_after(4, 12), Some(120.0));
        assert_eq!(again_after(12, 12), None);
        assert_eq!(again_after(1000, 2000), Some(LONGEST));
        let total: f64 = (1..12).filter_map(|attempt| again_after(attempt, 12)).sum();
        assert!(total > 8.0 * 3600.0, "{total}");
    }
}
