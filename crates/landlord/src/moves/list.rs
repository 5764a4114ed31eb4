//! Find moves.

use kernel::db::LandlordTx;
use kernel::id::TenantId;

use super::{Begun, Move, db};

/// The latest move of a store.
pub async fn last(tx: &mut LandlordTx, tenant: TenantId) -> sqlx::Result<Option<Move>> {
    db::last_of(tx, tenant).await
}

/// Takes a move that is past its copying and that nobody is at.
pub async fn abandoned(tx: &mut LandlordTx) -> sqlx::Result<Option<Begun>> {
    let taken = db::take_abandoned(tx).await?;
    Ok(taken.map(|one| Begun { turn: one.turn(), one }))
}

/// Moves whose old place need no longer be kept; of one store, all that have one.
pub async fn kept(tx: &mut LandlordTx, only: Option<TenantId>) -> sqlx::Result<Vec<Move>> {
    db::kept(tx, only).await
}

/// Stores that are on their way, or whose way is to be cleared up.
pub async fn under_way(tx: &mut LandlordTx) -> sqlx::Result<Vec<TenantId>> {
    db::under_way(tx).await
}

/// What was left at the old place is gone.
pub async fn purged(tx: &mut LandlordTx, id: i64) -> sqlx::Result<()> {
    db::set_purged(tx, id).await
}
