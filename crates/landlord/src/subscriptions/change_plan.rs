//! Change the plan of a tenant.

use axum::http::StatusCode;
use kernel::db::LandlordTx;
use kernel::id::TenantId;
use kernel::origin::Origin;
use kernel::problem::Problem;
use serde_json::json;

use super::db;
use crate::audit::{self, Act};
use crate::{changes, plans};

/// Why a plan cannot be changed.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum ChangePlanError {
    #[error("there is no such plan on offer")]
    UnknownPlan,
    #[error("there is no such tenant")]
    UnknownTenant,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl From<ChangePlanError> for Problem {
    fn from(error: ChangePlanError) -> Self {
        match error {
            ChangePlanError::UnknownPlan => Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "plan.unknown", error),
            ChangePlanError::UnknownTenant => Problem::not_found("tenant"),
            ChangePlanError::Database(cause) => Problem::database(cause),
        }
    }
}

/// Puts the tenant on another plan, at once. What the provider charges is another matter.
pub async fn change_plan(
    tx: &mut LandlordTx,
    origin: &Origin,
    tenant: TenantId,
    plan: &str,
) -> Result<(), ChangePlanError> {
    let plan = plans::on_offer(tx, Some(plan)).await?.ok_or(ChangePlanError::UnknownPlan)?;
    let before = db::lock_plan(tx, tenant).await?.ok_or(ChangePlanError::UnknownTenant)?;
    db::set_plan(tx, tenant, &plan.code).await?;
    changes::tell(tx, tenant).await?;
    let data = json!({"before": before, "after": plan.code});
    let act = Act { action: "tenant.plan_changed", tenant: Some(tenant), account: None, data };
    audit::note(tx, origin, &act).await?;
    Ok(())
}
