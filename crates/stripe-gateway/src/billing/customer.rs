//! Customers: who pays for a subscription.

use stripe_core::customer::{CreateCustomer, RetrieveCustomer, RetrieveCustomerReturned};

use super::catalog::named;
use crate::retry::{Call, checked_id};
use crate::{GatewayError, StripeGateway};

/// A customer to make.
#[derive(Debug, Clone)]
pub struct NewCustomer {
    /// The same key never makes a second customer.
    pub idempotency_key: String,
    /// Where Stripe writes to.
    pub email: Option<String>,
    /// As it stands on invoices.
    pub name: String,
    /// Our own names on it.
    pub metadata: Vec<(String, String)>,
}

/// A customer that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CustomerFound {
    /// It lives.
    Living,
    /// It was deleted, and with it its subscriptions.
    Deleted,
}

impl StripeGateway {
    /// Makes a customer; its id.
    ///
    /// # Errors
    /// See [`GatewayError`].
    pub async fn create_customer(&self, new: NewCustomer) -> Result<String, GatewayError> {
        let mut request = CreateCustomer::new().name(new.name).metadata(named(new.metadata));
        if let Some(email) = new.email {
            request = request.email(email);
        }
        let call = Call { key: Some(&new.idempotency_key), account: None };
        Ok(self.send(&request, call).await?.id.to_string())
    }

    /// Does this customer still exist?
    ///
    /// # Errors
    /// `Rejected` with status 404 when there never was one.
    pub async fn customer(&self, id: &str) -> Result<CustomerFound, GatewayError> {
        let request = RetrieveCustomer::new(checked_id(id)?);
        Ok(match self.send(&request, Call { key: None, account: None }).await? {
            RetrieveCustomerReturned::Customer(_) => CustomerFound::Living,
            RetrieveCustomerReturned::DeletedCustomer(_) => CustomerFound::Deleted,
        })
    }
}
