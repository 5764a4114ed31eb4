//! Who of the staff a request comes from.

use axum::http::StatusCode;
use axum::http::request::Parts;
use commerce::access::{Role, StaffIdentity};
use kernel::id::TenantId;
use kernel::problem::Problem;
use landlord::Landlord;
use landlord::accounts;

/// The caller's role in this store, asked of the database every time: whoever is logged out or removed is out at once.
/// A token says who somebody is, never what they may do where.
pub async fn identify(landlord: &Landlord, tenant: TenantId, parts: &Parts) -> Result<StaffIdentity, Problem> {
    let token = landlord::access::bearer(&parts.headers).ok_or_else(Problem::unauthenticated)?;
    let claims = accounts::verify_access(landlord, token).map_err(|_| Problem::unauthenticated())?;
    let found = landlord::tenants::staff_role(&landlord.db, claims.sub, claims.sid, tenant).await;
    let role = found.map_err(Problem::database)?;
    match role.as_deref().map(Role::from_name) {
        Some(Some(role)) => Ok(StaffIdentity { account: claims.sub, role }),
        Some(None) => Err(Problem::internal("the landlord knows a role that the store does not")),
        None => {
            let alive = accounts::session_alive(landlord, &claims).await.map_err(Problem::database)?;
            Err(match alive {
                Some(_) => {
                    Problem::new(StatusCode::FORBIDDEN, "auth.not_a_member", "this account has no role in this store")
                }
                None => Problem::unauthenticated(),
            })
        }
    }
}
