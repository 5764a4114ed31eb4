//! Who may call: extractors that refuse before a handler runs. What nobody granted is denied.

use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use kernel::id::AccountId;
use kernel::problem::Problem;

use Role::{Fulfilment, Manager, Owner, Support, Viewer};
pub use kernel::role::Role;

/// Somebody who has a role in this store; put into the request by the server once the credential is verified.
#[derive(Debug, Clone, Copy)]
pub struct StaffIdentity {
    /// Who.
    pub account: AccountId,
    /// What they are here.
    pub role: Role,
    /// What a key may of that, when it is a program that calls; then `account` is the key's id.
    pub key: Option<Scopes>,
}

/// Permissions that a key was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scopes(u128);

impl Scopes {
    /// Those with these names; a name that nobody knows any more gives nothing.
    pub fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        Self(names.into_iter().filter_map(bit).fold(0, |all, one| all | one))
    }

    /// Is this permission among them?
    pub fn include(self, permission: &str) -> bool {
        bit(permission).is_some_and(|bit| self.0 & bit != 0)
    }
}

fn bit(permission: &str) -> Option<u128> {
    let at = PERMISSIONS.iter().position(|(name, _)| *name == permission)?;
    1u128.checked_shl(u32::try_from(at).ok()?)
}

/// What no key may: decide who gets in, and be the second person of a refund.
const FOR_PEOPLE: [&str; 5] = ["staff.read", "staff.write", "api_keys.read", "api_keys.write", "refunds.approve"];

/// May somebody of this role give a key this permission? No key is an owner.
pub fn may_be_a_scope(permission: &str, role: Role) -> bool {
    let role = if role == Owner { Manager } else { role };
    !FOR_PEOPLE.contains(&permission)
        && PERMISSIONS.iter().any(|(name, roles)| *name == permission && roles.contains(&role))
}

/// Something that a route needs to be allowed.
pub trait Permission: Send + Sync + 'static {
    /// Its name in refusals and documentation.
    const NAME: &'static str;
    /// Who has it.
    const ROLES: &'static [Role];
}

macro_rules! permissions {
    ($($permission:ident = $name:literal: $roles:expr;)*) => {
        $(
            #[doc = concat!("`", $name, "`")]
            #[derive(Debug, Clone, Copy)]
            pub struct $permission;

            impl Permission for $permission {
                const NAME: &'static str = $name;
                const ROLES: &'static [Role] = &$roles;
            }
        )*

        /// Every permission and who has it.
        pub const PERMISSIONS: &[(&str, &[Role])] = &[$(($name, &$roles)),*];
    };
}

permissions! {
    CatalogRead = "catalog.read": Role::ALL;
    CatalogWrite = "catalog.write": [Owner, Manager];
    StockRead = "stock.read": Role::ALL;
    StockWrite = "stock.write": [Owner, Manager, Fulfilment];
    CustomersRead = "customers.read": [Owner, Manager, Support, Viewer];
    CustomersWrite = "customers.write": [Owner, Manager, Support];
    OrdersRead = "orders.read": Role::ALL;
    OrdersFulfil = "orders.fulfil": [Owner, Manager, Fulfilment, Support];
    OrdersWrite = "orders.write": [Owner, Manager, Support];
    OrdersReview = "orders.review": [Owner, Manager];
    PaymentsWrite = "payments.write": [Owner, Manager];
    PaymentsRead = "payments.read": [Owner, Manager, Support];
    PricingRead = "pricing.read": Role::ALL;
    PricingWrite = "pricing.write": [Owner, Manager];
    RefundsRead = "refunds.read": [Owner, Manager, Support];
    RefundsWrite = "refunds.write": [Owner, Manager, Support];
    RefundsApprove = "refunds.approve": [Owner, Manager];
    SettingsRead = "settings.read": Role::ALL;
    SettingsWrite = "settings.write": [Owner, Manager];
    EventsRead = "events.read": [Owner, Manager];
    JobsRead = "jobs.read": [Owner, Manager];
    JobsWrite = "jobs.write": [Owner, Manager];
    ReportsRead = "reports.read": [Owner, Manager, Viewer];
    HealthRead = "health.read": [Owner, Manager];
    ActivityRead = "activity.read": [Owner, Manager];
    StaffRead = "staff.read": [Owner, Manager];
    StaffWrite = "staff.write": [Owner, Manager];
    ApiKeysRead = "api_keys.read": [Owner, Manager];
    ApiKeysWrite = "api_keys.write": [Owner, Manager];
}

/// A member of staff who has the permission `P`.
#[derive(Debug)]
pub struct Staff<P: Permission> {
    /// Who.
    pub identity: StaffIdentity,
    permission: PhantomData<P>,
}

impl<S: Send + Sync, P: Permission> FromRequestParts<S> for Staff<P> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Some(identity) = parts.extensions.get::<StaffIdentity>().copied() else {
            return Err(Problem::unauthenticated());
        };
        let detail = if !P::ROLES.contains(&identity.role) {
            format!("your role, {}, does not include {}", identity.role.name(), P::NAME)
        } else if identity.key.is_some_and(|scopes| !scopes.include(P::NAME)) {
            format!("the scopes of this key do not include {}", P::NAME)
        } else {
            return Ok(Self { identity, permission: PhantomData });
        };
        Err(Problem::new(StatusCode::FORBIDDEN, "auth.forbidden", detail).with("permission", P::NAME))
    }
}

/// The secret of a cart, from the header `Cart-Token`.
#[derive(Debug)]
pub struct CartToken(pub String);

/// The secret of an order, from the header `Order-Token`.
#[derive(Debug)]
pub struct OrderToken(pub String);

impl<S: Send + Sync> FromRequestParts<S> for CartToken {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        secret(parts, "cart-token", "cart.token_required", "send the cart's token in the header Cart-Token").map(Self)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for OrderToken {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        secret(parts, "order-token", "order.token_required", "send the order's token in the header Order-Token")
            .map(Self)
    }
}

fn secret(parts: &Parts, header: &str, code: &'static str, detail: &str) -> Result<String, Problem> {
    let mut values = parts.headers.get_all(header).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(Problem::new(StatusCode::UNAUTHORIZED, code, detail));
    };
    // A real one has 43 characters; words such as `null` or `undefined` come from broken clients.
    value
        .to_str()
        .ok()
        .map(str::trim)
        .filter(|secret| secret.len() >= 22)
        .map(str::to_owned)
        .ok_or_else(|| Problem::new(StatusCode::UNAUTHORIZED, code, detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_may_what_it_was_given_and_nothing_else() {
        assert!(PERMISSIONS.len() <= 128, "a bit for each");
        for (given, _) in PERMISSIONS {
            let scopes = Scopes::of([*given, "gone.by_now"]);
            let included: Vec<_> =
                PERMISSIONS.iter().filter(|(name, _)| scopes.include(name)).map(|(name, _)| *name).collect();
            assert_eq!(included, [*given]);
        }
        assert!(!Scopes::of([]).include("orders.read") && !Scopes::of(["x"]).include("x"));
    }

    #[test]
    fn nobody_gives_a_key_more_than_they_have_or_what_is_for_people() {
        for (name, roles) in PERMISSIONS {
            for role in Role::ALL {
                let may = roles.contains(&role) && !FOR_PEOPLE.contains(name);
                let may = may && (role != Owner || roles.contains(&Manager));
                assert_eq!(may_be_a_scope(name, role), may, "{name} {role:?}");
            }
        }
        assert!(FOR_PEOPLE.iter().all(|name| PERMISSIONS.iter().any(|known| known.0 == *name)));
    }
}
