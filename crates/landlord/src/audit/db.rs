//! The SQL of the audit log.

use kernel::db::LandlordTx;
use serde_json::Value;

use super::Act;

pub(super) async fn insert(tx: &mut LandlordTx, act: &Act, actor: &Value, request_id: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into audit_log (actor, action, tenant_id, account_id, data, request_id) values ($1, $2, $3, $4, $5, $6)",
        actor,
        act.action,
        act.tenant.map(|tenant| tenant.0),
        act.account.map(|account| account.0),
        act.data,
        request_id,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
