//! Subscribe: make a page at the provider on which an owner does it.

use axum::http::StatusCode;
use chrono::{DateTime, Duration, Utc};
use kernel::id::TenantId;
use kernel::idempotency::Answer;
use kernel::origin::{Actor, Origin};
use serde::{Deserialize, Serialize};
use serde_json::json;
use stripe_gateway::GatewayError;
use stripe_gateway::billing::{CheckoutPage, NewCheckout, SessionState};
use uuid::Uuid;

use super::customer::{ensure_customer, forget, is_gone};
use super::{BillingError, db, refresh};
use crate::audit::{self, Act};
use crate::idempotency::{self, Held};
use crate::plans::{self, Interval, Price};
use crate::platform::Landlord;
use crate::subscriptions::{self, Kept, SubscriptionStatus};

/// The provider takes ends of trials that are at least two days ahead; an hour is for the merchant to type in a card.
const SHORTEST_TRIAL: Duration = Duration::hours(49);
/// A page that is about to run out is not given out again.
const WORTH: Duration = Duration::minutes(30);

/// Which plan to subscribe to.
#[derive(Debug, Clone, Serialize, Deserialize, garde::Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Subscribe {
    /// Code of a plan; the one that the store has when not given.
    #[garde(length(bytes, max = 64))]
    pub plan: Option<String>,
    /// `month` when not given.
    #[garde(skip)]
    pub interval: Option<Interval>,
    /// Where on the platform's own host the browser comes back to.
    #[garde(length(bytes, max = 512))]
    #[schema(example = "/billing")]
    pub return_path: Option<String>,
}

/// A page on which an owner subscribes.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SubscribePage {
    /// Send the browser there.
    pub url: String,
    /// The provider's id of the page.
    pub session_id: String,
    /// Until when it can be used.
    pub expires_at: DateTime<Utc>,
    /// Until when nothing is charged.
    pub trial_ends_at: Option<DateTime<Utc>>,
}

/// Makes the page, or gives the one that is open for the same price. A page for another price is closed first, so that
/// nobody subscribes twice.
pub async fn subscribe(
    landlord: &Landlord,
    origin: &Origin,
    tenant: TenantId,
    request: &Subscribe,
    held: Held,
    subject: Option<Uuid>,
) -> Result<Answer, BillingError> {
    let path = return_path(request.return_path.as_deref())?;
    let mut tx = landlord.db.begin().await?;
    let kept = subscriptions::read(&mut tx, tenant).await?.ok_or(BillingError::NotFound)?;
    let plan = request.plan.as_deref().unwrap_or(&kept.plan);
    let interval = request.interval.unwrap_or(Interval::Month);
    let price = plans::price_on_offer(&mut tx, plan, interval).await?.ok_or(BillingError::UnknownPlan)?;
    tx.commit().await?;
    // What was paid a moment ago may not have been heard of.
    refresh(landlord, &origin.clone().acting(Actor::Provider), tenant).await?;

    // Once more after a page that had to be closed, or a customer that had to be made anew.
    for _ in 0..3 {
        let intent = intend(landlord, tenant, &price, &held, subject).await?;
        let (id, kept) = match intent {
            Intent::Ready(page, kept) => return answer(landlord, origin, tenant, &held, &page, &kept).await,
            Intent::Close(page) => {
                close(landlord, tenant, &page).await?;
                continue;
            }
            Intent::Make(id, kept) => (id, kept),
        };
        let customer = ensure_customer(landlord, tenant).await?;
        let made = make(landlord, tenant, id, &customer, &price, &kept, &path).await;
        let page = match made {
            Err(BillingError::Provider(error)) if is_gone(&error) => {
                forget(landlord, tenant, &customer).await?;
                let mut tx = landlord.db.begin().await?;
                db::end_page(&mut tx, id).await?;
                tx.commit().await?;
                continue;
            }
            made => made?,
        };
        let page = Open {
            session: page.id,
            url: page.url.unwrap_or_default(),
            expires_at: DateTime::from_timestamp(page.expires_at, 0).unwrap_or(DateTime::UNIX_EPOCH),
        };
        let mut tx = landlord.db.begin().await?;
        db::open_page(&mut tx, id, &page.session, &page.url, page.expires_at).await?;
        let data = json!({"plan": price.plan, "interval": price.interval, "amount_minor": price.amount_minor});
        let act = Act { action: "billing.checkout_opened", tenant: Some(tenant), account: None, data };
        audit::note(&mut tx, origin, &act).await?;
        tx.commit().await?;
        return answer(landlord, origin, tenant, &held, &page, &kept).await;
    }
    Err(BillingError::InProgress)
}

/// A page that can be used.
struct Open {
    session: String,
    url: String,
    expires_at: DateTime<Utc>,
}

enum Intent {
    /// There is one for this price.
    Ready(Open, Kept),
    /// There is one in the way.
    Close(db::Page),
    /// One is to be made under this id.
    Make(Uuid, Kept),
}

/// Records that a page is wanted.
async fn intend(
    landlord: &Landlord,
    tenant: TenantId,
    price: &Price,
    held: &Held,
    subject: Option<Uuid>,
) -> Result<Intent, BillingError> {
    let soon = landlord.clock.now() + WORTH;
    let mut tx = landlord.db.begin().await?;
    let kept = subscriptions::lock(&mut tx, tenant).await?.ok_or(BillingError::NotFound)?;
    if kept.is_subscribed() {
        return Err(BillingError::AlreadySubscribed);
    }
    let id = match db::living_page(&mut tx, tenant).await? {
        Some(page) if page.price_id != price.id => return Ok(Intent::Close(page)),
        Some(db::Page { session: Some(session), url: Some(url), expires_at: Some(expires_at), .. })
            if expires_at > soon =>
        {
            return Ok(Intent::Ready(Open { session, url, expires_at }, kept));
        }
        Some(page) if page.session.is_some() => return Ok(Intent::Close(page)),
        // Asked for by an attempt that did not come back: the same page, under the same key.
        Some(page) => page.id,
        None => {
            let id = Uuid::now_v7();
            db::ask_page(&mut tx, id, tenant, price.id).await?;
            id
        }
    };
    if subject.is_none() && !idempotency::attach(&mut tx, held, id).await? {
        return Err(BillingError::InProgress);
    }
    tx.commit().await?;
    Ok(Intent::Make(id, kept))
}

/// Closes a page. One that somebody has just subscribed on stays, and is heard of.
async fn close(landlord: &Landlord, tenant: TenantId, page: &db::Page) -> Result<(), BillingError> {
    if let Some(session) = &page.session {
        match landlord.stripe.expire_checkout(session).await {
            Ok(_) | Err(GatewayError::Rejected { status: 404, .. }) => {}
            Err(GatewayError::Rejected { .. }) => {
                let found = landlord.stripe.checkout(session).await?;
                if found.state == SessionState::Complete {
                    refresh(landlord, &Origin::system(), tenant).await?;
                }
            }
            Err(error) => return Err(error.into()),
        }
    }
    let mut tx = landlord.db.begin().await?;
    db::end_page(&mut tx, page.id).await?;
    tx.commit().await?;
    Ok(())
}

async fn make(
    landlord: &Landlord,
    tenant: TenantId,
    id: Uuid,
    customer: &str,
    price: &Price,
    kept: &Kept,
    path: &str,
) -> Result<CheckoutPage, BillingError> {
    let back = |how: &str| {
        let joint = if path.contains('?') { '&' } else { '?' };
        format!("{}{path}{joint}tenant={tenant}&checkout={how}", landlord.settings.platform_url())
    };
    let new = NewCheckout {
        idempotency_key: format!("souk-checkout-{id}"),
        customer: customer.to_owned(),
        price: plans::ensure_price(landlord, price).await?,
        metered: plans::metered_prices(landlord, &price.plan, price.interval).await?,
        trial_end: rest_of_trial(kept, landlord.clock.now()).map(|end| end.timestamp()),
        success_url: back("done"),
        cancel_url: back("left"),
        reference: tenant.to_string(),
        metadata: vec![("souk_tenant".to_owned(), tenant.to_string())],
    };
    Ok(landlord.stripe.create_checkout(new).await?)
}

/// Who subscribes during the trial loses nothing of it, as far as the provider lets us.
fn rest_of_trial(kept: &Kept, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let running = kept.status == SubscriptionStatus::Trialing && kept.stripe_subscription.is_none();
    kept.trial_ends_at.filter(|end| running && *end > now + SHORTEST_TRIAL)
}

async fn answer(
    landlord: &Landlord,
    origin: &Origin,
    tenant: TenantId,
    held: &Held,
    page: &Open,
    kept: &Kept,
) -> Result<Answer, BillingError> {
    let body = SubscribePage {
        url: page.url.clone(),
        session_id: page.session.clone(),
        expires_at: page.expires_at,
        trial_ends_at: rest_of_trial(kept, landlord.clock.now()),
    };
    let answer = Answer::new(StatusCode::CREATED, &body)?;
    let mut tx = landlord.db.begin().await?;
    if !idempotency::finish(&mut tx, held, &answer).await? {
        return Err(BillingError::InProgress);
    }
    tx.commit().await?;
    tracing::info!(%tenant, request_id = origin.request_id, session = page.session, "a page to subscribe on");
    Ok(answer)
}

/// Browsers come back to the platform's own host, and nowhere else.
pub(super) fn return_path(path: Option<&str>) -> Result<String, BillingError> {
    let path = path.unwrap_or("/billing");
    let plain = path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\' && byte != b'#');
    if path.starts_with('/') && !path.starts_with("//") && plain {
        Ok(path.to_owned())
    } else {
        Err(BillingError::ReturnPath)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_come_back_to_us_only() {
        for good in ["/", "/billing", "/dashboard/billing?tab=plan"] {
            assert_eq!(return_path(Some(good)).unwrap(), good);
        }
        for bad in ["", "billing", "//evil.test", "/\\evil.test", "https://evil.test", "/a b", "/a\nb", "/a#b"] {
            assert!(return_path(Some(bad)).is_err(), "{bad:?}");
        }
    }
}
