//! What a request to a store is about, as far as it matters for a store that is behind with paying. Pure.

use axum::http::Method;
use landlord::subscriptions::Errand;

/// Read from the method and the route, as it is written where it is declared.
pub fn errand(method: &Method, route: &str) -> Errand {
    let Some(staff) = route.strip_prefix("/api/v1/admin/") else {
        return match route {
            "/api/v1/checkouts" if *method == Method::POST => Errand::Checkout,
            "/api/v1/orders/{id}/refund-requests" => Errand::Refund,
            _ => Errand::Look,
        };
    };
    if staff.starts_with("refunds") || staff.starts_with("orders/{id}/refunds") {
        return Errand::Refund;
    }
    if method.is_safe() {
        return Errand::Look;
    }
    match staff {
        "products" | "imports" => Errand::NewProduct,
        _ if staff.starts_with("orders/") || staff.starts_with("errors/") => Errand::Order,
        _ => Errand::Change,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_requests_are_about() {
        for (method, route, want) in [
            (Method::GET, "/api/v1/products", Errand::Look),
            (Method::POST, "/api/v1/carts", Errand::Look),
            (Method::POST, "/api/v1/checkouts", Errand::Checkout),
            (Method::GET, "/api/v1/checkouts/{id}", Errand::Look),
            (Method::POST, "/api/v1/checkouts/{id}/cancel", Errand::Look),
            (Method::POST, "/api/v1/orders/{id}/refund-requests", Errand::Refund),
            (Method::GET, "/api/v1/admin/products", Errand::Look),
            (Method::POST, "/api/v1/admin/products", Errand::NewProduct),
            (Method::PATCH, "/api/v1/admin/products/{id}", Errand::Change),
            (Method::POST, "/api/v1/admin/variants/{id}/stock", Errand::Change),
            (Method::POST, "/api/v1/admin/orders/{id}/ship", Errand::Order),
            (Method::POST, "/api/v1/admin/orders/{id}/refunds", Errand::Refund),
            (Method::GET, "/api/v1/admin/refunds/{id}", Errand::Refund),
            (Method::POST, "/api/v1/admin/refunds/{id}/approve", Errand::Refund),
        ] {
            assert_eq!(errand(&method, route), want, "{method} {route}");
        }
    }
}
