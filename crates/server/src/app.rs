//! The application: which host gets which routes, and what guards them.
//!
//! ```text
//! edge ─ host ─┬─ the platform's ──> landlord
//!              ├─ a store's ─┬─ /api/v1/admin ── staff ── subscription ──> commerce
//!              │             ├─ /webhooks ──────────────(signature)──────> commerce
//!              │             └─ the rest ─────── subscription ──────────> commerce
//!              └─ nobody's ──> 404
//! ```

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use axum::{Extension, Router};
use commerce::checkout;
use commerce::shop::Shop;
use futures::future::join_all;
use ipnet::IpNet;
use kernel::http::{Json, body};
use kernel::origin::{Actor, Origin};
use kernel::problem::Problem;
use landlord::Landlord;
use landlord::subscriptions::let_through;
use tower::ServiceExt;

use crate::edge::edge;
use crate::errand::errand;
use crate::metrics::measure;
use crate::tenancy::{
    Cluster, Host, Pools, Store, Stores, host_of, identify, moved_meanwhile, reachable, storefront_of,
};
use crate::{faces, pages, staff_api};

/// A cluster that takes longer to answer counts as away.
const ANSWER: std::time::Duration = std::time::Duration::from_secs(2);

/// What the application is made of.
#[derive(Clone)]
pub struct App {
    /// The platform.
    pub landlord: Landlord,
    /// The stores.
    pub stores: Stores,
    /// The ways to the databases.
    pub pools: Pools,
    /// The platform's own host.
    pub platform_host: Arc<str>,
    /// Networks of our own proxies.
    pub proxies: Arc<[IpNet]>,
    /// Most bytes of a JSON body.
    pub max_body_bytes: usize,
    /// Most bytes of a provider's message.
    pub max_webhook_bytes: usize,
}

#[derive(Clone)]
struct Faces {
    app: App,
    platform: Router,
    store: Router,
}

/// The whole application.
pub fn router(app: App) -> Router {
    let proxies = app.proxies.clone();
    let faces = Faces { platform: platform(&app), store: store(&app), app };
    Router::new().fallback(any(by_host)).with_state(faces).layer(from_fn_with_state(proxies, edge))
}

/// The host alone decides, and decides everything: the platform's routes do not exist on a store's host, nor back.
async fn by_host(State(faces): State<Faces>, request: Request) -> Response {
    match dispatch(faces, request).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    }
}

async fn dispatch(faces: Faces, request: Request) -> Result<Response, Problem> {
    let (mut parts, body) = request.into_parts();
    let host = host_of(&parts)?;
    let router = if *host.0 == *faces.app.platform_host {
        faces.platform
    } else {
        let store = faces.app.stores.at(&host).await.map_err(Problem::database)?.ok_or_else(|| nobody(&host))?;
        reachable(&store, &parts.method)?;
        let looked_up = store.clone();
        let origin = parts.extensions.get::<Origin>().cloned().unwrap_or_else(Origin::system);
        parts.extensions.insert(faces.app.stores.open(&store, origin));
        parts.extensions.insert(store);
        let response = serve(faces.store, Request::from_parts(parts, body)).await;
        return Ok(moved_meanwhile(&faces.app.stores, &looked_up, response).await);
    };
    Ok(serve(router, Request::from_parts(parts, body)).await)
}

async fn serve(router: Router, request: Request) -> Response {
    match router.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

fn nobody(host: &Host) -> Problem {
    tracing::debug!(host = host.0, "a request for nobody's host");
    Problem::new(StatusCode::NOT_FOUND, "host.unknown", "there is nothing at this address")
}

fn platform(app: &App) -> Router {
    Router::from(landlord::routes())
        .layer(DefaultBodyLimit::max(app.max_body_bytes))
        .merge(Router::from(landlord::provider_routes()).layer(DefaultBodyLimit::max(app.max_webhook_bytes)))
        .layer(Extension(app.landlord.clone()))
        .merge(faces::platform())
        .route("/", get(pages::platform))
        .route("/account/{act}", get(pages::account))
        .route("/health/live", get(async || "live\n"))
        .route("/health/ready", get(ready).with_state(app.clone()))
        .route("/health/clusters", get(clusters).with_state(app.clone()))
        .route(
            "/webhooks/stripe/payments",
            post(payments_webhook).layer(DefaultBodyLimit::max(app.max_webhook_bytes)).with_state(app.clone()),
        )
        .fallback(no_route)
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn(measure))
}

fn store(app: &App) -> Router {
    let staff = Router::from(commerce::staff_routes().merge(staff_api::routes()))
        .layer(Extension(app.landlord.clone()))
        .layer(from_fn(open))
        .layer(from_fn_with_state(app.clone(), staff))
        .layer(DefaultBodyLimit::max(app.max_body_bytes));
    let shoppers = Router::from(commerce::shopper_routes())
        .layer(from_fn(open))
        .layer(from_fn_with_state(app.clone(), storefront))
        .layer(DefaultBodyLimit::max(app.max_body_bytes));
    // Money in flight settles, whatever becomes of the store.
    let provider = Router::from(commerce::provider_routes()).layer(DefaultBodyLimit::max(app.max_webhook_bytes));
    Router::new()
        .merge(staff)
        .merge(shoppers)
        .merge(provider)
        .merge(faces::store())
        .route("/", get(pages::store))
        .fallback(no_route)
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn(measure))
}

/// Lets requests through to stores that may do what they are about.
async fn open(Extension(store): Extension<Arc<Store>>, shop: Shop, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    match let_through(&store.resolved, errand(request.method(), route), shop.clock.now()) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

/// Finds out who of the staff asks, and lets the store know. Who is not let in learns nothing of the store's state.
async fn staff(State(app): State<App>, shop: Shop, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    match identify(&app.landlord, shop.id, &parts).await {
        Ok(identity) => {
            let actor = match identity.key {
                None => Actor::Staff(identity.account.0),
                Some(_) => Actor::ApiKey(identity.account.0),
            };
            let origin = shop.origin.clone().acting(actor);
            parts.extensions.insert(Shop { origin, ..shop });
            parts.extensions.insert(identity);
            next.run(Request::from_parts(parts, body)).await
        }
        Err(problem) => problem.into_response(),
    }
}

/// A storefront may say which it is. One that says wrongly was built for another store, and finds out at once.
async fn storefront(State(app): State<App>, shop: Shop, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    match storefront_of(&app.landlord, &shop, &parts).await {
        Ok(()) => next.run(Request::from_parts(parts, body)).await,
        Err(problem) => problem.into_response(),
    }
}

/// Payment news for any store, for providers that know only one address of ours. Which store it is for stands in the
/// metadata that we gave the payment; what it may change is decided there.
async fn payments_webhook(
    State(app): State<App>,
    Extension(origin): Extension<Origin>,
    headers: HeaderMap,
    request: Request,
) -> Result<StatusCode, Problem> {
    let header = headers.get("stripe-signature").and_then(|value| value.to_str().ok());
    let signature = header.unwrap_or_default().to_owned();
    let payload = body(request, &()).await?;
    let tools = app.stores.tools();
    let now = tools.clock.now().timestamp();
    let tenant = checkout::tenant_of(&tools.platform.webhook_secrets, &payload, &signature, now)?;
    let Some(tenant) = tenant else { return Ok(StatusCode::OK) };
    let Some(store) = app.stores.of(tenant).await.map_err(Problem::database)? else { return Ok(StatusCode::OK) };
    reachable(&store, &Method::POST)?;
    checkout::receive(&app.stores.open(&store, origin), &payload, &signature).await?;
    Ok(StatusCode::OK)
}

/// Ready when the database answers.
async fn ready(State(app): State<App>) -> Result<&'static str, Problem> {
    let tx = app.pools.landlord().begin().await.map_err(Problem::database)?;
    tx.commit().await.map_err(Problem::database)?;
    Ok("ready\n")
}

/// Which databases of stores answer this process. One that is away takes only its own stores along: the platform is
/// ready without it.
async fn clusters(State(app): State<App>) -> Json<serde_json::Value> {
    let asked: Vec<_> = app.pools.clusters().map(|cluster| answers(cluster.clone())).collect();
    let told = join_all(asked).await;
    Json(serde_json::json!({ "clusters": told }))
}

async fn answers(cluster: Cluster) -> serde_json::Value {
    let asked = async { cluster.db().begin().await?.commit().await };
    let up = tokio::time::timeout(ANSWER, asked).await.is_ok_and(|answer| answer.is_ok());
    serde_json::json!({ "id": &*cluster.id, "status": if up { "up" } else { "away" } })
}

async fn no_route() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "route.unknown", "there is no such route here; see /docs")
}

async fn wrong_method() -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "route.wrong_method", "this route has other methods; see /docs")
}
