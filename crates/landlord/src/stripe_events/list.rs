//! Look at messages, and have one processed again.

use kernel::db::LandlordTx;
use kernel::id::TenantId;

use super::{EventRow, EventState, db};

/// The newest messages before `before`: all of them, those in one state, those about one store.
pub async fn list(
    tx: &mut LandlordTx,
    state: Option<EventState>,
    tenant: Option<TenantId>,
    before: Option<i64>,
    limit: i64,
) -> sqlx::Result<Vec<EventRow>> {
    db::list(tx, state.map(EventState::name), tenant, before.unwrap_or(i64::MAX), limit).await
}

/// Opens a message again that was put aside; its row, and whether it was processed. `None`: there is no such message.
pub async fn reopen(tx: &mut LandlordTx, event_id: &str) -> sqlx::Result<Option<(i64, bool)>> {
    db::reopen(tx, event_id).await
}
