//! What others need to know of customers.

use std::collections::HashSet;

use kernel::db::TenantTx;

use super::{Customer, CustomerError, CustomerId, CustomerStatus, db};
use crate::shop::Shop;

/// Customers that a checkout treats differently from strangers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// Addresses that may not buy.
    pub blocked: HashSet<String>,
    /// Addresses whose orders go on without review.
    pub trusted: HashSet<String>,
}

/// What the store knows of these addresses, which are in lower case: one statement, however many.
pub async fn known(tx: &mut TenantTx, emails: &[String]) -> sqlx::Result<Known> {
    let mut known = Known::default();
    for (email, status, trusted) in db::known(tx, emails).await? {
        if status == CustomerStatus::Blocked {
            known.blocked.insert(email.clone());
        }
        if trusted {
            known.trusted.insert(email);
        }
    }
    Ok(known)
}

/// The customer.
pub async fn customer(shop: &Shop, id: CustomerId) -> Result<Customer, CustomerError> {
    let mut tx = shop.db.begin().await?;
    let customer = db::read(&mut tx, id).await?.ok_or(CustomerError::NotFound)?;
    tx.commit().await?;
    Ok(customer)
}
