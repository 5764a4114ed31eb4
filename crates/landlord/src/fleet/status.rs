//! Tell how a run fares.

use kernel::db::LandlordTx;

use super::{Counts, Failure, Run, db};

/// The run that is open.
pub async fn unfinished(tx: &mut LandlordTx) -> sqlx::Result<Option<Run>> {
    db::unfinished(tx).await
}

/// The latest run, open or over.
pub async fn last(tx: &mut LandlordTx) -> sqlx::Result<Option<Run>> {
    db::last(tx).await
}

/// How its stores stand.
pub async fn counts(tx: &mut LandlordTx, run: i64) -> sqlx::Result<Counts> {
    db::counts(tx, run).await
}

/// The first stores that could not be brought up to date.
pub async fn failures(tx: &mut LandlordTx, run: i64, limit: i64) -> sqlx::Result<Vec<Failure>> {
    db::failures(tx, run, limit).await
}
