//! Begin a move, or go on with one.

use kernel::db::LandlordTx;
use kernel::id::TenantId;
use kernel::origin::Origin;
use serde_json::json;

use super::{Move, MoveError, MoveStep, Turn, db};
use crate::audit::{self, Act};
use crate::tenants;

/// A move, and the right to go on with it.
#[derive(Debug)]
pub struct Begun {
    /// The move.
    pub one: Move,
    /// The right.
    pub turn: Turn,
}

/// Begins to move a store to `to`, or takes up the move that is open and that nobody is at.
pub async fn start(tx: &mut LandlordTx, origin: &Origin, tenant: TenantId, to: &str) -> Result<Begun, MoveError> {
    let (state, from) = tenants::lock_place(tx, tenant).await?.ok_or(MoveError::NotFound)?;
    if let Some(open) = db::open_of(tx, tenant).await? {
        if open.to != to {
            return Err(MoveError::Elsewhere(open.to));
        }
        let one = db::take(tx, open.id).await?.ok_or(MoveError::Held)?;
        let turn = one.turn();
        return Ok(Begun { one, turn });
    }
    if !state.has_schema() {
        return Err(MoveError::WrongState(state));
    }
    if from == to {
        return Err(MoveError::There(from));
    }
    if !db::is_cluster(tx, to).await? {
        return Err(MoveError::NoCluster(to.to_owned()));
    }
    let one = db::insert(tx, tenant, &from, to, MoveStep::Copying).await?;
    let data = json!({ "from": from, "to": to });
    let act = Act { action: "tenant.move_begun", tenant: Some(tenant), account: None, data };
    audit::note(tx, origin, &act).await?;
    let turn = one.turn();
    Ok(Begun { one, turn })
}
