//! The three faces of the API, described: for the platform, for shoppers, for staff.

use axum::Router;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, OpenApi, OpenApiBuilder};
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
                landlord::routes(),
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
                commerce::staff_routes(),
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
        described
    }
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
