//! The HTTP face of billing.

use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode};
use chrono::{DateTime, Utc};
use kernel::http::{Json, Path, Query, body};
use kernel::id::TenantId;
use kernel::idempotency::{Answer, IdempotencyKey, fingerprint};
use kernel::page::{self, Page, PageQuery};
use kernel::problem::Problem;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::access::owner;
use super::{BillingError, BillingView, ChangePlan, ChangePreview, Subscribe, SubscribePage};
use crate::access::{Account, Caller};
use crate::dunning::{self, Day};
use crate::idempotency::{OneAct, once};
use crate::invoices::{self, InvoiceView};
use crate::platform::Landlord;

/// The routes of billing, for owners.
pub fn routes() -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(read))
        .routes(routes!(list_invoices))
        .routes(routes!(dunning_day))
        .routes(routes!(subscribe))
        .routes(routes!(portal))
        .routes(routes!(change_plan))
        .routes(routes!(preview_change))
        .routes(routes!(cancel))
        .routes(routes!(resume))
}

/// The route of the provider's messages, on the platform's host.
pub fn provider_routes() -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(webhook))
}

/// How the billing stands.
///
/// Plan, status, period, what is planned, what went wrong, and what happens next by itself.
#[utoipa::path(get, path = "/api/v1/tenants/{id}/billing", tag = "billing", security(("account" = [])),
    params(("id" = TenantId, Path, description = "The store")),
    responses(
        (status = 200, description = "The billing", body = BillingView),
        (status = 401, description = "No valid access token", content_type = "application/problem+json"),
        (status = 403, description = "Not an owner of the store", content_type = "application/problem+json"),
        (status = 404, description = "No such store", content_type = "application/problem+json"),
        (status = 429, description = "Too many requests", content_type = "application/problem+json"),
        (status = 503, description = "Busy; try again", content_type = "application/problem+json"),
    ))]
async fn read(
    account: Account,
    landlord: Landlord,
    Path(tenant): Path<TenantId>,
) -> Result<Json<BillingView>, Problem> {
    owner(&landlord, &account, tenant).await?;
    let mut tx = landlord.db.begin().await.map_err(Problem::database)?;
    let view = super::view(&mut tx, tenant, landlord.clock.now()).await.map_err(Problem::database)?;
    tx.commit().await.map_err(Problem::database)?;
    Ok(Json(view.ok_or(BillingError::NotFound)?))
}

/// List the invoices, the newest first.
#[utoipa::path(get, path = "/api/v1/tenants/{id}/billing/invoices", tag = "billing", security(("account" = [])),
    params(("id" = TenantId, Path, description = "The store"), PageQuery),
    responses(
        (status = 200, description = "A page of invoices", body = Page<InvoiceView>),
        (status = 400, description = "A query parameter is not acceptable", content_type = "application/problem+json"),
        (status = 401, description = "No valid access token", content_type = "application/problem+json"),
        (status = 403, description = "Not an owner of the store", content_type = "application/problem+json"),
        (status = 404, description = "No such store", content_type = "application/problem+json"),
        (status = 429, description = "Too many requests", content_type = "application/problem+json"),
        (status = 503, description = "Busy; try again", content_type = "application/problem+json"),
    ))]
async fn list_invoices(
    account: Account,
    landlord: Landlord,
    Path(tenant): Path<TenantId>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<InvoiceView>>, Problem> {
    owner(&landlord, &account, tenant).await?;
    let limit = page::limit(query.limit)?;
    let before: Option<(DateTime<Utc>, String)> = page::after(query.cursor.as_deref())?;
    if before.as_ref().is_some_and(|(_, id)| id.contains('\0')) {
        return Err(Problem::invalid_query("cursor", "is not a cursor of this list"));
    }
    let mut tx = landlord.db.begin().await.map_err(Problem::database)?;
    let rows = invoices::list(&mut tx, tenant, before, limit + 1).await.map_err(Problem::database)?;
    tx.commit().await.map_err(Problem::database)?;
    Ok(Json(page::cut(rows, limit, |invoice| (invoice.created_at, invoice.id.clone()))))
}

/// Which day is meant.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct DayQuery {
    /// Days after a payment failed, from 0 to 365.
    #[param(minimum = 0, maximum = 365)]
    day: i64,
}

/// What happens on a day after a payment failed.
///
/// Counted from when the store did fall behind, or from now when it did not.
#[utoipa::path(get, path = "/api/v1/tenants/{id}/billing/dunning", tag = "billing", security(("account" = [])),
    params(("id" = TenantId, Path, description = "The store"), DayQuery),
    responses(
        (status = 200, description = "That day", body = Day),
        (status = 400, description = "A query parameter is not acceptable", content_type = "application/problem+json"),
        (status = 401, description = "No valid access token", content_type = "application/problem+json"),
        (status = 403, description = "Not an owner of the store", content_type = "application/problem+json"),
        (status = 404, description = "No such store", content_type = "application/problem+json"),
        (status = 429, description = "Too many requests", content_type = "application/problem+json"),
        (status = 503, description = "Busy; try again", content_type = "application/problem+json"),
    ))]
async fn dunning_day(
    account: Account,
    landlord: Landlord,
    Path(tenant): Path<TenantId>,
    Query(query): Query<DayQuery>,
) -> Result<Json<Day>, Problem> {
    owner(&landlord, &account, tenant).await?;
    if !(0..=365).contains(&query.day) {
        return Err(BillingError::Day.into());
    }
    let mut tx = landlord.db.begin().await.map_err(Problem::database)?;
    let plan = dunning::plan_of(&mut tx, tenant, landlord.clock.now()).await.map_err(Problem::database)?;
    tx.commit().await.map_err(Problem::database)?;
    let (ladder, since, _) = plan.ok_or(BillingError::NotFound)?;
    Ok(Json(dunning::preview(&ladder.steps, since, query.day)))
}

/// Subscribe.
///
/// Answers with the address of a page at the payment provider; the subscription begins when somebody has paid there.
/// What is left of the trial is kept, if it is more than two days.
#[utoipa::path(post, path = "/api/v1/tenants/{id}/billing/checkout", tag = "billing", security(("account" = [])),
    request_body = Subscribe,
    params(("id" = TenantId, Path, description = "The store"),
        ("Idempotency-Key" = String, Header, min_length = 16, max_length = 255,
        description = "New for each act, the same for its retries; kept for 24 hours")),
    responses(
        (status = 201, description = "Send the browser there", body = SubscribePage),
        (status = 400, description = "No Idempotency-Key, or the body is not JSON", content_type = "application/problem+json"),
        (status = 401, description = "No valid access token", content_type = "application/problem+json"),
        (status = 402, description = "The card was declined", content_type = "application/problem+json"),
        (status = 403, description = "Not an owner of the store", content_type = "application/problem+json"),
        (status = 404, description = "No such store", content_type = "application/problem+json"),
        (status = 409, description = "Subscribed already; or the key was used with another request, or is in use", content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", content_type = "application/problem+json"),
        (status = 415, description = "The body is not application/json", content_type = "application/problem+json"),
        (status = 422, description = "A field is not acceptable", content_type = "application/problem+json"),
        (status = 429, description = "Too many requests", content_type = "application/problem+json"),
        (status = 503, description = "Busy, or the provider does not answer; try again with the same key", content_type = "application/problem+json"),
    ))]
async fn subscribe(
    account: Account,
    landlord: Landlord,
    caller: Caller,
    Path(tenant): Path<TenantId>,
    key: IdempotencyKey,
    Json(request): Json<Subscribe>,
) -> Result<Answer, Problem> {
    owner(&landlord, &account, tenant).await?;
    let origin = account.acting(caller);
    let act = act(tenant, &key, "billing.checkout", &request)?;
    once(&landlord, &origin, act, |held, subject| super::subscribe(&landlord, &origin, tenant, &request, held, subject))
        .await
}

/// Where the browser comes back to.
#[derive(Debug, Deserialize, garde::Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct OpenPortal {
    /// A path on the platform's own host.
    #[garde(length(bytes, max = 512))]
    #[schema(example = "/billing")]
    return_path: Option<String>,
}

/// A page for one visit.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct PortalPage {
    /// Send the browser there.
    url: String,
}

/// Manage cards and invoices.
///
/// Answers with the address of a page at the payment provider, for one visit.
#[utoipa::path(post, path = "/api/v1/tenants/{id}/billing/portal", tag = "billing", security(("account" = [])),
    request_body = OpenPortal, params(("id" = TenantId, Path, description = "The store")),
    responses(
        (status = 200, description = "Send the browser there", body = PortalPage),
        (status = 400, description = "The body is not JSON", content_type = "application/problem+json"),
        (status = 401, description = "No valid access token", content_type = "application/problem+json"),
        (status = 403, description = "Not an owner of the store", content_type = "application/problem+json"),
        (status = 404, description = "No such store", content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", content_type = "application/problem+json"),
        (status = 415, description = "The body is not application/json", content_type = "application/problem+json"),
        (status = 422, description = "A field is not acceptable", content_type = "application/problem+json"),
        (status = 429, description = "Too many requests", content_type = "application/problem+json"),
        (status = 503, description = "Busy, or the provider does not answer; try again", content_type = "application/problem+json"),
    ))]
async fn portal(
    account: Account,
    landlord: Landlord,
    Path(tenant): Path<TenantId>,
    Json(request): Json<OpenPortal>,
) -> Result<Json<PortalPage>, Problem> {
    owner(&landlord, &account, tenant).await?;
    let url = super::portal(&landlord, tenant, request.return_path.as_deref()).await?;
    Ok(Json(PortalPage { url }))
}

/// Change the plan.
///
/// A bigger plan comes at once and the rest of the period is charged for; a smaller one comes with the next period,
/// unless `when` says `now`. During a trial it costs nothing.
#[utoipa::path(post, path = "/api/v1/tenants/{id}/billing/change-plan", tag = "billing", security(("account" = [])),
    request_body = ChangePlan,
    params(("id" = TenantId, Path, description = "The store"),
        ("Idempotency-Key" = String, Header, min_length = 16, max_length = 255,
        description = "New for each act, the same for its retries; kept for 24 hours")),
    responses(
        (status = 200, description = "The billing as it is now", body = BillingView),
        (status = 400, description = "No Idempotency-Key, or the body is not JSON", content_type = "application/problem+json"),
        (status = 401, description = "No valid access token", content_type = "application/problem+json"),
        (status = 402, description = "The difference could not be charged; nothing has changed", content_type = "application/problem+json"),
        (status = 403, description = "Not an owner of the store", content_type = "application/problem+json"),
        (status = 404, description = "No such store", content_type = "application/problem+json"),
        (status = 409, description = "Not subscribed, or nothing to change, or a payment is due; or the key was used with another request, or is in use", content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", content_type = "application/problem+json"),
        (status = 415, description = "The body is not application/json", content_type = "application/problem+json"),
        (status = 422, description = "A field is not acceptable", content_type = "application/problem+json"),
        (status = 429, description = "Too many requests", content_type = "application/problem+json"),
        (status = 503, description = "Busy, or the provider does not answer; try again with the same key", content_type = "application/problem+json"),
    ))]
async fn change_plan(
    account: Account,
    landlord: Landlord,
    caller: Caller,
    Path(tenant): Path<TenantId>,
    key: IdempotencyKey,
    Json(request): Json<ChangePlan>,
) -> Result<Answer, Problem> {
    owner(&landlord, &account, tenant).await?;
    let origin = account.acting(caller);
    let act = act(tenant, &key, "billing.change_plan", &request)?;
    once(&landlord, &origin, act, |held, subject| {
        super::change_plan(&landlord, &origin, tenant, &request, held, subject)
    })
    .await
}

/// What a change of plan would cost.
#[utoipa::path(post, path = "/api/v1/tenants/{id}/billing/preview-change", tag = "billing",
    security(("account" = [])), request_body = ChangePlan,
    params(("id" = TenantId, Path, description = "The store")),
    responses(
        (status = 200, description = "What it would do", body = ChangePreview),
        (status = 400, description = "The body is not JSON", content_type = "application/problem+json"),
        (status = 401, description = "No valid access token", content_type = "application/problem+json"),
        (status = 403, description = "Not an owner of the store", content_type = "application/problem+json"),
        (status = 404, description = "No such store", content_type = "application/problem+json"),
        (status = 409, description = "Not subscribed, or nothing to change, or a payment is due", content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", content_type = "application/problem+json"),
        (status = 415, description = "The body is not application/json", content_type = "application/problem+json"),
        (status = 422, description = "A field is not acceptable", content_type = "application/problem+json"),
        (status = 429, description = "Too many requests", content_type = "application/problem+json"),
        (status = 503, description = "Busy, or the provider does not answer; try again", content_type = "application/problem+json"),
    ))]
async fn preview_change(
    account: Account,
    landlord: Landlord,
    Path(tenant): Path<TenantId>,
    Json(request): Json<ChangePlan>,
) -> Result<Json<ChangePreview>, Problem> {
    owner(&landlord, &account, tenant).await?;
    Ok(Json(super::preview(&landlord, tenant, &request).await?))
}

/// End the subscription with what is paid for.
#[utoipa::path(post, path = "/api/v1/tenants/{id}/billing/cancel", tag = "billing", security(("account" = [])),
    params(("id" = TenantId, Path, description = "The store"),
        ("Idempotency-Key" = String, Header, min_length = 16, max_length = 255,
        description = "New for each act, the same for its retries; kept for 24 hours")),
    responses(
        (status = 200, description = "The billing as it is now", body = BillingView),
        (status = 400, description = "No Idempotency-Key", content_type = "application/problem+json"),
        (status = 401, description = "No valid access token", content_type = "application/problem+json"),
        (status = 403, description = "Not an owner of the store", content_type = "application/problem+json"),
        (status = 404, description = "No such store", content_type = "application/problem+json"),
        (status = 409, description = "Not subscribed, or ending already; or the key was used with another request, or is in use", content_type = "application/problem+json"),
        (status = 429, description = "Too many requests", content_type = "application/problem+json"),
        (status = 503, description = "Busy, or the provider does not answer; try again with the same key", content_type = "application/problem+json"),
    ))]
async fn cancel(
    account: Account,
    landlord: Landlord,
    caller: Caller,
    Path(tenant): Path<TenantId>,
    key: IdempotencyKey,
) -> Result<Answer, Problem> {
    owner(&landlord, &account, tenant).await?;
    let origin = account.acting(caller);
    let act = act(tenant, &key, "billing.cancel", &())?;
    once(&landlord, &origin, act, |held, subject| super::cancel(&landlord, &origin, tenant, held, subject)).await
}

/// Have a subscription go on that was going to end.
#[utoipa::path(post, path = "/api/v1/tenants/{id}/billing/resume", tag = "billing", security(("account" = [])),
    params(("id" = TenantId, Path, description = "The store"),
        ("Idempotency-Key" = String, Header, min_length = 16, max_length = 255,
        description = "New for each act, the same for its retries; kept for 24 hours")),
    responses(
        (status = 200, description = "The billing as it is now", body = BillingView),
        (status = 400, description = "No Idempotency-Key", content_type = "application/problem+json"),
        (status = 401, description = "No valid access token", content_type = "application/problem+json"),
        (status = 403, description = "Not an owner of the store", content_type = "application/problem+json"),
        (status = 404, description = "No such store", content_type = "application/problem+json"),
        (status = 409, description = "Not subscribed, or not ending; or the key was used with another request, or is in use", content_type = "application/problem+json"),
        (status = 429, description = "Too many requests", content_type = "application/problem+json"),
        (status = 503, description = "Busy, or the provider does not answer; try again with the same key", content_type = "application/problem+json"),
    ))]
async fn resume(
    account: Account,
    landlord: Landlord,
    caller: Caller,
    Path(tenant): Path<TenantId>,
    key: IdempotencyKey,
) -> Result<Answer, Problem> {
    owner(&landlord, &account, tenant).await?;
    let origin = account.acting(caller);
    let act = act(tenant, &key, "billing.resume", &())?;
    once(&landlord, &origin, act, |held, subject| super::resume(&landlord, &origin, tenant, held, subject)).await
}

/// News of the platform's billing, from the payment provider.
#[utoipa::path(post, path = "/webhooks/stripe/billing", tag = "billing", request_body = serde_json::Value,
    params(("Stripe-Signature" = String, Header, description = "Signs the body, exactly as it is sent")),
    responses(
        (status = 200, description = "Kept"),
        (status = 400, description = "Not signed by the provider, too old, or another body for an event that came before", content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", content_type = "application/problem+json"),
        (status = 429, description = "Too many requests", content_type = "application/problem+json"),
        (status = 503, description = "Busy; the provider tries again", content_type = "application/problem+json"),
    ))]
async fn webhook(
    landlord: Landlord,
    Caller(origin): Caller,
    headers: HeaderMap,
    request: Request,
) -> Result<StatusCode, Problem> {
    let header = headers.get("stripe-signature").and_then(|value| value.to_str().ok());
    let signature = header.unwrap_or_default().to_owned();
    let payload = body(request, &()).await?;
    super::receive(&landlord, &origin, &payload, &signature).await?;
    Ok(StatusCode::OK)
}

fn act<'a>(
    tenant: TenantId,
    key: &'a IdempotencyKey,
    scope: &'static str,
    request: &impl Serialize,
) -> Result<OneAct<'a>, Problem> {
    Ok(OneAct { scope, owner: tenant.0, key, fingerprint: fingerprint(scope, request)? })
}
