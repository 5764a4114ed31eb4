//! Log out.

use kernel::db::LandlordTx;

use super::{SessionId, db};

/// Revokes the session: its access tokens fail from now on, and no refresh token of it buys another.
pub async fn logout(tx: &mut LandlordTx, session: SessionId) -> sqlx::Result<()> {
    db::revoke(tx, session, "logged out").await?;
    Ok(())
}
