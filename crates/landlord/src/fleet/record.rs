//! Record what became of each store of a run, and of the run.

use kernel::db::LandlordTx;
use kernel::id::TenantId;

use super::{RunState, Turn, Waiting, db};

/// Most of an error that is kept.
const ERROR: usize = 2000;

/// Those whose turn is still to come: first all canaries, then all others.
pub async fn waiting(
    tx: &mut LandlordTx,
    run: i64,
    canaries: bool,
    after: Option<TenantId>,
    limit: i64,
) -> sqlx::Result<Vec<Waiting>> {
    db::waiting(tx, run, canaries, after, limit).await
}

/// A store is up to date.
pub async fn done(tx: &mut LandlordTx, run: i64, store: TenantId, tries: i32) -> sqlx::Result<()> {
    db::settle(tx, run, store, tries, None).await
}

/// A store could not be brought up to date.
pub async fn failed(tx: &mut LandlordTx, run: i64, store: TenantId, tries: i32, error: &str) -> sqlx::Result<()> {
    let error: String = error.chars().filter(|letter| *letter != '\0').take(ERROR).collect();
    db::settle(tx, run, store, tries, Some(&error)).await
}

/// The run goes on to its next part, or is over. False when another process has it now.
pub async fn finish(tx: &mut LandlordTx, turn: Turn, state: RunState) -> sqlx::Result<bool> {
    let over = match state {
        RunState::Canary | RunState::Rolling => false,
        RunState::Finished | RunState::Failed | RunState::Stopped | RunState::Superseded => true,
    };
    db::set_state(tx, turn.run, turn.lease, state, over).await
}
