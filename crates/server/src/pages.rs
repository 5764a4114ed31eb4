//! What stands at `/` of each host until there are pages: what this is, and where to go on.

use axum::http::{HeaderValue, header};
use axum::response::{Html, IntoResponse, Response};
use commerce::shop::Shop;
use kernel::http::Path;
use kernel::problem::Problem;

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:4rem auto;padding:0 1rem}\
                     code{background:#f2f2f2;padding:.1em .3em}";

/// The platform's.
pub async fn platform() -> Response {
    page(
        "Souk",
        "<h1>Souk</h1><p>This is a commerce platform: sign up, and have a store on a subdomain a moment later.</p>\
         <ul><li><a href=\"/docs\">API documentation</a></li>\
         <li><a href=\"/openapi.json\">OpenAPI description</a></li>\
         <li><a href=\"/api/v1/plans\">Plans</a></li></ul>\
         <p>Sign up with <code>POST /api/v1/signup</code>.</p>",
    )
}

/// A store's.
pub async fn store(shop: Shop) -> Response {
    let name = escape(&shop.slug);
    page(
        &name,
        &format!(
            "<h1>{name}</h1><p>This is a store on Souk. Its shop window is an API so far.</p>\
             <ul><li><a href=\"/docs\">API documentation</a></li>\
             <li><a href=\"/openapi.json\">OpenAPI description for shoppers</a></li>\
             <li><a href=\"/admin/openapi.json\">OpenAPI description for staff</a></li>\
             <li><a href=\"/api/v1/store\">The store</a></li>\
             <li><a href=\"/api/v1/products\">Its products</a></li></ul>"
        ),
    )
}

/// Where the links in mails lead, and the script of those pages. What they do is the API's.
pub async fn account(Path(act): Path<String>) -> Response {
    let (title, hint) = match act.as_str() {
        "page.js" => return ([(header::CONTENT_TYPE, "text/javascript")], SCRIPT).into_response(),
        "verify-email" => ("Confirm your e-mail address", ""),
        "confirm-email" => ("Confirm your new e-mail address", ""),
        "reset-password" => ("Choose a new password", ""),
        "forgot-password" => ("Forgotten your password?", ""),
        "accept-invitation" => (
            "Accept the invitation",
            "<p>With an account, type its password, and a code if it has a second factor. Without one, choose a password.</p>",
        ),
        _ => return Problem::not_found("page").into_response(),
    };
    let body = format!(
        "<h1>{title}</h1>{hint}<form>\
         <label for=\"email\" hidden>E-mail <input id=\"email\" name=\"email\" type=\"email\"><br></label>\
         <label for=\"password\" hidden>Password <input id=\"password\" name=\"password\" type=\"password\"><br></label>\
         <label for=\"code\" hidden>Code <input id=\"code\" name=\"code\" autocomplete=\"one-time-code\"><br></label>\
         <button>Go on</button></form><output></output><script src=\"/account/page.js\"></script>"
    );
    let mut response = page(title, &body);
    let policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'self'; connect-src 'self'; \
                  form-action 'none'; base-uri 'none'; frame-ancestors 'none'";
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    response.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

const SCRIPT: &str = include_str!("pages/account.js");

fn page(title: &str, body: &str) -> Response {
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title><style>{STYLE}</style></head>\
         <body>{body}</body></html>\n"
    );
    let mut response = Html(html).into_response();
    let policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    response
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}
