//! A store's API keys.

use axum::http::StatusCode;
use commerce::access::{ApiKeysRead, ApiKeysWrite, Staff, may_be_a_scope};
use commerce::shop::Shop;
use kernel::http::{Json, Path, Query};
use kernel::page::{self, Page, PageQuery};
use kernel::problem::{FieldError, Problem};
use landlord::Landlord;
use landlord::api_keys::{self, ApiKey, ApiKeyId, CreateApiKey, NewApiKey, RotateApiKey};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(rotate)).routes(routes!(revoke))
}

/// List the API keys, the newest first. Secret ones show how they begin.
#[utoipa::path(get, path = "/api/v1/admin/api-keys", tag = "staff", params(PageQuery), security(("staff" = [])),
    responses(
        (status = 200, description = "A page of keys", body = Page<ApiKey>),
        (status = 400, description = "A query parameter is not acceptable", content_type = "application/problem+json"),
        (status = 401, description = "No valid credential", content_type = "application/problem+json"),
        (status = 403, description = "The role or the key does not include api_keys.read", content_type = "application/problem+json"),
        (status = 429, description = "Too many requests", content_type = "application/problem+json"),
        (status = 503, description = "Busy; try again", content_type = "application/problem+json"),
    ))]
async fn list(
    _: Staff<ApiKeysRead>,
    landlord: Landlord,
    shop: Shop,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<ApiKey>>, Problem> {
    let limit = page::limit(query.limit)?;
    let before = page::after(query.cursor.as_deref())?;
    let mut tx = landlord.db.begin().await.map_err(Problem::database)?;
    let rows = api_keys::list(&mut tx, shop.id, before, limit + 1).await.map_err(Problem::database)?;
    tx.commit().await.map_err(Problem::database)?;
    Ok(Json(page::cut(rows, limit, |row| row.id)))
}

/// Make an API key. It is told once.
#[utoipa::path(post, path = "/api/v1/admin/api-keys", tag = "staff", request_body = CreateApiKey, security(("staff" = [])),
    responses(
        (status = 201, description = "The key", body = NewApiKey),
        (status = 400, description = "The body is not JSON", content_type = "application/problem+json"),
        (status = 401, description = "No valid credential", content_type = "application/problem+json"),
        (status = 403, description = "The role or the key does not include api_keys.write", content_type = "application/problem+json"),
        (status = 409, description = "The store has as many keys as it may", content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", content_type = "application/problem+json"),
        (status = 415, description = "The body is not application/json", content_type = "application/problem+json"),
        (status = 422, description = "A field is not acceptable", content_type = "application/problem+json"),
        (status = 429, description = "Too many requests", content_type = "application/problem+json"),
        (status = 503, description = "Busy; try again", content_type = "application/problem+json"),
    ))]
async fn create(
    staff: Staff<ApiKeysWrite>,
    landlord: Landlord,
    shop: Shop,
    Json(request): Json<CreateApiKey>,
) -> Result<(StatusCode, Json<NewApiKey>), Problem> {
    let wrong: Vec<FieldError> = request
        .scopes
        .iter()
        .enumerate()
        .filter(|(_, scope)| !may_be_a_scope(scope, staff.identity.role))
        .map(|(n, _)| FieldError::new(format!("scopes[{n}]"), "api_key.scope", "is no permission that you may give"))
        .collect();
    if !wrong.is_empty() {
        return Err(Problem::invalid(wrong));
    }
    let made = api_keys::create(&landlord, &shop.origin, shop.id, staff.identity.account, &request).await?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// Replace an API key by another with the same scopes. Both work until the overlap ends.
#[utoipa::path(post, path = "/api/v1/admin/api-keys/{id}/rotate", tag = "staff", request_body = RotateApiKey, params(("id" = ApiKeyId, Path, description = "The key")), security(("staff" = [])),
    responses(
        (status = 201, description = "The new key", body = NewApiKey),
        (status = 400, description = "The body is not JSON", content_type = "application/problem+json"),
        (status = 401, description = "No valid credential", content_type = "application/problem+json"),
        (status = 403, description = "The role or the key does not include api_keys.write", content_type = "application/problem+json"),
        (status = 404, description = "No such key", content_type = "application/problem+json"),
        (status = 409, description = "It was revoked or has expired", content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", content_type = "application/problem+json"),
        (status = 415, description = "The body is not application/json", content_type = "application/problem+json"),
        (status = 422, description = "A field is not acceptable", content_type = "application/problem+json"),
        (status = 429, description = "Too many requests", content_type = "application/problem+json"),
        (status = 503, description = "Busy; try again", content_type = "application/problem+json"),
    ))]
async fn rotate(
    staff: Staff<ApiKeysWrite>,
    landlord: Landlord,
    shop: Shop,
    Path(id): Path<ApiKeyId>,
    Json(request): Json<RotateApiKey>,
) -> Result<(StatusCode, Json<NewApiKey>), Problem> {
    let made = api_keys::rotate(&landlord, &shop.origin, shop.id, staff.identity.account, id, &request).await?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// Revoke an API key. It opens nothing from its next request on.
#[utoipa::path(delete, path = "/api/v1/admin/api-keys/{id}", tag = "staff", params(("id" = ApiKeyId, Path, description = "The key")), security(("staff" = [])),
    responses(
        (status = 204, description = "It is revoked"),
        (status = 401, description = "No valid credential", content_type = "application/problem+json"),
        (status = 403, description = "The role or the key does not include api_keys.write", content_type = "application/problem+json"),
        (status = 404, description = "No such key", content_type = "application/problem+json"),
        (status = 429, description = "Too many requests", content_type = "application/problem+json"),
        (status = 503, description = "Busy; try again", content_type = "application/problem+json"),
    ))]
async fn revoke(
    _: Staff<ApiKeysWrite>,
    landlord: Landlord,
    shop: Shop,
    Path(id): Path<ApiKeyId>,
) -> Result<StatusCode, Problem> {
    let mut tx = landlord.db.begin().await.map_err(Problem::database)?;
    api_keys::revoke(&mut tx, &shop.origin, shop.id, id).await?;
    tx.commit().await.map_err(Problem::database)?;
    Ok(StatusCode::NO_CONTENT)
}
