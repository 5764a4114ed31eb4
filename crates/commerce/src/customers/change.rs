//! Change what the store knows of a customer.

use kernel::db::retrying;
use serde::{Deserialize, Deserializer};
use serde_json::json;

use super::create::{storable, visible};
use super::{Customer, CustomerError, CustomerId, CustomerStatus, db};
use crate::activity::{self, Act};
use crate::shop::Shop;

/// What to change; a field that is not there stays as it is.
#[derive(Debug, Clone, Deserialize, garde::Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeCustomer {
    /// What people call them; null takes it away.
    #[serde(default, deserialize_with = "present")]
    #[garde(inner(inner(length(chars, min = 1, max = 200), custom(visible))))]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200)]
    pub name: Option<Option<String>>,
    /// May they buy?
    #[garde(skip)]
    pub status: Option<CustomerStatus>,
    /// Do their orders go on without review?
    #[garde(skip)]
    pub trusted: Option<bool>,
    /// For staff alone; null takes it away.
    #[serde(default, deserialize_with = "present")]
    #[garde(inner(inner(length(chars, max = 2000), custom(storable))))]
    #[schema(value_type = Option<String>, max_length = 2000)]
    pub note: Option<Option<String>>,
}

/// Tells null, which takes a value away, from a field that is not there.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Changes what is given.
pub async fn change(shop: &Shop, id: CustomerId, change: &ChangeCustomer) -> Result<Customer, CustomerError> {
    retrying(|| async {
        let mut tx = shop.db.begin().await?;
        let before = db::lock(&mut tx, id).await?.ok_or(CustomerError::NotFound)?;
        let after = db::update(&mut tx, id, change).await?;
        let act = Act {
            action: "customer.updated",
            entity_type: "customer",
            entity_id: id.0,
            before: Some(json!(before)),
            after: Some(json!(after)),
        };
        activity::note(&mut tx, shop, &act).await?;
        tx.commit().await?;
        Ok(after)
    })
    .await
}
