//! Sign up: an account, a store and a session in one act.

use kernel::idempotency::{Answer, IdempotencyKey};
use kernel::origin::Origin;

use super::{Registration, SignUp, TenantError, Ticket, activate, finish_signup, register};
use crate::platform::Landlord;

/// Registers the store, has its schema made, opens it and its owner's session. Any step may be the second attempt of
/// one that a crash cut short.
pub async fn sign_up(
    landlord: &Landlord,
    origin: &Origin,
    key: &IdempotencyKey,
    request: &SignUp,
) -> Result<Answer, TenantError> {
    let ticket = match register::register(landlord, origin, key, request).await? {
        Registration::New(ticket) | Registration::Resume(ticket) => ticket,
        Registration::Answered(answer) => return Ok(answer),
    };
    match settle(landlord, origin, &ticket).await {
        Ok(answer) => Ok(answer),
        Err(error) => {
            register::release(landlord, &ticket.held).await;
            Err(error)
        }
    }
}

async fn settle(landlord: &Landlord, origin: &Origin, ticket: &Ticket) -> Result<Answer, TenantError> {
    (landlord.provision)(ticket.tenant.clone()).await?;
    activate(landlord, ticket.tenant.id).await?;
    finish_signup(landlord, origin, ticket).await
}
