//! Invitations to a store.

use axum::http::StatusCode;
use commerce::access::{Staff, StaffRead, StaffWrite};
use commerce::shop::Shop;
use kernel::http::{Json, Path, Query};
use kernel::page::{self, Page, PageQuery};
use kernel::problem::Problem;
use landlord::Landlord;
use landlord::invitations::{self, Invitation, InvitationId, Invite};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(list, invite)).routes(routes!(resend)).routes(routes!(revoke))
}

/// List the invitations, the newest first.
#[utoipa::path(get, path = "/api/v1/admin/invitations", tag = "staff", params(PageQuery), security(("staff" = [])),
    responses(
        (status = 200, description = "A page of invitations", body = Page<Invitation>),
        (status = 400, description = "A query parameter is not acceptable", content_type = "application/problem+json"),
        (status = 401, description = "No valid credential", content_type = "application/problem+json"),
        (status = 403, description = "The role or the key does not include staff.read", content_type = "application/problem+json"),
        (status = 429, description = "Too many requests", content_type = "application/problem+json"),
        (status = 503, description = "Busy; try again", content_type = "application/problem+json"),
    ))]
async fn list(
    _: Staff<StaffRead>,
    landlord: Landlord,
    shop: Shop,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<Invitation>>, Problem> {
    let limit = page::limit(query.limit)?;
    let before = page::after(query.cursor.as_deref())?;
    let mut tx = landlord.db.begin().await.map_err(Problem::database)?;
    let rows = invitations::list(&mut tx, shop.id, before, limit + 1).await.map_err(Problem::database)?;
    tx.commit().await.map_err(Problem::database)?;
    Ok(Json(page::cut(rows, limit, |row| row.id)))
}

/// Invite somebody by e-mail. The invitation takes a seat of the plan until it is over.
#[utoipa::path(post, path = "/api/v1/admin/invitations", tag = "staff", request_body = Invite, security(("staff" = [])),
    responses(
        (status = 201, description = "A letter is on its way", body = Invitation),
        (status = 400, description = "The body is not JSON", content_type = "application/problem+json"),
        (status = 401, description = "No valid credential", content_type = "application/problem+json"),
        (status = 403, description = "The role or the key does not include staff.write; or the role is above one's own, or `limit.reached`", content_type = "application/problem+json"),
        (status = 409, description = "They work here already, or are invited", content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", content_type = "application/problem+json"),
        (status = 415, description = "The body is not application/json", content_type = "application/problem+json"),
        (status = 422, description = "A field is not acceptable", content_type = "application/problem+json"),
        (status = 429, description = "Too many letters today", content_type = "application/problem+json"),
        (status = 503, description = "Busy; try again", content_type = "application/problem+json"),
    ))]
async fn invite(
    staff: Staff<StaffWrite>,
    landlord: Landlord,
    shop: Shop,
    Json(request): Json<Invite>,
) -> Result<(StatusCode, Json<Invitation>), Problem> {
    let by = staff.identity.account;
    let made = invitations::invite(&landlord, &shop.origin, shop.id, by, &shop.entitlements, &request).await?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// Send an invitation once more, with another link. The one before is void.
#[utoipa::path(post, path = "/api/v1/admin/invitations/{id}/resend", tag = "staff", params(("id" = InvitationId, Path, description = "The invitation")), security(("staff" = [])),
    responses(
        (status = 200, description = "A letter is on its way", body = Invitation),
        (status = 401, description = "No valid credential", content_type = "application/problem+json"),
        (status = 403, description = "The role or the key does not include staff.write; or the role is above one's own, or `limit.reached`", content_type = "application/problem+json"),
        (status = 404, description = "No such invitation", content_type = "application/problem+json"),
        (status = 409, description = "It was accepted or revoked", content_type = "application/problem+json"),
        (status = 429, description = "Too many letters", content_type = "application/problem+json"),
        (status = 503, description = "Busy; try again", content_type = "application/problem+json"),
    ))]
async fn resend(
    staff: Staff<StaffWrite>,
    landlord: Landlord,
    shop: Shop,
    Path(id): Path<InvitationId>,
) -> Result<Json<Invitation>, Problem> {
    let by = staff.identity.account;
    let sent = invitations::resend(&landlord, &shop.origin, shop.id, by, &shop.entitlements, id).await?;
    Ok(Json(sent))
}

/// Take an invitation back.
#[utoipa::path(delete, path = "/api/v1/admin/invitations/{id}", tag = "staff", params(("id" = InvitationId, Path, description = "The invitation")), security(("staff" = [])),
    responses(
        (status = 204, description = "Its link opens nothing any more"),
        (status = 401, description = "No valid credential", content_type = "application/problem+json"),
        (status = 403, description = "The role or the key does not include staff.write", content_type = "application/problem+json"),
        (status = 404, description = "No such invitation", content_type = "application/problem+json"),
        (status = 409, description = "It was accepted or revoked", content_type = "application/problem+json"),
        (status = 429, description = "Too many requests", content_type = "application/problem+json"),
        (status = 503, description = "Busy; try again", content_type = "application/problem+json"),
    ))]
async fn revoke(
    _: Staff<StaffWrite>,
    landlord: Landlord,
    shop: Shop,
    Path(id): Path<InvitationId>,
) -> Result<StatusCode, Problem> {
    let mut tx = landlord.db.begin().await.map_err(Problem::database)?;
    invitations::revoke(&mut tx, &shop.origin, shop.id, id).await?;
    tx.commit().await.map_err(Problem::database)?;
    Ok(StatusCode::NO_CONTENT)
}
