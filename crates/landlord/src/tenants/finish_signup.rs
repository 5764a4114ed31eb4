//! Finish a sign-up: open a session and store the answer under the key.

use axum::http::StatusCode;
use kernel::idempotency::Answer;
use kernel::origin::{Actor, Origin};
use kernel::problem::Problem;
use serde::{Deserialize, Serialize};

use super::{SignedUp, TenantError, TenantState, TenantView, Ticket};
use crate::accounts::{self, AccountView, Grant};
use crate::idempotency;
use crate::platform::Landlord;

/// What is stored of a successful answer: all of it but the tokens, which follow from the grant and our key. So a
/// replay has the same bytes, and the database holds nothing that opens a session.
#[derive(Serialize, Deserialize)]
struct Receipt {
    account: AccountView,
    tenant: TenantView,
    grant: Grant,
}

impl Receipt {
    fn answer(self, landlord: &Landlord, replayed: bool) -> Result<Answer, TenantError> {
        let tokens = landlord.keys.first_tokens(&self.grant)?;
        let body = SignedUp { account: self.account, tenant: self.tenant, tokens };
        Ok(Answer { replayed, ..Answer::new(StatusCode::CREATED, &body)? })
    }
}

/// Opens the owner's session and stores the answer, in one transaction. Refused when somebody else has taken over the
/// key: then the answer is theirs to give.
pub async fn finish_signup(landlord: &Landlord, origin: &Origin, ticket: &Ticket) -> Result<Answer, TenantError> {
    let origin = origin.clone().acting(Actor::Staff(ticket.account.0));
    let mut tx = landlord.db.begin().await?;
    let grant = {
        // Whoever has one has shown it before the store was registered.
        let second_factor = accounts::has_second_factor(&mut tx, ticket.account).await?;
        accounts::open_session(&mut tx, landlord, &origin, ticket.account, second_factor).await?
    };
    let receipt = Receipt {
        account: AccountView { id: ticket.account, email: ticket.email.clone() },
        tenant: TenantView {
            id: ticket.tenant.id,
            slug: ticket.tenant.slug.clone(),
            name: ticket.tenant.name.clone(),
            status: TenantState::Active,
            url: landlord.settings.store_url(&ticket.tenant.slug),
        },
        grant,
    };
    if !idempotency::finish(&mut tx, &ticket.held, &Answer::new(StatusCode::CREATED, &receipt)?).await? {
        return Err(TenantError::InProgress);
    }
    tx.commit().await?;
    receipt.answer(landlord, false)
}

/// The answer that was given before: refusals as they were stored, a success with its tokens filled in.
pub(super) fn replay(landlord: &Landlord, stored: Answer) -> Result<Answer, TenantError> {
    if stored.status != StatusCode::CREATED.as_u16() {
        return Ok(stored);
    }
    let receipt: Receipt = serde_json::from_str(&stored.body).map_err(Problem::internal)?;
    receipt.answer(landlord, true)
}
