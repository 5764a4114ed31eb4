//! No store can be reached through another: every route, every id, every secret.

use reqwest::Method;
use serde_json::{Value, json};
use server::faces::Face;
use souk_tests::{Answer, News, Platform, Store, assert_consistent, card, key};

use crate::routes::{Proof, ROUTES, Route, Things, Who, documented};
use crate::support::checksum;

async fn send(request: reqwest::RequestBuilder) -> Answer {
    Answer::of(request.send().await.unwrap()).await
}

/// Status and body, without what is different in every answer.
fn shape(answer: &Answer) -> (u16, Value) {
    let mut body = answer.body.clone();
    if let Some(members) = body.as_object_mut() {
        members.remove("request_id");
    }
    (answer.status, body)
}

/// Everything that a route answers to is the same for what is another store's and for what does not exist.
async fn same_as_missing(
    route: &Route,
    a: &Store<'_>,
    theirs: &Things,
    proof: impl Fn(reqwest::RequestBuilder, &Things) -> reqwest::RequestBuilder,
) {
    let missing = Things::missing();
    let foreign = send(proof(route.request(a, theirs), theirs)).await;
    let nothing = send(proof(route.request(a, &missing), &missing)).await;
    assert_eq!(foreign.status, 404, "{} {}: {}", route.method, route.path, foreign.text);
    assert_eq!(shape(&foreign), shape(&nothing), "{} {}", route.method, route.path);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_stores_ids_and_secrets_open_nothing() {
    let platform = Platform::start().await;
    let (a, b) = (platform.open_store().await, platform.open_store().await);
    let (theirs, _, _) = Things::of(&b).await;
    let before = checksum(&b).await;
    let mut tried = 0;
    for route in ROUTES {
        let what = format!("{} {}", route.method, route.path);
        let named = !route.names.is_empty();
        match route.who {
            Who::Staff(_) => {
                if named {
                    same_as_missing(route, &a, &theirs, |request, _| request.bearer_auth(&a.token)).await;
                }
                let none = send(route.request(&a, &theirs)).await;
                assert_eq!((none.status, none.code()), (401, "auth.required"), "{what}: {}", none.text);
                let stranger = send(route.request(&a, &theirs).bearer_auth(&b.token)).await;
                assert_eq!((stranger.status, stranger.code()), (403, "auth.not_a_member"), "{what}: {}", stranger.text);
                let missing = send(route.request(&a, &Things::missing()).bearer_auth(&b.token)).await;
                assert_eq!(shape(&stranger), shape(&missing), "{what}");
            }
            Who::Shopper(Proof::Nothing) if named => same_as_missing(route, &a, &theirs, |request, _| request).await,
            Who::Shopper(Proof::Nothing) => {
                let open = send(route.request(&a, &theirs)).await;
                assert!(theirs.ids().iter().all(|id| !open.text.contains(id)), "{what}: {}", open.text);
            }
            Who::Shopper(Proof::Cart) => {
                same_as_missing(route, &a, &theirs, |request, things| request.header("cart-token", &things.cart_token))
                    .await;
                let none = send(route.request(&a, &theirs)).await;
                assert_eq!((none.status, none.code()), (401, "cart.token_required"), "{what}: {}", none.text);
            }
            Who::Shopper(Proof::Order) => {
                same_as_missing(route, &a, &theirs, |request, things| {
                    request.header("order-token", &things.order_token)
                })
                .await;
                let none = send(route.request(&a, &theirs)).await;
                assert_eq!((none.status, none.code()), (401, "order.token_required"), "{what}: {}", none.text);
            }
            Who::Shopper(Proof::Signature) => {
                let none = send(route.request(&a, &theirs)).await;
                assert_eq!((none.status, none.code()), (400, "webhook.invalid_signature"), "{what}: {}", none.text);
            }
        }
        tried += 1;
    }
    assert!(tried >= 38, "{tried} routes");
    assert_eq!(checksum(&b).await, before);
    assert_consistent(&b).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lists_of_a_store_hold_nothing_of_another() {
    let platform = Platform::start().await;
    let (a, b) = (platform.open_store().await, platform.open_store().await);
    let (theirs, _, _) = Things::of(&b).await;
    let (ours, _, _) = Things::of(&a).await;
    platform.work().await;
    let mut ours_seen = 0;
    for route in ROUTES.iter().filter(|route| route.method == "GET" && route.names.is_empty()) {
        let answer = send(route.request(&a, &ours).bearer_auth(&a.token)).await.expect(200);
        let leaked: Vec<_> = theirs.ids().into_iter().filter(|id| answer.text.contains(*id)).collect();
        assert!(leaked.is_empty() && !answer.text.contains(&b.slug), "{}: {leaked:?}", route.path);
        ours_seen += usize::from(ours.ids().iter().any(|id| answer.text.contains(id)));
    }
    assert!(ours_seen >= 9, "the lists show the store's own: {ours_seen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_stores_ids_inside_bodies_and_queries_are_unknown() {
    let platform = Platform::start().await;
    let (a, b) = (platform.open_store().await, platform.open_store().await);
    let (theirs, foreign_variant, bought) = Things::of(&b).await;
    let (ours, variant, _) = Things::of(&a).await;
    let cart = a.fill_cart(&[(&variant, 1)]).await;
    let before = checksum(&b).await;
    let missing = Things::missing();
    for id in [&theirs.variant, &missing.variant] {
        let body = json!({ "variant_id": id, "quantity": 1 });
        let added = a.with_cart(&cart, Method::POST, &format!("/api/v1/carts/{}/items", cart.id), Some(body)).await;
        assert!((400..500).contains(&added.status), "{}", added.text);
        let made = send(
            a.request(Method::POST, "/api/v1/carts").json(&json!({ "items": [{ "variant_id": id, "quantity": 1 }] })),
        )
        .await;
        assert!((400..500).contains(&made.status), "{}", made.text);
    }
    for id in [&theirs.category, &missing.category] {
        let put = a.admin_patch(&format!("/products/{}", ours.product), json!({ "category_ids": [id] })).await;
        assert!((400..500).contains(&put.status), "{}", put.text);
        let under = a.admin_post("/categories", json!({ "title": "Under", "parent_id": id })).await;
        assert!((400..500).contains(&under.status), "{}", under.text);
        let product = json!({ "title": "P", "category_ids": [id], "variants": [{ "sku": key(), "price_minor": 1 }] });
        let made = a.admin_post("/products", product).await;
        assert!((400..500).contains(&made.status), "{}", made.text);
    }
    // Our own cart, and theirs in the body; their cart with our own secret.
    let foreign = souk_tests::Cart { id: theirs.cart.clone(), token: cart.token.clone() };
    a.checkout(&foreign, &key(), &card(&foreign)).await.problem(404, "not_found");
    // A handle and a category of theirs find nothing here.
    let found = a.get(&format!("/api/v1/products?category={}", theirs.category)).await;
    assert!(found.status == 200 || (400..500).contains(&found.status), "{}", found.text);
    assert!(!found.text.contains(&foreign_variant.id));
    let movements = a.admin_get(&format!("/stock/movements?variant_id={}", theirs.variant)).await.expect(200);
    assert_eq!(movements.body["data"], json!([]));
    // A genuine message about their payment, delivered to our host, changes neither of us.
    let ours_before = a.count("select count(*) from payments where status = 'succeeded'").await;
    a.hear(&News::of(&b, &bought, 2000, "succeeded", "succeeded")).await.expect(200);
    assert_eq!(a.count("select count(*) from payments where status = 'succeeded'").await, ours_before);
    assert_eq!(checksum(&b).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_that_are_none_are_as_missing_as_others() {
    let platform = Platform::start().await;
    let a = platform.open_store().await;
    for route in ROUTES.iter().filter(|route| route.is_for_staff() && !route.names.is_empty()) {
        for id in
            ["1", "0", "null", "undefined", "%00", "..%2f..", "'%20or%201=1--", "00000000-0000-0000-0000-000000000000"]
        {
            let things = Things {
                product: id.to_owned(),
                variant: id.to_owned(),
                category: id.to_owned(),
                order: id.to_owned(),
                ..Things::missing()
            };
            let answer = send(route.request(&a, &things).bearer_auth(&a.token)).await;
            assert_eq!((answer.status, answer.code()), (404, "not_found"), "{} {id}: {}", route.path, answer.text);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_that_are_none_open_nothing() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let (things, _, _) = Things::of(&store).await;
    for token in ["", " ", "0", "null", "undefined", "true", "[object Object]"] {
        let cart = store.request(Method::GET, &format!("/api/v1/carts/{}", things.cart)).header("cart-token", token);
        send(cart).await.problem(401, "cart.token_required");
        let order =
            store.request(Method::GET, &format!("/api/v1/orders/{}", things.order)).header("order-token", token);
        send(order).await.problem(401, "order.token_required");
    }
    // One's own secret of another kind or of another object.
    let order = |token: &str| {
        store.request(Method::GET, &format!("/api/v1/orders/{}", things.order)).header("order-token", token)
    };
    send(order(&things.cart_token)).await.problem(404, "not_found");
    send(order(&things.order_token[..42])).await.problem(404, "not_found");
    send(order(&things.order_token)).await.expect(200);
    let other = store.fill_cart(&[]).await;
    let cart = store.request(Method::GET, &format!("/api/v1/carts/{}", things.cart)).header("cart-token", &other.token);
    send(cart).await.problem(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_routes_of_one_face_do_not_exist_on_the_other() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let things = Things::missing();
    for route in ROUTES.iter().filter(|route| route.path != "/webhooks/stripe/payments") {
        let method: Method = route.method.parse().unwrap();
        let request = platform.request(method, "localhost", &route.path_to(&things)).bearer_auth(&store.token);
        let answer = send(request).await;
        assert_eq!((answer.status, answer.code()), (404, "route.unknown"), "{}: {}", route.path, answer.text);
    }
    let routes = documented(Face::Platform);
    assert!(routes.len() >= 7, "{routes:?}");
    for (method, path) in routes {
        let answer = send(store.request(method.parse().unwrap(), &path).bearer_auth(&store.token)).await;
        assert_eq!((answer.status, answer.code()), (404, "route.unknown"), "{path}: {}", answer.text);
    }
    for path in ["/health/live", "/health/ready"] {
        store.get(path).await.problem(404, "route.unknown");
    }
}
