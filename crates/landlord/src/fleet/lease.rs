//! One process at a time is at a run.

use std::time::Duration;

use kernel::db::LandlordTx;

use super::{Signal, Turn, db};

/// How long a process that is not heard of keeps a run.
const LEASE: Duration = Duration::from_secs(30);

/// Takes a run that nobody is at. `None` when somebody is, or when it is over.
pub async fn take(tx: &mut LandlordTx, run: i64, node: &str) -> sqlx::Result<Option<Turn>> {
    Ok(db::take(tx, run, node, LEASE.as_secs_f64()).await?.map(|lease| Turn { run, lease }))
}

/// Keeps the run for longer, and tells whether to go on.
pub async fn hold(tx: &mut LandlordTx, turn: Turn) -> sqlx::Result<Signal> {
    Ok(match db::extend(tx, turn.run, turn.lease, LEASE.as_secs_f64()).await? {
        Some(false) => Signal::Go,
        Some(true) => Signal::Pause,
        None => Signal::Lost,
    })
}

/// Lets go of a run that is not over, so that another process may go on at once.
pub async fn release(tx: &mut LandlordTx, turn: Turn) -> sqlx::Result<()> {
    db::release(tx, turn.run, turn.lease).await
}
