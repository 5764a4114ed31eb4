//! The steps of a move. Each names its lease: whoever was taken over changes nothing.

use kernel::db::LandlordTx;
use kernel::origin::Origin;
use serde_json::json;

use super::{Move, MoveError, MoveStep, Turn, db};
use crate::audit::{self, Act};
use crate::{changes, tenants};

/// Keeps the move for longer. False when another process has it.
pub async fn hold(tx: &mut LandlordTx, turn: Turn) -> sqlx::Result<bool> {
    db::extend(tx, turn.id, turn.lease).await
}

/// From now on the store is read and not written; all processes hear of it.
pub async fn close(tx: &mut LandlordTx, turn: Turn, one: &Move) -> Result<(), MoveError> {
    // The store before its move, as everywhere.
    tenants::lock_place(tx, one.tenant).await?;
    step(tx, turn, &[MoveStep::Copying, MoveStep::Closing], MoveStep::Closing).await?;
    tenants::set_moving(tx, one.tenant, true).await?;
    changes::tell(tx, one.tenant).await?;
    Ok(())
}

/// The store can be written again where it was: before [`close`] is tried again, or for good. Whoever was at the move
/// before is out.
pub async fn reopen(tx: &mut LandlordTx, one: &Move, error: &str) -> Result<bool, MoveError> {
    tenants::lock_place(tx, one.tenant).await?;
    if !db::reopen(tx, one.id, one.lease, error).await? {
        return Ok(false);
    }
    tenants::set_moving(tx, one.tenant, false).await?;
    changes::tell(tx, one.tenant).await?;
    Ok(true)
}

/// From now on the store is where it goes; all processes hear of it.
pub async fn switch(
    tx: &mut LandlordTx,
    origin: &Origin,
    turn: Turn,
    one: &Move,
    window_ms: i64,
) -> Result<(), MoveError> {
    let (state, _) = tenants::lock_place(tx, one.tenant).await?.ok_or(MoveError::NotFound)?;
    if !state.has_schema() {
        return Err(MoveError::WrongState(state));
    }
    step(tx, turn, &[MoveStep::Closing], MoveStep::Switched).await?;
    db::set_window(tx, turn.id, window_ms).await?;
    if !tenants::relocate(tx, one.tenant, &one.from, &one.to).await? {
        return Err(MoveError::Lost);
    }
    tenants::set_moving(tx, one.tenant, false).await?;
    changes::tell(tx, one.tenant).await?;
    let data = json!({ "from": one.from, "to": one.to, "window_ms": window_ms });
    let act = Act { action: "tenant.moved", tenant: Some(one.tenant), account: None, data };
    audit::note(tx, origin, &act).await?;
    Ok(())
}

/// What is left at the old place is put away, and kept for so many days.
pub async fn finish(tx: &mut LandlordTx, turn: Turn, keep_days: i32) -> Result<(), MoveError> {
    step(tx, turn, &[MoveStep::Switched], MoveStep::Done).await?;
    db::keep(tx, turn.id, keep_days).await?;
    Ok(())
}

/// The store stays where it is; the move, which is `copying`, is over.
pub async fn cancel(tx: &mut LandlordTx, origin: &Origin, turn: Turn, one: &Move) -> Result<(), MoveError> {
    step(tx, turn, &[MoveStep::Copying], MoveStep::Cancelled).await?;
    let data = json!({ "from": one.from, "to": one.to });
    let act = Act { action: "tenant.move_cancelled", tenant: Some(one.tenant), account: None, data };
    audit::note(tx, origin, &act).await?;
    Ok(())
}

async fn step(tx: &mut LandlordTx, turn: Turn, from: &[MoveStep], to: MoveStep) -> Result<(), MoveError> {
    let from: Vec<String> = from.iter().map(|step| step.name().to_owned()).collect();
    if db::set_step(tx, turn.id, turn.lease, &from, to).await? { Ok(()) } else { Err(MoveError::Lost) }
}
