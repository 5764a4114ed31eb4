//! Write down the clusters that the settings name.

use kernel::db::LandlordTx;

use super::db;

/// A cluster as the settings have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    /// Its name.
    pub id: String,
    /// Its part of the stores.
    pub weight: i32,
    /// The plans whose stores it takes; `None`: all.
    pub plans: Option<Vec<String>>,
}

/// Writes them down. One that is no longer named stays, for stores may be in it; nothing new is placed there.
pub async fn declare(tx: &mut LandlordTx, clusters: &[Declared]) -> sqlx::Result<()> {
    for cluster in clusters {
        db::declare(tx, cluster).await?;
    }
    Ok(())
}
