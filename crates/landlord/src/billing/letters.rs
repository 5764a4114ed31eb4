//! What owners are written about their subscription. The one place from which billing writes letters.

use chrono::{DateTime, Utc};
use kernel::db::LandlordTx;
use kernel::id::TenantId;
use kernel::origin::Origin;

use crate::dunning::Step;

/// The mail of a step on the ladder.
pub async fn step(
    _tx: &mut LandlordTx,
    _origin: &Origin,
    tenant: TenantId,
    ladder: &str,
    _since: DateTime<Utc>,
    step: Step,
    _next: Option<Step>,
) -> sqlx::Result<()> {
    tracing::info!(%tenant, ladder, day = step.day, "a mail of the ladder");
    Ok(())
}
