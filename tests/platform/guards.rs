//! Who is let in: open stores only, and of the staff each role to what its permissions say.

use std::time::Duration;

use commerce::access::{PERMISSIONS, Role, may_be_a_scope};
use kernel::origin::Origin;
use landlord::plans::Override;
use landlord::{plans, subscriptions, tenants};
use serde_json::json;
use souk_tests::{Answer, Platform, Store, assert_consistent, unique};

use server::faces::Face;

use crate::routes::{ROUTES, Things, Who, documented};

async fn send(request: reqwest::RequestBuilder) -> Answer {
    Answer::of(request.send().await.unwrap()).await
}

/// Asks until the answer is as it should be; changes of a store reach a server within moments.
async fn until(what: &str, mut ask: impl AsyncFnMut() -> Answer, right: impl Fn(&Answer) -> bool) -> Answer {
    let mut last = ask().await;
    for _ in 0..150 {
        if right(&last) {
            return last;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        last = ask().await;
    }
    panic!("{what}: {} {}", last.status, last.text);
}

async fn suspend(store: &Store<'_>, yes: bool) {
    let landlord = &store.platform.souk.landlord;
    let mut tx = landlord.db.begin().await.unwrap();
    let origin = Origin::system();
    if yes {
        tenants::suspend(&mut tx, &origin, store.id, "a test").await.unwrap();
    } else {
        tenants::resume(&mut tx, &origin, store.id, "a test").await.unwrap();
    }
    tx.commit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_store_refuses_everybody_and_a_resumed_one_nobody() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let (things, _, _) = Things::of(&store).await;
    suspend(&store, true).await;
    until("suspension", async || store.get("/api/v1/store").await, |answer| answer.code() == "tenant.suspended").await;
    for route in ROUTES.iter().filter(|route| route.path != "/webhooks/stripe/payments") {
        let request = route.request(&store, &things).header("cart-token", &things.cart_token);
        let answer = send(request.header("order-token", &things.order_token).bearer_auth(&store.token)).await;
        assert_eq!((answer.status, answer.code()), (403, "tenant.suspended"), "{}: {}", route.path, answer.text);
    }
    // Who has no business there learns nothing of the store's state.
    send(store.request(reqwest::Method::GET, "/api/v1/admin/orders")).await.problem(401, "auth.required");
    suspend(&store, false).await;
    until("resumption", async || store.get("/api/v1/store").await, |answer| answer.status == 200).await;
    store.admin_get("/orders").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn money_in_flight_settles_in_a_suspended_store() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1500, 5).await;
    let bought = store.order(&[(&variant, 2)]).await;
    suspend(&store, true).await;
    until("suspension", async || store.see(&bought).await, |answer| answer.code() == "tenant.suspended").await;
    store.confirm(&bought, "pm_card_visa").await.expect(200);
    let paid = format!("select count(*) from orders where id = '{}' and stage = 'paid'", bought.order);
    for _ in 0..250 {
        if store.count(&paid).await == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(store.count(&paid).await, 1, "the provider's message was refused");
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trial_that_is_over_closes_the_store_and_a_subscription_opens_it() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    store.get("/api/v1/store").await.expect(200);
    platform.clock.advance(chrono::Duration::days(14) - chrono::Duration::minutes(1));
    store.get("/api/v1/store").await.expect(200);
    platform.clock.advance(chrono::Duration::minutes(2));
    store.get("/api/v1/store").await.problem(403, "tenant.suspended");
    store.tamper(&subscription(&store, "active")).await;
    until("payment", async || store.get("/api/v1/store").await, |answer| answer.status == 200).await;
    for (status, open) in
        [("unpaid", false), ("past_due", true), ("canceled", false), ("incomplete", false), ("paused", false)]
    {
        store.tamper(&subscription(&store, status)).await;
        let expected = if open { 200 } else { 403 };
        until(status, async || store.get("/api/v1/store").await, |answer| answer.status == expected).await;
    }
}

/// What the platform writes when a subscription changes, in one transaction with the news of it.
fn subscription(store: &Store<'_>, status: &str) -> String {
    let id = store.id;
    format!(
        "begin; update landlord.subscriptions set status = '{status}' where tenant_id = '{id}';
         update landlord.tenants set version = version + 1 where id = '{id}';
         select pg_notify('souk_tenants', '{id}'); commit"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn another_plan_or_an_override_counts_at_once() {
    let platform = Platform::start().await;
    let store = platform.open_store_on("starter").await;
    let landlord = &platform.souk.landlord;
    let origin = Origin::system();
    let limit = |limit| Override { enabled: true, limit: Some(limit), expires_at: None };
    let product = || json!({ "title": unique("P"), "variants": [{ "sku": unique("S"), "price_minor": 1 }] });

    store.admin_post("/products", product()).await.expect(201);
    let mut tx = landlord.db.begin().await.unwrap();
    plans::set_override(&mut tx, &origin, store.id, "max_products", &limit(1)).await.unwrap();
    tx.commit().await.unwrap();
    let refused =
        until("override", async || store.admin_post("/products", product()).await, |answer| answer.status == 403).await;
    let refused = refused.problem(403, "limit.reached");
    assert_eq!(refused.body["feature"], "max_products");
    assert_eq!(refused.int("/limit"), 1);

    let mut tx = landlord.db.begin().await.unwrap();
    plans::clear_override(&mut tx, &origin, store.id, "max_products").await.unwrap();
    tx.commit().await.unwrap();
    until("cleared", async || store.admin_post("/products", product()).await, |answer| answer.status == 201).await;

    let mut tx = landlord.db.begin().await.unwrap();
    plans::set_override(&mut tx, &origin, store.id, "max_products", &limit(0)).await.unwrap();
    subscriptions::change_plan(&mut tx, &origin, store.id, "growth").await.unwrap();
    tx.commit().await.unwrap();
    until("override", async || store.admin_post("/products", product()).await, |answer| answer.status == 403).await;
    let stores =
        send(platform.request(reqwest::Method::GET, "localhost", "/api/v1/tenants").bearer_auth(&store.token)).await;
    assert_eq!(stores.expect(200).str("/data/0/plan"), "growth");
}

/// Somebody with this role in the store; without one, somebody who has only a store of their own.
async fn member(store: &Store<'_>, role: Option<Role>) -> String {
    let other = store.platform.open_store().await;
    if let Some(role) = role {
        store
            .tamper(&format!(
                "insert into landlord.memberships (account_id, tenant_id, role)
                 select id, '{}', '{}' from landlord.accounts where email = '{}'",
                store.id,
                role.name(),
                other.email
            ))
            .await;
    }
    other.token
}

#[tokio::test(flavor = "multi_thread")]
async fn every_role_may_what_its_permissions_say_and_nothing_else() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let mut cases = 0;
    for role in Role::ALL {
        let token = member(&store, Some(role)).await;
        for route in ROUTES {
            let Who::Staff(permission) = route.who else { continue };
            let roles = PERMISSIONS.iter().find(|known| known.0 == permission);
            let roles = roles.unwrap_or_else(|| panic!("{}: there is no permission {permission}", route.path)).1;
            let answer = send(route.request(&store, &Things::missing()).bearer_auth(&token)).await;
            let what = format!("{} {} as {}: {}", route.method, route.path, role.name(), answer.text);
            if roles.contains(&role) {
                assert!(answer.status < 500 && ![401, 403].contains(&answer.status), "{what}");
            } else {
                assert_eq!((answer.status, answer.code()), (403, "auth.forbidden"), "{what}");
                assert_eq!(answer.body["permission"], permission, "{what}");
            }
            cases += 1;
        }
    }
    let stranger = member(&store, None).await;
    for route in ROUTES.iter().filter(|route| route.is_for_staff()) {
        let answer = send(route.request(&store, &Things::missing()).bearer_auth(&stranger)).await;
        assert_eq!((answer.status, answer.code()), (403, "auth.not_a_member"), "{}", route.path);
        let answer = send(route.request(&store, &Things::missing())).await;
        assert_eq!((answer.status, answer.code()), (401, "auth.required"), "{}", route.path);
        let answer = send(route.request(&store, &Things::missing()).bearer_auth("sk_live_nonsense")).await;
        assert_eq!((answer.status, answer.code()), (401, "auth.required"), "{}", route.path);
        cases += 3;
    }
    println!("{cases} cases");
    assert!(cases >= 25 * 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_is_lost_is_lost_with_the_next_request() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let token = member(&store, Some(Role::Manager)).await;
    let ask = async || send(store.request(reqwest::Method::GET, "/api/v1/admin/orders").bearer_auth(&token)).await;
    ask().await.expect(200);
    store
        .tamper(&format!("delete from landlord.memberships where tenant_id = '{}' and role = 'manager'", store.id))
        .await;
    ask().await.problem(403, "auth.not_a_member");
    store.tamper(&format!("update landlord.accounts set disabled_at = now() where email = '{}'", store.email)).await;
    store.admin_get("/orders").await.problem(401, "auth.required");
}

#[tokio::test(flavor = "multi_thread")]
async fn s96_every_key_may_what_its_scope_says_and_nothing_else() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let mut cases = 0;
    for (scope, _) in PERMISSIONS.iter().filter(|(scope, _)| may_be_a_scope(scope, Role::Owner)) {
        let wanted = json!({ "kind": "secret", "name": scope, "scopes": [scope] });
        let key = store.admin_post("/api-keys", wanted).await.expect(201).str("/key");
        for route in ROUTES {
            let Who::Staff(permission) = route.who else { continue };
            let answer = send(route.request(&store, &Things::missing()).bearer_auth(&key)).await;
            let what = format!("{} {} with {scope}: {}", route.method, route.path, answer.text);
            if permission == *scope {
                assert!(answer.status < 500 && ![401, 403].contains(&answer.status), "{what}");
            } else {
                assert_eq!((answer.status, answer.code()), (403, "auth.forbidden"), "{what}");
            }
            cases += 1;
        }
    }
    println!("{cases} cases");
    assert!(cases >= 1000);
}

#[tokio::test(flavor = "multi_thread")]
async fn s96_who_was_removed_and_a_key_that_was_revoked_open_no_route() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let member = store.member("manager").await;
    let scopes: Vec<_> =
        PERMISSIONS.iter().map(|known| known.0).filter(|scope| may_be_a_scope(scope, Role::Owner)).collect();
    let made = store.admin_post("/api-keys", json!({ "kind": "secret", "name": "All", "scopes": scopes })).await;
    let (key, id) = (made.clone().expect(201).str("/key"), made.str("/id"));
    let orders = |token: &str| store.request(reqwest::Method::GET, "/api/v1/admin/orders").bearer_auth(token);
    send(orders(&member.token)).await.expect(200);
    send(orders(&key)).await.expect(200);
    store.admin_delete(&format!("/staff/{}", member.account)).await.expect(204);
    store.admin_delete(&format!("/api-keys/{id}")).await.expect(204);
    for route in ROUTES.iter().filter(|route| route.is_for_staff()) {
        let answer = send(route.request(&store, &Things::missing()).bearer_auth(&member.token)).await;
        assert_eq!((answer.status, answer.code()), (403, "auth.not_a_member"), "{}", route.path);
        let answer = send(route.request(&store, &Things::missing()).bearer_auth(&key)).await;
        assert_eq!((answer.status, answer.code()), (401, "auth.required"), "{}", route.path);
    }
}

/// Routes of the platform for who is not logged in. Every other one refuses them.
const PUBLIC: [(&str, &str); 12] = [
    ("GET", "/api/v1/plans"),
    ("POST", "/api/v1/signup"),
    ("POST", "/api/v1/auth/login"),
    ("POST", "/api/v1/auth/refresh"),
    ("POST", "/api/v1/auth/second-factor"),
    ("POST", "/api/v1/auth/forgot-password"),
    ("POST", "/api/v1/auth/reset-password"),
    ("POST", "/api/v1/auth/verify-email"),
    ("POST", "/api/v1/auth/confirm-email"),
    ("POST", "/api/v1/invitations/look"),
    ("POST", "/api/v1/invitations/accept"),
    ("POST", "/webhooks/stripe/billing"),
];

#[tokio::test(flavor = "multi_thread")]
async fn s30_every_route_of_the_platform_but_the_public_ones_wants_an_access_token() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let login = json!({ "email": store.email, "password": "correct horse battery" });
    let refresh = platform.post("/api/v1/auth/login", &login).await.expect(200).str("/refresh_token");
    let scopes = json!({ "kind": "secret", "name": "Robot", "scopes": ["orders.read"] });
    let key = store.admin_post("/api-keys", scopes).await.expect(201).str("/key");
    let letter = platform.newest_mail(&store.email, "account.verify_email").await.token();
    let mut guarded = 0;
    for (method, path) in documented(Face::Platform) {
        if PUBLIC.contains(&(method.as_str(), path.as_str())) {
            continue;
        }
        let id = uuid::Uuid::now_v7().to_string();
        let parts = path.split('/').map(|part| if part.starts_with('{') { id.as_str() } else { part });
        let path = parts.collect::<Vec<_>>().join("/");
        let request = || {
            let request = platform.request(method.parse().unwrap(), "localhost", &path);
            request.header("idempotency-key", souk_tests::key()).json(&json!({}))
        };
        let none = send(request()).await;
        assert_eq!((none.status, none.code()), (401, "auth.required"), "{method} {path}: {}", none.text);
        for token in [&refresh, &key, &letter] {
            let wrong = send(request().bearer_auth(token)).await;
            assert_eq!((wrong.status, wrong.code()), (401, "auth.required"), "{method} {path}: {}", wrong.text);
        }
        guarded += 1;
    }
    assert!(guarded >= 14, "{guarded}");
}
