//! Find sign-ups that nobody came back for.

use std::time::Duration;

use super::{NewTenant, db};
use crate::platform::Landlord;

/// Stores of a cluster whose schema is still to be made, registered longer ago than that; at most a hundred, the oldest first.
pub async fn unfinished(landlord: &Landlord, cluster: &str, older_than: Duration) -> sqlx::Result<Vec<NewTenant>> {
    let mut tx = landlord.db.begin().await?;
    let found = db::provisioning(&mut tx, cluster, older_than).await?;
    tx.commit().await?;
    Ok(found)
}
