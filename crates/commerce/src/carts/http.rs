//! The HTTP face of carts.

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use kernel::http::{Json, Path, Query, body};
use kernel::page::Page;
use kernel::problem::Problem;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{AddItem, Cart, CartId, CartItemId, CartShipping, CreateCart, Destination, SetQuantity, UsePromo};
use crate::access::CartToken;
use crate::shop::Shop;

/// The routes for people in the shop.
pub fn shopper_routes() -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(create))
        .routes(routes!(show))
        .routes(routes!(add_item))
        .routes(routes!(set_quantity, remove_item))
        .routes(routes!(use_promo, drop_promo))
        .routes(routes!(ways))
}

/// What a cart starts with; without a body, nothing.
struct FirstItems(CreateCart);

impl<S: Send + Sync> FromRequest<S> for FirstItems {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (parts, sent) = request.into_parts();
        let bytes = body(Request::from_parts(parts.clone(), sent), state).await?;
        if bytes.is_empty() {
            return Ok(Self(CreateCart::default()));
        }
        let Json(request) = Json::from_request(Request::from_parts(parts, Body::from(bytes)), state).await?;
        Ok(Self(request))
    }
}

/// Create a cart. Keep the token: the header `Cart-Token` needs it from now on.
#[utoipa::path(post, path = "/api/v1/carts", tag = "carts", request_body = Option<CreateCart>, params(Destination),
    responses(
        (status = 201, description = "The cart and its token", body = Cart),
        (status = 400, description = "The body is not JSON, or a query parameter is not acceptable"),
        (status = 409, description = "`stock.insufficient`: more is wanted than there is"),
        (status = 413, description = "The body is too large"),
        (status = 415, description = "The body is not application/json"),
        (status = 422, description = "A field is not acceptable, or `amount.out_of_range`"),
    ))]
async fn create(
    shop: Shop,
    Query(to): Query<Destination>,
    FirstItems(request): FirstItems,
) -> Result<(StatusCode, Json<Cart>), Problem> {
    Ok((StatusCode::CREATED, Json(super::create(&shop, &request, &to.checked()?).await?)))
}

/// Show a cart at the prices of the moment. Taxes are those of the country that is named, else of the store's.
#[utoipa::path(get, path = "/api/v1/carts/{id}", tag = "carts",
    params(("id" = CartId, Path), ("cart-token" = String, Header, description = "The cart's secret"), Destination),
    responses(
        (status = 200, description = "The cart", body = Cart),
        (status = 400, description = "A query parameter is not acceptable"),
        (status = 401, description = "`cart.token_required`"),
        (status = 404, description = "No such cart, or not with this token"),
        (status = 422, description = "`amount.out_of_range`: prices rose so far that there is no total"),
    ))]
async fn show(
    shop: Shop,
    CartToken(token): CartToken,
    Path(id): Path<CartId>,
    Query(to): Query<Destination>,
) -> Result<Json<Cart>, Problem> {
    Ok(Json(super::show(&shop, id, &token, &to.checked()?).await?))
}

/// Put something into a cart.
#[utoipa::path(post, path = "/api/v1/carts/{id}/items", tag = "carts", request_body = AddItem,
    params(("id" = CartId, Path), ("cart-token" = String, Header, description = "The cart's secret"), Destination),
    responses(
        (status = 200, description = "The cart as it is now", body = Cart),
        (status = 400, description = "The body is not JSON, or a query parameter is not acceptable"),
        (status = 401, description = "`cart.token_required`"),
        (status = 404, description = "No such cart, or not with this token"),
        (status = 409, description = "`stock.insufficient`, `cart.locked` or `cart.completed`"),
        (status = 413, description = "The body is too large"),
        (status = 415, description = "The body is not application/json"),
        (status = 422, description = "A field is not acceptable, or `amount.out_of_range`"),
    ))]
async fn add_item(
    shop: Shop,
    CartToken(token): CartToken,
    Path(id): Path<CartId>,
    Query(to): Query<Destination>,
    Json(request): Json<AddItem>,
) -> Result<Json<Cart>, Problem> {
    Ok(Json(super::add_item(&shop, id, &token, &request, &to.checked()?).await?))
}

/// Set how many of something are in a cart.
#[utoipa::path(patch, path = "/api/v1/carts/{id}/items/{item_id}", tag = "carts", request_body = SetQuantity,
    params(
        ("id" = CartId, Path), ("item_id" = CartItemId, Path),
        ("cart-token" = String, Header, description = "The cart's secret"),
        Destination,
    ),
    responses(
        (status = 200, description = "The cart as it is now", body = Cart),
        (status = 400, description = "The body is not JSON, or a query parameter is not acceptable"),
        (status = 401, description = "`cart.token_required`"),
        (status = 404, description = "No such cart or item, or not with this token"),
        (status = 409, description = "`stock.insufficient`, `cart.locked` or `cart.completed`"),
        (status = 413, description = "The body is too large"),
        (status = 415, description = "The body is not application/json"),
        (status = 422, description = "A field is not acceptable, or `amount.out_of_range`"),
    ))]
async fn set_quantity(
    shop: Shop,
    CartToken(token): CartToken,
    Path((id, item)): Path<(CartId, CartItemId)>,
    Query(to): Query<Destination>,
    Json(request): Json<SetQuantity>,
) -> Result<Json<Cart>, Problem> {
    Ok(Json(super::set_quantity(&shop, id, item, &token, request.quantity, &to.checked()?).await?))
}

/// Take something out of a cart.
#[utoipa::path(delete, path = "/api/v1/carts/{id}/items/{item_id}", tag = "carts",
    params(
        ("id" = CartId, Path), ("item_id" = CartItemId, Path),
        ("cart-token" = String, Header, description = "The cart's secret"),
        Destination,
    ),
    responses(
        (status = 200, description = "The cart as it is now", body = Cart),
        (status = 400, description = "A query parameter is not acceptable"),
        (status = 401, description = "`cart.token_required`"),
        (status = 404, description = "No such cart or item, or not with this token"),
        (status = 409, description = "`cart.locked` or `cart.completed`"),
        (status = 422, description = "Taken out, but `amount.out_of_range`: what remains costs more than a cart may"),
    ))]
async fn remove_item(
    shop: Shop,
    CartToken(token): CartToken,
    Path((id, item)): Path<(CartId, CartItemId)>,
    Query(to): Query<Destination>,
) -> Result<Json<Cart>, Problem> {
    Ok(Json(super::set_quantity(&shop, id, item, &token, 0, &to.checked()?).await?))
}

/// Use a promotion's code, in place of the one before. It must apply now; if it ceases to, `notices` say so.
#[utoipa::path(post, path = "/api/v1/carts/{id}/promo", tag = "carts", request_body = UsePromo,
    params(("id" = CartId, Path), ("cart-token" = String, Header, description = "The cart's secret"), Destination),
    responses(
        (status = 200, description = "The cart as it is now", body = Cart),
        (status = 400, description = "The body is not JSON, or a query parameter is not acceptable"),
        (status = 401, description = "`cart.token_required`"),
        (status = 404, description = "No such cart, or not with this token"),
        (status = 409, description = "`cart.locked` or `cart.completed`"),
        (status = 413, description = "The body is too large"),
        (status = 415, description = "The body is not application/json"),
        (status = 422, description = "The code does not apply: `errors` say why; or `amount.out_of_range`"),
    ))]
async fn use_promo(
    shop: Shop,
    CartToken(token): CartToken,
    Path(id): Path<CartId>,
    Query(to): Query<Destination>,
    Json(request): Json<UsePromo>,
) -> Result<Json<Cart>, Problem> {
    Ok(Json(super::use_promo(&shop, id, &token, &request, &to.checked()?).await?))
}

/// Do without a promotion's code.
#[utoipa::path(delete, path = "/api/v1/carts/{id}/promo", tag = "carts",
    params(("id" = CartId, Path), ("cart-token" = String, Header, description = "The cart's secret"), Destination),
    responses(
        (status = 200, description = "The cart as it is now", body = Cart),
        (status = 400, description = "A query parameter is not acceptable"),
        (status = 401, description = "`cart.token_required`"),
        (status = 404, description = "No such cart, or not with this token"),
        (status = 409, description = "`cart.locked` or `cart.completed`"),
        (status = 422, description = "Forgotten, but `amount.out_of_range`: the cart costs more than a cart may"),
    ))]
async fn drop_promo(
    shop: Shop,
    CartToken(token): CartToken,
    Path(id): Path<CartId>,
    Query(to): Query<Destination>,
) -> Result<Json<Cart>, Problem> {
    Ok(Json(super::drop_promo(&shop, id, &token, &to.checked()?).await?))
}

/// List the ways that a cart can go to an address, with what each costs: all of them on one page.
#[utoipa::path(get, path = "/api/v1/carts/{id}/shipping-methods", tag = "carts",
    params(("id" = CartId, Path), ("cart-token" = String, Header, description = "The cart's secret"), Destination),
    responses(
        (status = 200, description = "The ways", body = Page<CartShipping>),
        (status = 400, description = "A query parameter is not acceptable"),
        (status = 401, description = "`cart.token_required`"),
        (status = 404, description = "No such cart, or not with this token"),
        (status = 422, description = "`amount.out_of_range`: prices rose so far that there is no total"),
    ))]
async fn ways(
    shop: Shop,
    CartToken(token): CartToken,
    Path(id): Path<CartId>,
    Query(to): Query<Destination>,
) -> Result<Json<Page<CartShipping>>, Problem> {
    Ok(Json(super::ways(&shop, id, &token, &to.checked()?).await?))
}
