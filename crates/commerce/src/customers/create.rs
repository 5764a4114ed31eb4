//! Write a customer down.

use kernel::db::retrying;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Customer, CustomerError, CustomerStatus, db};
use crate::activity::{self, Act};
use crate::shop::Shop;

/// A customer to be written down.
#[derive(Debug, Clone, Serialize, Deserialize, garde::Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateCustomer {
    /// Their address; the same in other letters is the same customer.
    #[garde(email, length(min = 3, max = 254))]
    #[schema(format = "email", min_length = 3, max_length = 254)]
    pub email: String,
    /// What people call them.
    #[garde(inner(length(chars, min = 1, max = 200), custom(visible)))]
    #[schema(min_length = 1, max_length = 200)]
    pub name: Option<String>,
    /// May they buy?
    #[serde(default = "active")]
    #[garde(skip)]
    pub status: CustomerStatus,
    /// Do their orders go on without review?
    #[serde(default)]
    #[garde(skip)]
    pub trusted: bool,
    /// For staff alone.
    #[garde(inner(length(chars, max = 2000), custom(storable)))]
    #[schema(max_length = 2000)]
    pub note: Option<String>,
}

fn active() -> CustomerStatus {
    CustomerStatus::Active
}

pub(super) fn visible(text: &str, (): &()) -> garde::Result {
    if text.trim().is_empty() {
        return Err(garde::Error::new("must not be blank"));
    }
    storable(text, &())
}

pub(super) fn storable(text: &str, (): &()) -> garde::Result {
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err(garde::Error::new("must not hold control characters"));
    }
    Ok(())
}

/// Writes a customer down.
pub async fn create(shop: &Shop, request: &CreateCustomer) -> Result<Customer, CustomerError> {
    retrying(|| async {
        let mut tx = shop.db.begin().await?;
        let customer = db::insert(&mut tx, request).await?;
        let act = Act {
            action: "customer.created",
            entity_type: "customer",
            entity_id: customer.id.0,
            before: None,
            after: Some(json!(customer)),
        };
        activity::note(&mut tx, shop, &act).await?;
        tx.commit().await?;
        Ok(customer)
    })
    .await
}
