//! The staff of a store.

use axum::http::StatusCode;
use commerce::access::{Staff, StaffRead, StaffWrite};
use commerce::shop::Shop;
use kernel::http::{Json, Path, Query};
use kernel::id::AccountId;
use kernel::page::{self, Page, PageQuery};
use kernel::problem::Problem;
use landlord::Landlord;
use landlord::members::{self, ChangeRole, Member};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(change_role, remove))
}

/// List the staff.
#[utoipa::path(get, path = "/api/v1/admin/staff", tag = "staff", params(PageQuery), security(("staff" = [])),
    responses(
        (status = 200, description = "A page of members", body = Page<Member>),
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
) -> Result<Json<Page<Member>>, Problem> {
    let limit = page::limit(query.limit)?;
    let after = page::after(query.cursor.as_deref())?;
    let mut tx = landlord.db.begin().await.map_err(Problem::database)?;
    let rows = members::list(&mut tx, shop.id, after, limit + 1).await.map_err(Problem::database)?;
    tx.commit().await.map_err(Problem::database)?;
    Ok(Json(page::cut(rows, limit, |row| row.account_id)))
}

/// Give a member another role. It holds from their next request on.
#[utoipa::path(patch, path = "/api/v1/admin/staff/{account_id}", tag = "staff", request_body = ChangeRole, params(("account_id" = AccountId, Path, description = "The member")), security(("staff" = [])),
    responses(
        (status = 204, description = "The member has the role"),
        (status = 400, description = "The body is not JSON", content_type = "application/problem+json"),
        (status = 401, description = "No valid credential", content_type = "application/problem+json"),
        (status = 403, description = "The role or the key does not include staff.write; or a role is above one's own", content_type = "application/problem+json"),
        (status = 404, description = "No such member", content_type = "application/problem+json"),
        (status = 409, description = "A store needs an owner", content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", content_type = "application/problem+json"),
        (status = 415, description = "The body is not application/json", content_type = "application/problem+json"),
        (status = 422, description = "A field is not acceptable", content_type = "application/problem+json"),
        (status = 429, description = "Too many requests", content_type = "application/problem+json"),
        (status = 503, description = "Busy; try again", content_type = "application/problem+json"),
    ))]
async fn change_role(
    staff: Staff<StaffWrite>,
    landlord: Landlord,
    shop: Shop,
    Path(member): Path<AccountId>,
    Json(request): Json<ChangeRole>,
) -> Result<StatusCode, Problem> {
    let by = staff.identity.account;
    members::change_role(&landlord, &shop.origin, shop.id, by, member, request.role).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Take a member's role away. It holds from their next request on.
#[utoipa::path(delete, path = "/api/v1/admin/staff/{account_id}", tag = "staff", params(("account_id" = AccountId, Path, description = "The member")), security(("staff" = [])),
    responses(
        (status = 204, description = "The account has no role here any more"),
        (status = 401, description = "No valid credential", content_type = "application/problem+json"),
        (status = 403, description = "The role or the key does not include staff.write; or the role is above one's own", content_type = "application/problem+json"),
        (status = 404, description = "No such member", content_type = "application/problem+json"),
        (status = 409, description = "A store needs an owner", content_type = "application/problem+json"),
        (status = 429, description = "Too many requests", content_type = "application/problem+json"),
        (status = 503, description = "Busy; try again", content_type = "application/problem+json"),
    ))]
async fn remove(
    staff: Staff<StaffWrite>,
    landlord: Landlord,
    shop: Shop,
    Path(member): Path<AccountId>,
) -> Result<StatusCode, Problem> {
    members::remove(&landlord, &shop.origin, shop.id, staff.identity.account, member).await?;
    Ok(StatusCode::NO_CONTENT)
}
