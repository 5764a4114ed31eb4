//! Who may call: extractors that refuse before a handler runs. What nobody granted is denied.

use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use kernel::id::AccountId;
use kernel::problem::Problem;

/// What an account is in a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Role {
    Owner,
    Manager,
    Fulfilment,
    Support,
    Viewer,
}

use Role::{Fulfilment, Manager, Owner, Support, Viewer};

impl Role {
    /// All roles.
    pub const ALL: [Self; 5] = [Owner, Manager, Fulfilment, Support, Viewer];

    /// Reads the name that the landlord stores.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    /// The name that the landlord stores.
    pub fn name(self) -> &'static str {
        match self {
            Owner => "owner",
            Manager => "manager",
            Fulfilment => "fulfilment",
            Support => "support",
            Viewer => "viewer",
        }
    }
}

/// Somebody who has a role in this store; put into the request by the server once the credential is verified.
#[derive(Debug, Clone, Copy)]
pub struct StaffIdentity {
    /// Who.
    pub account: AccountId,
    /// What they are here.
    pub role: Role,
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
        if P::ROLES.contains(&identity.role) {
            Ok(Self { identity, permission: PhantomData })
        } else {
            let detail = format!("your role, {}, does not include {}", identity.role.name(), P::NAME);
            Err(Problem::new(StatusCode::FORBIDDEN, "auth.forbidden", detail).with("permission", P::NAME))
        }
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
