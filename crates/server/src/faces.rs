//! The three faces of the API, described: for the platform, for shoppers, for staff.

use axum::Router;
use utoipa::PartialSchema;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, InfoBuilder, OpenApi, OpenApiBuilder, Response, ResponseBuilder,
};
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::{Config, SwaggerUi, Url};

/// One of the faces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Face {
    /// On the platform's host.
    Platform,
    /// On a store's host, for people in the shop and the payment provider.
    Shop,
    /// On a store's host, for staff.
    Staff,
}

impl Face {
    /// All faces.
    pub const ALL: [Self; 3] = [Self::Platform, Self::Shop, Self::Staff];

    /// Its name in file names.
    pub fn name(self) -> &'static str {
        match self {
            Self::Platform => "platform",
            Self::Shop => "shop",
            Self::Staff => "staff",
        }
    }

    /// Its description: OpenAPI 3.1.
    pub fn describe(self) -> OpenApi {
        let (title, text, routes): (_, _, OpenApiRouter) = match self {
            Self::Platform => (
                "Souk: the platform",
                "Sign up, log in, and see your stores. Served on the platform's host.",
                landlord::routes().merge(landlord::provider_routes()),
            ),
            Self::Shop => (
                "Souk: a store, for shoppers",
                "Browse, fill a cart, buy. Served on each store's own host, which alone decides whose store it is.",
                commerce::shopper_routes().merge(commerce::provider_routes()),
            ),
            Self::Staff => (
                "Souk: a store, for its staff",
                "Products, stock, orders. Served on each store's own host; send the access token of an account that \
                 has a role in the store.",
                commerce::staff_routes().merge(crate::staff_api::routes()),
            ),
        };
        let mut described = routes.into_openapi();
        let bearer =
            SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build());
        let frame = OpenApiBuilder::new()
            .info(InfoBuilder::new().title(title).description(Some(text)).version(env!("CARGO_PKG_VERSION")).build())
            .components(Some(
                ComponentsBuilder::new()
                    .security_scheme("staff", bearer.clone())
                    .security_scheme("account", bearer)
                    .build(),
            ))
            .build();
        described.info = frame.info.clone();
        described.merge(frame);
        for item in described.paths.paths.values_mut() {
            for operation in operations(item) {
                operation.responses.responses.entry("default".into()).or_insert_with(|| problem().into());
            }
        }
        described
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, put, post, delete, patch, .. } = item;
    [get, put, post, delete, patch].into_iter().flatten()
}

/// Every route may refuse in the one shape.
fn problem() -> Response {
    ResponseBuilder::new()
        .description("Refused, or not possible now: a problem (RFC 9457)")
        .content("application/problem+json", ContentBuilder::new().schema(Some(ProblemBody::schema())).build())
        .build()
}

/// The one shape of refusals.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes what `kernel::problem` writes")]
struct ProblemBody {
    /// `about:blank`.
    r#type: String,
    /// The status in words.
    title: String,
    /// The status.
    status: u16,
    /// What kind of refusal; never changes.
    code: String,
    /// Written for the caller.
    detail: String,
    /// Names the request in our log.
    request_id: Option<String>,
    /// One entry for each thing that is wrong: `field`, `code`, `message` and what else belongs to it.
    errors: Option<Vec<serde_json::Value>>,
}

/// The platform's description and its documentation page, which needs nothing from elsewhere.
pub fn platform() -> Router {
    page(vec![(Url::new("Platform", "/openapi.json"), Face::Platform)])
}

/// A store's descriptions and its documentation page.
pub fn store() -> Router {
    page(vec![
        (Url::new("Shoppers", "/openapi.json"), Face::Shop),
        (Url::new("Staff", "/admin/openapi.json"), Face::Staff),
    ])
}

fn page(faces: Vec<(Url<'static>, Face)>) -> Router {
    let described = faces.into_iter().map(|(url, face)| (url, face.describe())).collect();
    let ui = SwaggerUi::new("/docs").urls(described).config(Config::default().validator_url("none"));
    let policy = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";
    Router::from(ui).layer(axum::middleware::map_response(async move |mut response: axum::response::Response| {
        // The page brings its own scripts and styles, and nothing else may join them.
        let value = axum::http::HeaderValue::from_static(policy);
        response.headers_mut().insert(axum::http::header::CONTENT_SECURITY_POLICY, value);
        response
    }))
}
