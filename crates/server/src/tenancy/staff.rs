//! Who of the staff a request comes from.

use axum::http::StatusCode;
use axum::http::request::Parts;
use commerce::access::{Role, Scopes, StaffIdentity};
use commerce::shop::Shop;
use kernel::id::{AccountId, TenantId};
use kernel::origin::Origin;
use kernel::problem::Problem;
use landlord::Landlord;
use landlord::accounts;
use landlord::api_keys::{self, ApiKeyKind};

/// The caller's role in this store: that of an account with an access token, or what a secret key opens. Asked of the database every time: whoever is logged out or removed is out at once.
/// A token says who somebody is, never what they may do where.
pub async fn identify(landlord: &Landlord, tenant: TenantId, parts: &Parts) -> Result<StaffIdentity, Problem> {
    let token = landlord::access::bearer(&parts.headers).ok_or_else(Problem::unauthenticated)?;
    if token.starts_with(ApiKeyKind::Secret.prefix()) {
        return by_key(landlord, tenant, token, parts).await;
    }
    let claims = accounts::verify_access(landlord, token).map_err(|_| Problem::unauthenticated())?;
    let found = landlord::tenants::staff_role(&landlord.db, claims.sub, claims.sid, tenant).await;
    let role = found.map_err(Problem::database)?;
    match role.as_deref().map(Role::from_name) {
        Some(Some(role)) => Ok(StaffIdentity { account: claims.sub, role, key: None }),
        Some(None) => Err(Problem::internal("the landlord knows a role that the store does not")),
        None => {
            let alive = accounts::session_alive(landlord, &claims).await.map_err(Problem::database)?;
            Err(match alive {
                Some(account) if account.platform_admin && !account.second_factor_shown => {
                    landlord::access::second_factor_missing()
                }
                Some(_) => {
                    Problem::new(StatusCode::FORBIDDEN, "auth.not_a_member", "this account has no role in this store")
                }
                None => Problem::unauthenticated(),
            })
        }
    }
}

/// A key opens the store that it was made in, and no other: there it is as unknown as one that never was.
async fn by_key(landlord: &Landlord, tenant: TenantId, key: &str, parts: &Parts) -> Result<StaffIdentity, Problem> {
    let ip = parts.extensions.get::<Origin>().and_then(|origin| origin.ip);
    let holder = api_keys::authenticate(landlord, tenant, key, ip).await.map_err(Problem::database)?;
    let holder = holder.ok_or_else(Problem::unauthenticated)?;
    let scopes = Scopes::of(holder.scopes.iter().map(String::as_str));
    Ok(StaffIdentity { account: AccountId(holder.id.0), role: holder.role, key: Some(scopes) })
}

/// Lets a request of shoppers pass that names no storefront, or one of this store.
pub async fn storefront_of(landlord: &Landlord, shop: &Shop, parts: &Parts) -> Result<(), Problem> {
    let mut values = parts.headers.get_all("souk-publishable-key").iter();
    let Some(value) = values.next() else { return Ok(()) };
    let key = value.to_str().ok().filter(|_| values.next().is_none());
    let known = match key {
        Some(key) => {
            let ip = shop.origin.ip;
            api_keys::is_publishable(landlord, shop.id, key, ip).await.map_err(Problem::database)?
        }
        None => false,
    };
    if known {
        return Ok(());
    }
    let detail = "the Souk-Publishable-Key is not one of this store's; leave it away, or send the right one";
    Err(Problem::new(StatusCode::UNAUTHORIZED, "api_key.unknown", detail))
}
