//! Let no new stores into a cluster, or let them in again.

use kernel::db::LandlordTx;
use kernel::origin::Origin;
use serde_json::json;

use super::db;
use crate::audit::{self, Act};

/// Why a cluster cannot be drained.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum ClusterError {
    #[error("there is no such cluster")]
    NotFound,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

/// A cluster that drains takes no new stores; those in it stay until they are moved.
pub async fn drain(tx: &mut LandlordTx, origin: &Origin, id: &str, draining: bool) -> Result<(), ClusterError> {
    if !db::set_draining(tx, id, draining).await? {
        return Err(ClusterError::NotFound);
    }
    let action = if draining { "cluster.drained" } else { "cluster.undrained" };
    let act = Act { action, tenant: None, account: None, data: json!({ "cluster": id }) };
    audit::note(tx, origin, &act).await?;
    Ok(())
}
