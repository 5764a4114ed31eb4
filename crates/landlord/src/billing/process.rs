//! Process what was kept. It may be done twice: what a message says is asked of the provider, and carried over whole.

use std::error::Error as _;

use kernel::db::LandlordTx;
use kernel::id::TenantId;
use kernel::origin::{Actor, Origin};
use serde_json::Value;
use stripe_gateway::GatewayError;
use stripe_gateway::webhook::Event;
use uuid::Uuid;

use super::receive::text;
use super::{BillingError, Refreshed, customer, db, refresh};
use crate::invoices;
use crate::platform::Landlord;
use crate::stripe_events::{self, Open};
use crate::subscriptions;

/// What a message is about.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Matter {
    /// A subscription, or anything that may have changed one.
    Subscription,
    /// An invoice.
    Invoice { id: String },
    /// A page on which somebody subscribed, or did not.
    Page { session: String },
    /// A customer is gone.
    CustomerGone,
    /// Nothing that we follow.
    Nothing,
}

fn matter(event: &Event) -> Matter {
    let id = || text(&event.object, "id").unwrap_or_default().to_owned();
    let kind = event.kind.as_str();
    if kind == "customer.deleted" {
        Matter::CustomerGone
    } else if kind.starts_with("customer.subscription.") {
        Matter::Subscription
    } else if kind.starts_with("checkout.session.") {
        Matter::Page { session: id() }
    } else if kind.starts_with("invoice.") && id().starts_with("in_") {
        Matter::Invoice { id: id() }
    } else {
        Matter::Nothing
    }
}

/// The customer that an object names, or is.
pub(super) fn customer_of(object: &Value) -> Option<&str> {
    if text(object, "object") == Some("customer") {
        return text(object, "id");
    }
    text(object, "customer").or_else(|| text(object.get("customer")?, "id"))
}

/// Right after it was kept. What fails is tried again by a worker.
pub(super) async fn first_try(landlord: &Landlord, origin: &Origin, row: i64, payload: &[u8]) {
    let open = Open { id: row, payload: payload.to_vec(), attempts: 1, tenant: None };
    if let Err(error) = attempt(landlord, origin, &open).await {
        tracing::warn!(row, %error, "message kept, to be processed later");
    }
}

/// Processes what is due. Returns how many were tried.
pub(super) async fn process_due(landlord: &Landlord, only: Option<&[Uuid]>) -> Result<usize, BillingError> {
    let mut count = 0;
    loop {
        let mut tx = landlord.db.begin().await?;
        let due = stripe_events::claim_due(&mut tx, only, 20).await?;
        tx.commit().await?;
        if due.is_empty() {
            return Ok(count);
        }
        for open in &due {
            let origin = Origin::system().acting(Actor::Provider);
            attempt(landlord, &origin, open).await?;
        }
        count += due.len();
    }
}

/// Processes a message again that was put aside, now; one that was processed changes nothing. What became of it:
/// `processed`, or `open` when it failed again. `None`: there is no such message.
pub async fn replay(landlord: &Landlord, event_id: &str) -> Result<Option<&'static str>, BillingError> {
    let mut tx = landlord.db.begin().await?;
    let Some((row, processed)) = stripe_events::reopen(&mut tx, event_id).await? else { return Ok(None) };
    let open = if processed { None } else { stripe_events::claim(&mut tx, row).await? };
    tx.commit().await?;
    let Some(open) = open else { return Ok(Some("processed")) };
    let origin = Origin::system().acting(Actor::Provider).caused_by(event_id);
    Ok(Some(if attempt(landlord, &origin, &open).await? { "processed" } else { "open" }))
}

/// One try, and its outcome noted. True when it is processed.
async fn attempt(landlord: &Landlord, origin: &Origin, open: &Open) -> Result<bool, BillingError> {
    let done = match Event::parse(&open.payload) {
        Some(event) => process(landlord, &origin.clone().caused_by(&event.id), &event).await,
        None => Ok(("unreadable", None)),
    };
    let mut tx = landlord.db.begin().await?;
    let processed = match &done {
        Ok((outcome, tenant)) => {
            stripe_events::finish(&mut tx, open.id, outcome, *tenant).await?;
            true
        }
        Err(error) => {
            let why = error.source().map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"));
            let tries = landlord.settings.billing.event_tries;
            if stripe_events::fail(&mut tx, open, &why, tries).await? {
                tracing::error!(
                    event = "webhook.dead",
                    row = open.id,
                    error = why,
                    "a message of the provider's is put aside; a person must look at it"
                );
            } else {
                tracing::warn!(row = open.id, error = why, "message not processed, again later");
            }
            false
        }
    };
    tx.commit().await?;
    Ok(processed)
}

async fn process(
    landlord: &Landlord,
    origin: &Origin,
    event: &Event,
) -> Result<(&'static str, Option<TenantId>), BillingError> {
    // What happens on a connected account is no business of the platform's billing.
    if event.account.is_some() {
        return Ok(("ignored", None));
    }
    let matter = matter(event);
    if matter == Matter::Nothing {
        return Ok(("ignored", None));
    }
    if event.livemode != landlord.settings.billing.livemode {
        tracing::error!(
            event = "webhook.other_mode",
            event_id = event.id,
            livemode = event.livemode,
            "a message is of the other mode; it changes nothing"
        );
        return Ok(("other_mode", None));
    }
    let Some(named) = customer_of(&event.object) else { return Ok(("not_ours", None)) };
    let mut tx = landlord.db.begin().await?;
    let tenant = db::tenant_of(&mut tx, named).await?;
    tx.commit().await?;
    let Some(tenant) = tenant else { return Ok(("not_ours", None)) };
    let changed = match matter {
        Matter::Subscription => refresh(landlord, origin, tenant).await?.changed(),
        Matter::Invoice { id } => {
            // Whether the store pays stands on its subscription; the invoice is what its owners see of it.
            let mirrored = mirror(landlord, origin, tenant, named, &id).await?;
            refresh(landlord, origin, tenant).await?.changed() | mirrored
        }
        Matter::Page { session } => {
            let mut tx = landlord.db.begin().await?;
            db::end_session(&mut tx, &session).await?;
            tx.commit().await?;
            refresh(landlord, origin, tenant).await?.changed()
        }
        Matter::CustomerGone => {
            let refreshed = refresh(landlord, origin, tenant).await?;
            customer::forget(landlord, tenant, named).await?;
            refreshed != Refreshed::NoCustomer
        }
        Matter::Nothing => false,
    };
    Ok((if changed { "applied" } else { "unchanged" }, Some(tenant)))
}

/// Asks for one invoice and carries it over. One that is gone was a draft, and is forgotten.
async fn mirror(
    landlord: &Landlord,
    origin: &Origin,
    tenant: TenantId,
    named: &str,
    id: &str,
) -> Result<bool, BillingError> {
    let mut tx = landlord.db.begin().await?;
    let number = subscriptions::ask(&mut tx, tenant).await?.ok_or(BillingError::NotFound)?;
    tx.commit().await?;
    let found = match landlord.stripe.invoice(id).await {
        Ok(found) => Some(found),
        Err(GatewayError::Rejected { status: 404, .. }) => None,
        Err(error) => return Err(error.into()),
    };
    let mut tx: LandlordTx = landlord.db.begin().await?;
    let changed = match &found {
        // The message and the invoice must name the same customer.
        Some(invoice) if invoice.customer.as_deref() == Some(named) => {
            invoices::mirror(&mut tx, origin, tenant, invoice, number, landlord.clock.now()).await?
        }
        Some(_) => false,
        None => invoices::forget_draft(&mut tx, tenant, id).await?,
    };
    tx.commit().await?;
    Ok(changed)
}
