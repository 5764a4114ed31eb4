//! Every route of a store and how to ask it for something. A route of the documents that is not here fails the tests,
//! and so does one that is here and not in the documents.

use reqwest::Method;
use serde_json::{Value, json};
use server::faces::Face;
use souk_tests::{Bought, News, Store, Variant, card, key, unique};

/// What a parameter of a path names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thing {
    Product,
    Handle,
    Variant,
    Category,
    Cart,
    Item,
    Checkout,
    Order,
    Customer,
    Fault,
    Job,
    Promotion,
    TaxRate,
    ShippingMethod,
    Refund,
    ProviderEvent,
    Member,
    Invitation,
    ApiKey,
}

/// What proves that a shopper may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    Nothing,
    Cart,
    Order,
    Signature,
}

/// Who a route is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Staff(&'static str),
    Shopper(Proof),
}

/// One route.
pub struct Route {
    pub method: &'static str,
    pub path: &'static str,
    pub who: Who,
    pub names: &'static [Thing],
    pub body: fn(&Things) -> Option<Value>,
}

/// What a store has, to be named in requests.
#[derive(Debug, Clone)]
pub struct Things {
    pub product: String,
    pub handle: String,
    pub variant: String,
    pub category: String,
    pub cart: String,
    pub item: String,
    pub checkout: String,
    pub order: String,
    pub fault: String,
    pub payment: String,
    pub refund: String,
    pub customer: String,
    pub job: String,
    pub promotion: String,
    pub tax_rate: String,
    pub shipping_method: String,
    pub provider_event: String,
    pub member: String,
    pub invitation: String,
    pub api_key: String,
    pub cart_token: String,
    pub order_token: String,
}

use Proof::{Cart as CartProof, Nothing, Order as OrderProof, Signature};
use Thing::{
    ApiKey, Cart, Category, Checkout, Customer, Fault, Handle, Invitation, Item, Job, Member, Order, Product,
    Promotion, ProviderEvent, Refund, ShippingMethod, TaxRate, Variant as VariantThing,
};
use Who::{Shopper, Staff};

const fn route(method: &'static str, path: &'static str, who: Who, names: &'static [Thing]) -> Route {
    Route { method, path, who, names, body: |_| None }
}

const fn sending(route: Route, body: fn(&Things) -> Option<Value>) -> Route {
    Route { body, ..route }
}

/// All routes of a store.
pub const ROUTES: &[Route] = &[
    route("GET", "/api/v1/store", Shopper(Nothing), &[]),
    route("GET", "/api/v1/products", Shopper(Nothing), &[]),
    route("GET", "/api/v1/products/{handle}", Shopper(Nothing), &[Handle]),
    sending(route("POST", "/api/v1/carts", Shopper(Nothing), &[]), |_| Some(json!({}))),
    route("GET", "/api/v1/carts/{id}", Shopper(CartProof), &[Cart]),
    sending(route("POST", "/api/v1/carts/{id}/items", Shopper(CartProof), &[Cart]), |things| {
        Some(json!({ "variant_id": things.variant, "quantity": 1 }))
    }),
    sending(route("PATCH", "/api/v1/carts/{id}/items/{item_id}", Shopper(CartProof), &[Cart, Item]), |_| {
        Some(json!({ "quantity": 2 }))
    }),
    route("DELETE", "/api/v1/carts/{id}/items/{item_id}", Shopper(CartProof), &[Cart, Item]),
    sending(route("POST", "/api/v1/carts/{id}/promo", Shopper(CartProof), &[Cart]), |_| {
        Some(json!({ "code": "THINGS" }))
    }),
    route("DELETE", "/api/v1/carts/{id}/promo", Shopper(CartProof), &[Cart]),
    route("GET", "/api/v1/carts/{id}/shipping-methods", Shopper(CartProof), &[Cart]),
    sending(route("POST", "/api/v1/checkouts", Shopper(CartProof), &[]), |things| Some(things.purchase())),
    route("GET", "/api/v1/checkouts/{id}", Shopper(CartProof), &[Checkout]),
    route("POST", "/api/v1/checkouts/{id}/cancel", Shopper(CartProof), &[Checkout]),
    route("GET", "/api/v1/orders/{id}", Shopper(OrderProof), &[Order]),
    sending(route("POST", "/api/v1/orders/{id}/payments", Shopper(OrderProof), &[Order]), |_| {
        Some(json!({ "payment_method": "card" }))
    }),
    sending(route("POST", "/webhooks/stripe/payments", Shopper(Signature), &[]), |_| Some(json!({}))),
    route("GET", "/api/v1/admin/settings", Staff("settings.read"), &[]),
    sending(route("PATCH", "/api/v1/admin/settings", Staff("settings.write"), &[]), |_| {
        Some(json!({ "low_stock_threshold": 3 }))
    }),
    route("GET", "/api/v1/admin/products", Staff("catalog.read"), &[]),
    sending(route("POST", "/api/v1/admin/products", Staff("catalog.write"), &[]), |_| {
        Some(json!({ "title": unique("Product"), "variants": [{ "sku": unique("SKU"), "price_minor": 100 }] }))
    }),
    route("GET", "/api/v1/admin/products/{id}", Staff("catalog.read"), &[Product]),
    sending(route("PATCH", "/api/v1/admin/products/{id}", Staff("catalog.write"), &[Product]), |_| {
        Some(json!({ "title": "Stolen" }))
    }),
    route("DELETE", "/api/v1/admin/products/{id}", Staff("catalog.write"), &[Product]),
    sending(route("POST", "/api/v1/admin/products/{id}/variants", Staff("catalog.write"), &[Product]), |_| {
        Some(json!({ "sku": unique("SKU"), "title": "Another", "price_minor": 1, "options": { "size": unique("S") } }))
    }),
    route("GET", "/api/v1/admin/variants/{id}", Staff("catalog.read"), &[VariantThing]),
    sending(route("PATCH", "/api/v1/admin/variants/{id}", Staff("catalog.write"), &[VariantThing]), |_| {
        Some(json!({ "price_minor": 1 }))
    }),
    route("DELETE", "/api/v1/admin/variants/{id}", Staff("catalog.write"), &[VariantThing]),
    sending(route("POST", "/api/v1/admin/variants/{id}/stock", Staff("stock.write"), &[VariantThing]), |_| {
        Some(json!({ "delta": 1, "reason": "found" }))
    }),
    route("GET", "/api/v1/admin/stock", Staff("stock.read"), &[]),
    route("GET", "/api/v1/admin/stock/status", Staff("stock.read"), &[]),
    route("GET", "/api/v1/admin/stock/movements", Staff("stock.read"), &[]),
    route("GET", "/api/v1/admin/categories", Staff("catalog.read"), &[]),
    sending(route("POST", "/api/v1/admin/categories", Staff("catalog.write"), &[]), |_| {
        Some(json!({ "title": unique("Category") }))
    }),
    sending(route("PATCH", "/api/v1/admin/categories/{id}", Staff("catalog.write"), &[Category]), |_| {
        Some(json!({ "title": "Stolen" }))
    }),
    route("DELETE", "/api/v1/admin/categories/{id}", Staff("catalog.write"), &[Category]),
    route("GET", "/api/v1/admin/promotions", Staff("pricing.read"), &[]),
    sending(route("POST", "/api/v1/admin/promotions", Staff("pricing.write"), &[]), |_| {
        Some(
            json!({ "title": unique("Promotion"), "code": unique("P").to_uppercase(), "kind": "fixed", "amount_minor": 1 }),
        )
    }),
    route("GET", "/api/v1/admin/promotions/{id}", Staff("pricing.read"), &[Promotion]),
    sending(route("PATCH", "/api/v1/admin/promotions/{id}", Staff("pricing.write"), &[Promotion]), |_| {
        Some(json!({ "title": "Stolen" }))
    }),
    route("DELETE", "/api/v1/admin/promotions/{id}", Staff("pricing.write"), &[Promotion]),
    route("GET", "/api/v1/admin/tax-rates", Staff("pricing.read"), &[]),
    sending(route("POST", "/api/v1/admin/tax-rates", Staff("pricing.write"), &[]), |_| {
        Some(json!({ "title": "Tax", "country": "AQ", "region": unique("R"), "percent": 1, "inclusive": true }))
    }),
    route("GET", "/api/v1/admin/tax-rates/{id}", Staff("pricing.read"), &[TaxRate]),
    sending(route("PATCH", "/api/v1/admin/tax-rates/{id}", Staff("pricing.write"), &[TaxRate]), |_| {
        Some(json!({ "title": "Stolen" }))
    }),
    route("DELETE", "/api/v1/admin/tax-rates/{id}", Staff("pricing.write"), &[TaxRate]),
    route("GET", "/api/v1/admin/shipping-methods", Staff("pricing.read"), &[]),
    sending(route("POST", "/api/v1/admin/shipping-methods", Staff("pricing.write"), &[]), |_| {
        Some(json!({ "code": unique("way").to_lowercase(), "title": "A way", "position": 9, "zones": [{}] }))
    }),
    route("GET", "/api/v1/admin/shipping-methods/{id}", Staff("pricing.read"), &[ShippingMethod]),
    sending(route("PATCH", "/api/v1/admin/shipping-methods/{id}", Staff("pricing.write"), &[ShippingMethod]), |_| {
        Some(json!({ "title": "Stolen" }))
    }),
    route("DELETE", "/api/v1/admin/shipping-methods/{id}", Staff("pricing.write"), &[ShippingMethod]),
    route("GET", "/api/v1/admin/orders", Staff("orders.read"), &[]),
    route("GET", "/api/v1/admin/orders/{id}", Staff("orders.read"), &[Order]),
    route("GET", "/api/v1/admin/orders/{id}/events", Staff("orders.read"), &[Order]),
    route("GET", "/api/v1/admin/customers", Staff("customers.read"), &[]),
    sending(route("POST", "/api/v1/admin/customers", Staff("customers.write"), &[]), |_| {
        Some(json!({ "email": format!("{}@example.com", unique("customer")) }))
    }),
    route("GET", "/api/v1/admin/customers/{id}", Staff("customers.read"), &[Customer]),
    sending(route("PATCH", "/api/v1/admin/customers/{id}", Staff("customers.write"), &[Customer]), |_| {
        Some(json!({ "note": "stolen" }))
    }),
    route("GET", "/api/v1/admin/orders/pending", Staff("orders.read"), &[]),
    route("GET", "/api/v1/admin/orders/{id}/shipments", Staff("orders.read"), &[Order]),
    route("POST", "/api/v1/admin/orders/{id}/confirm", Staff("orders.write"), &[Order]),
    route("POST", "/api/v1/admin/orders/{id}/pack", Staff("orders.fulfil"), &[Order]),
    sending(route("POST", "/api/v1/admin/orders/{id}/ship", Staff("orders.fulfil"), &[Order]), |_| Some(json!({}))),
    sending(route("POST", "/api/v1/admin/orders/{id}/deliver", Staff("orders.fulfil"), &[Order]), |_| Some(json!({}))),
    route("POST", "/api/v1/admin/orders/{id}/fulfil", Staff("orders.fulfil"), &[Order]),
    sending(route("POST", "/api/v1/admin/orders/{id}/cancel", Staff("orders.write"), &[Order]), |_| {
        Some(json!({ "reason": "stolen" }))
    }),
    sending(route("POST", "/api/v1/admin/orders/{id}/lock", Staff("orders.fulfil"), &[Order]), |_| {
        Some(json!({ "reason": "looking into it" }))
    }),
    route("DELETE", "/api/v1/admin/orders/{id}/lock", Staff("orders.fulfil"), &[Order]),
    route("GET", "/api/v1/admin/orders/{id}/notes", Staff("orders.read"), &[Order]),
    sending(route("POST", "/api/v1/admin/orders/{id}/notes", Staff("orders.fulfil"), &[Order]), |_| {
        Some(json!({ "text": "Call back" }))
    }),
    route("GET", "/api/v1/admin/orders/{id}/errors", Staff("orders.read"), &[Order]),
    route("GET", "/api/v1/admin/errors", Staff("orders.read"), &[]),
    sending(route("POST", "/api/v1/admin/errors/{id}/resolve", Staff("orders.fulfil"), &[Fault]), |_| {
        Some(json!({ "resolution": "Seen to" }))
    }),
    sending(route("POST", "/api/v1/orders/{id}/refund-requests", Shopper(OrderProof), &[Order]), |_| {
        Some(json!({ "amount_minor": 1, "reason": "broken" }))
    }),
    route("GET", "/api/v1/orders/{id}/refund-requests", Shopper(OrderProof), &[Order]),
    sending(route("POST", "/api/v1/admin/orders/{id}/refunds", Staff("refunds.write"), &[Order]), |_| {
        Some(json!({ "amount_minor": 1, "reason": "broken" }))
    }),
    route("GET", "/api/v1/admin/orders/{id}/refunds", Staff("refunds.read"), &[Order]),
    sending(route("POST", "/api/v1/admin/orders/{id}/refunds/preview", Staff("refunds.write"), &[Order]), |_| {
        Some(json!({ "amount_minor": 1, "reason": "broken" }))
    }),
    route("GET", "/api/v1/admin/refunds", Staff("refunds.read"), &[]),
    route("GET", "/api/v1/admin/refunds/{id}", Staff("refunds.read"), &[Refund]),
    route("POST", "/api/v1/admin/refunds/{id}/approve", Staff("refunds.approve"), &[Refund]),
    sending(route("POST", "/api/v1/admin/refunds/{id}/reject", Staff("refunds.approve"), &[Refund]), |_| {
        Some(json!({ "reason": "stolen" }))
    }),
    route("POST", "/api/v1/admin/refunds/{id}/cancel", Staff("refunds.write"), &[Refund]),
    route("POST", "/api/v1/admin/refunds/{id}/retry", Staff("refunds.write"), &[Refund]),
    sending(route("POST", "/api/v1/admin/refunds/{id}/settle", Staff("refunds.write"), &[Refund]), |_| {
        Some(json!({ "reference": "stolen" }))
    }),
    route("GET", "/api/v1/admin/payments", Staff("payments.read"), &[]),
    route("POST", "/api/v1/admin/orders/{id}/capture", Staff("payments.write"), &[Order]),
    sending(route("POST", "/api/v1/admin/orders/{id}/mark-paid", Staff("payments.write"), &[Order]), |_| {
        Some(json!({ "reference": "statement 7" }))
    }),
    route("GET", "/api/v1/admin/provider-events", Staff("payments.read"), &[]),
    route("POST", "/api/v1/admin/provider-events/{event_id}/replay", Staff("payments.write"), &[ProviderEvent]),
    route("GET", "/api/v1/admin/checkouts", Staff("orders.read"), &[]),
    route("GET", "/api/v1/admin/checkouts/{id}", Staff("orders.read"), &[Checkout]),
    sending(route("POST", "/api/v1/admin/orders/{id}/approve", Staff("orders.review"), &[Order]), |_| Some(json!({}))),
    sending(route("POST", "/api/v1/admin/orders/{id}/reject", Staff("orders.review"), &[Order]), |_| Some(json!({}))),
    route("GET", "/api/v1/admin/orders/{id}/explain", Staff("orders.read"), &[Order]),
    route("GET", "/api/v1/admin/events", Staff("events.read"), &[]),
    route("GET", "/api/v1/admin/health-checks", Staff("health.read"), &[]),
    route("GET", "/api/v1/admin/reports/sales", Staff("reports.read"), &[]),
    route("GET", "/api/v1/admin/reports/funnel", Staff("reports.read"), &[]),
    route("GET", "/api/v1/admin/reports/stock-turnover", Staff("reports.read"), &[]),
    route("GET", "/api/v1/admin/reports/top-products", Staff("reports.read"), &[]),
    route("GET", "/api/v1/admin/jobs", Staff("jobs.read"), &[]),
    route("POST", "/api/v1/admin/jobs/{id}/replay", Staff("jobs.write"), &[Job]),
    route("GET", "/api/v1/admin/activity", Staff("activity.read"), &[]),
    route("GET", "/api/v1/admin/staff", Staff("staff.read"), &[]),
    sending(route("PATCH", "/api/v1/admin/staff/{account_id}", Staff("staff.write"), &[Member]), |_| {
        Some(json!({ "role": "viewer" }))
    }),
    route("DELETE", "/api/v1/admin/staff/{account_id}", Staff("staff.write"), &[Member]),
    route("GET", "/api/v1/admin/invitations", Staff("staff.read"), &[]),
    sending(route("POST", "/api/v1/admin/invitations", Staff("staff.write"), &[]), |_| {
        Some(json!({ "email": format!("{}@x.com", unique("staff")), "role": "viewer" }))
    }),
    route("POST", "/api/v1/admin/invitations/{id}/resend", Staff("staff.write"), &[Invitation]),
    route("DELETE", "/api/v1/admin/invitations/{id}", Staff("staff.write"), &[Invitation]),
    route("GET", "/api/v1/admin/api-keys", Staff("api_keys.read"), &[]),
    sending(route("POST", "/api/v1/admin/api-keys", Staff("api_keys.write"), &[]), |_| {
        Some(json!({ "kind": "secret", "name": "Robot", "scopes": ["orders.read"] }))
    }),
    sending(route("POST", "/api/v1/admin/api-keys/{id}/rotate", Staff("api_keys.write"), &[ApiKey]), |_| {
        Some(json!({ "overlap_hours": 1 }))
    }),
    route("DELETE", "/api/v1/admin/api-keys/{id}", Staff("api_keys.write"), &[ApiKey]),
];

impl Route {
    pub fn is_for_staff(&self) -> bool {
        matches!(self.who, Staff(_))
    }

    /// The path with these things in it.
    pub fn path_to(&self, things: &Things) -> String {
        let mut path = self.path.to_owned();
        for name in self.names {
            let (start, end) = (path.find('{').unwrap(), path.find('}').unwrap());
            path.replace_range(start..=end, things.name(*name));
        }
        assert!(!path.contains('{'), "{} names too little", self.path);
        path
    }

    /// A request to `store` about `things`, without any proof.
    pub fn request(&self, store: &Store<'_>, things: &Things) -> reqwest::RequestBuilder {
        let method: Method = self.method.parse().unwrap();
        let request = store.request(method, &self.path_to(things)).header("idempotency-key", key());
        match (self.body)(things) {
            Some(body) => request.json(&body),
            None => request,
        }
    }
}

impl Things {
    /// Fills a store with one of everything.
    pub async fn of(store: &Store<'_>) -> (Self, Variant, Bought) {
        let category = store.admin_post("/categories", json!({ "title": unique("Category") })).await.expect(201);
        let variant = store.sell(1000, 50).await;
        let category = category.str("/id");
        let put = json!({ "category_ids": [category] });
        let product = store.admin_patch(&format!("/products/{}", variant.product), put).await.expect(200);
        let bought = store.order(&[(&variant, 2)]).await;
        let fault = store.fault(&bought, "inventory", "high").await;
        let cart = store.fill_cart(&[(&variant, 1)]).await;
        let seen = store.with_cart(&cart, Method::GET, &format!("/api/v1/carts/{}", cart.id), None).await.expect(200);
        let customer = json!({ "email": format!("{}@example.com", unique("customer")) });
        let customer = store.admin_post("/customers", customer).await.expect(201);
        let promotion = json!({ "title": "Things", "code": "THINGS", "kind": "fixed", "amount_minor": 1 });
        let promotion = store.admin_post("/promotions", promotion).await.expect(201);
        let tax = json!({ "title": "Tax", "country": "AQ", "percent": 10, "inclusive": true });
        let tax_rate = store.admin_post("/tax-rates", tax).await.expect(201);
        let way = json!({ "code": "standard", "title": "Standard", "zones": [{ "price_minor": 0 }] });
        let shipping_method = store.admin_post("/shipping-methods", way).await.expect(201);
        let paid = store.buy(&[(&variant, 1)]).await;
        let refund = store.ask_refund(&paid, json!({ "amount_minor": 1, "reason": "broken" })).await.expect(201);
        let news = News::of(store, &bought, 2000, "created", "requires_payment_method");
        store.hear(&news).await.expect(200);
        let invited = json!({ "email": format!("{}@x.com", unique("staff")), "role": "viewer" });
        let invitation = store.admin_post("/invitations", invited).await.expect(201);
        let key = json!({ "kind": "secret", "name": "Robot", "scopes": ["orders.read"] });
        let api_key = store.admin_post("/api-keys", key).await.expect(201);
        let things = Self {
            member: store.admin_get("/staff").await.expect(200).str("/data/0/account_id"),
            invitation: invitation.str("/id"),
            api_key: api_key.str("/id"),
            product: variant.product.clone(),
            handle: product.str("/handle"),
            variant: variant.id.clone(),
            category,
            cart: cart.id,
            item: seen.str("/items/0/id"),
            checkout: bought.checkout.clone(),
            order: bought.order.clone(),
            fault,
            payment: bought.payment.clone(),
            refund: refund.str("/id"),
            customer: customer.str("/id"),
            job: store.dead_job().await,
            promotion: promotion.str("/id"),
            tax_rate: tax_rate.str("/id"),
            shipping_method: shipping_method.str("/id"),
            provider_event: news.0["id"].as_str().unwrap().to_owned(),
            cart_token: cart.token,
            order_token: bought.order_token.clone(),
        };
        (things, variant, bought)
    }

    /// The same kinds of things, none of which exists.
    pub fn missing() -> Self {
        let id = || uuid::Uuid::now_v7().to_string();
        Self {
            product: id(),
            handle: unique("nothing"),
            variant: id(),
            category: id(),
            cart: id(),
            item: id(),
            checkout: id(),
            order: id(),
            fault: "987654321".to_owned(),
            payment: id(),
            refund: id(),
            customer: id(),
            job: "9007199254740991".to_owned(),
            promotion: id(),
            tax_rate: id(),
            shipping_method: id(),
            provider_event: unique("evt"),
            member: id(),
            invitation: id(),
            api_key: id(),
            cart_token: "n".repeat(43),
            order_token: "n".repeat(43),
        }
    }

    fn name(&self, thing: Thing) -> &str {
        match thing {
            Product => &self.product,
            Handle => &self.handle,
            VariantThing => &self.variant,
            Category => &self.category,
            Cart => &self.cart,
            Item => &self.item,
            Checkout => &self.checkout,
            Order => &self.order,
            Customer => &self.customer,
            Fault => &self.fault,
            Job => &self.job,
            Promotion => &self.promotion,
            TaxRate => &self.tax_rate,
            ShippingMethod => &self.shipping_method,
            Refund => &self.refund,
            ProviderEvent => &self.provider_event,
            Member => &self.member,
            Invitation => &self.invitation,
            ApiKey => &self.api_key,
        }
    }

    /// Every id, for searching answers.
    pub fn ids(&self) -> [&str; 13] {
        [
            &self.product,
            &self.variant,
            &self.category,
            &self.cart,
            &self.item,
            &self.checkout,
            &self.order,
            &self.payment,
            &self.customer,
            &self.promotion,
            &self.tax_rate,
            &self.shipping_method,
            &self.refund,
        ]
    }

    fn purchase(&self) -> Value {
        card(&souk_tests::Cart { id: self.cart.clone(), token: self.cart_token.clone() })
    }
}

/// The routes of a face, as its document describes them: `(method, path)`.
pub fn documented(face: Face) -> Vec<(String, String)> {
    let document: Value = serde_json::from_str(&face.describe().to_pretty_json().unwrap()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let methods = |path: &str, item: &Value| -> Vec<(String, String)> {
        let operations = item.as_object().unwrap().keys();
        let methods = operations.filter(|name| ["get", "post", "put", "patch", "delete"].contains(&name.as_str()));
        methods.map(|method| (method.to_uppercase(), path.to_owned())).collect()
    };
    paths.iter().flat_map(|(path, item)| methods(path, item)).collect()
}

#[test]
fn every_documented_route_is_in_the_table_and_back() {
    let mut documented: Vec<_> = [Face::Shop, Face::Staff].into_iter().flat_map(documented).collect();
    let mut listed: Vec<_> = ROUTES.iter().map(|route| (route.method.to_owned(), route.path.to_owned())).collect();
    documented.sort();
    listed.sort();
    assert_eq!(documented, listed, "left: the documents; right: the table in routes.rs");
}

#[test]
fn every_route_of_the_router_is_documented_but_for_a_few() {
    let crates = crate::support::root().join("crates");
    let mut found = Vec::new();
    for file in crate::support::sources(&crates) {
        let name = file.strip_prefix(&crates).unwrap().display().to_string();
        if name.starts_with("stripe-sandbox/") || name.contains("/tests") {
            continue;
        }
        let text = std::fs::read_to_string(&file).unwrap();
        // `.routes(routes!(..))` documents what it adds; these add a route behind the documents' back.
        for call in [".route(", ".route_service(", ".nest(", ".nest_service("] {
            for part in text.split(call).skip(1) {
                let path = part.split('"').nth(1).unwrap_or_default();
                found.push(format!("{name} {path}"));
            }
        }
    }
    found.sort();
    let known = [
        "server/src/app.rs /",
        "server/src/app.rs /",
        "server/src/app.rs /account/{act}",
        "server/src/app.rs /health/clusters",
        "server/src/app.rs /health/live",
        "server/src/app.rs /health/ready",
        "server/src/app.rs /webhooks/stripe/payments",
        "server/src/metrics/exporter.rs /metrics",
    ];
    assert_eq!(found, known, "add the route with `routes!`, so that it is described");
}
