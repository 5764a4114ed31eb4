//! Open a run.

use kernel::db::{LandlordTx, on_constraint};
use kernel::origin::Origin;
use serde_json::json;

use super::{Planned, Run, RunState, db};
use crate::audit::{self, Act};

/// Why a run cannot begin.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum FleetError {
    #[error("another process has just begun a run; `souk fleet status` shows it")]
    Open,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

/// Opens a run over these schemas. Without canaries among them it goes on with the rest at once.
pub async fn open(tx: &mut LandlordTx, origin: &Origin, target: i64, planned: &[Planned]) -> Result<i64, FleetError> {
    let state = if planned.iter().any(|one| one.canary) { RunState::Canary } else { RunState::Rolling };
    let run =
        db::insert(tx, target, state).await.map_err(on_constraint("fleet_runs_one_at_a_time", FleetError::Open))?;
    db::insert_stores(tx, run, planned).await?;
    let data = json!({ "run": run, "target_version": target, "schemas": planned.len() });
    audit::note(tx, origin, &Act { action: "fleet.migrate", tenant: None, account: None, data }).await?;
    Ok(run)
}

/// Ends a run that nobody is at, because a newer version came.
pub async fn supersede(tx: &mut LandlordTx, run: &Run) -> sqlx::Result<()> {
    db::supersede(tx, run.id).await
}
