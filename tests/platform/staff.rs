//! Who works in a store: invitations, roles, owners, and the plan's limit.

use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use souk_tests::{Answer, PASSWORD, Platform, Store, unique};

async fn invite(store: &Store<'_>, email: &str, role: &str) -> Answer {
    store.admin_post("/invitations", json!({ "email": email, "role": role })).await
}

async fn accept(platform: &Platform, token: &str, password: Option<&str>) -> Answer {
    platform.post("/api/v1/invitations/accept", &json!({ "token": token, "password": password })).await
}

/// Somebody new with this role, who came by an invitation: address, account and access token.
async fn join(store: &Store<'_>, role: &str) -> (String, String, String) {
    let platform = store.platform;
    let email = format!("{}@x.com", unique("staff"));
    invite(store, &email, role).await.expect(201);
    let token = platform.newest_mail(&email, "staff.invitation").await.token();
    let joined = accept(platform, &token, Some(PASSWORD)).await.expect(200);
    let access = platform.login(&email, PASSWORD).await.expect(200).str("/access_token");
    (email, joined.str("/account_id"), access)
}

async fn as_staff(store: &Store<'_>, token: &str, method: Method, path: &str, body: Option<Value>) -> Answer {
    let request = store.request(method, &format!("/api/v1/admin{path}")).bearer_auth(token);
    let request = match body {
        Some(body) => request.json(&body),
        None => request,
    };
    Answer::of(request.send().await.unwrap()).await
}

async fn role(store: &Store<'_>, account: &str, role: &str) -> Answer {
    store.admin_patch(&format!("/staff/{account}"), json!({ "role": role })).await
}

async fn my_account(store: &Store<'_>) -> String {
    store.platform.ask(&store.token, Method::GET, "/api/v1/me", None).await.expect(200).str("/id")
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_invited_comes_with_a_new_account_whose_address_is_verified() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let email = format!("{}@x.com", unique("staff"));
    let made = invite(&store, &email.to_uppercase(), "support").await.expect(201);
    assert_eq!(
        (made.str("/email"), made.str("/state"), made.str("/invited_by")),
        (email.clone(), "open".into(), store.email.clone())
    );
    let letter = platform.newest_mail(&email, "staff.invitation").await;
    let token = letter.token();
    assert!(!made.text.contains(&token));
    let looked = platform.post("/api/v1/invitations/look", &json!({ "token": token })).await.expect(200);
    assert_eq!((looked.str("/role"), &looked.body["account_exists"]), ("support".into(), &json!(false)));
    accept(&platform, &token, None).await.problem(422, "request.invalid");
    accept(&platform, &token, Some("1234567890")).await.problem(422, "password.weak");
    accept(&platform, "nonsense", Some(PASSWORD)).await.problem(400, "token.invalid");
    let both = join_all((0..3).map(|_| accept(&platform, &token, Some(PASSWORD)))).await;
    assert_eq!(
        both.iter().filter(|answer| answer.status == 200).count(),
        1,
        "{:?}",
        both.iter().map(|a| &a.text).collect::<Vec<_>>()
    );
    let access = platform.login(&email, PASSWORD).await.expect(200).str("/access_token");
    let who = platform.ask(&access, Method::GET, "/api/v1/me", None).await.expect(200);
    assert_eq!(who.body["email_verified"], true);
    as_staff(&store, &access, Method::GET, "/orders", None).await.expect(200);
    as_staff(&store, &access, Method::GET, "/staff", None).await.problem(403, "auth.forbidden");
    let staff = store.admin_get("/staff").await.expect(200);
    let roles: Vec<_> = staff.body["data"].as_array().unwrap().iter().map(|member| member["role"].clone()).collect();
    assert_eq!(roles, [json!("owner"), json!("support")]);
    assert_eq!(store.admin_get("/invitations").await.expect(200).str("/data/0/state"), "accepted");
    invite(&store, &email, "viewer").await.problem(409, "staff.member");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_login_works_in_several_stores() {
    let platform = Platform::start().await;
    let (store, other) = (platform.open_store().await, platform.open_store().await);
    invite(&store, &other.email, "manager").await.expect(201);
    let token = platform.newest_mail(&other.email, "staff.invitation").await.token();
    accept(&platform, &token, Some(PASSWORD)).await.problem(409, "account.exists");
    let body = json!({ "token": token });
    let path = "/api/v1/invitations/accept";
    platform.ask(&store.token, Method::POST, path, Some(body.clone())).await.problem(403, "invitation.other_address");
    platform.ask("nonsense", Method::POST, path, Some(body.clone())).await.problem(401, "auth.required");
    platform.ask(&other.token, Method::POST, path, Some(body.clone())).await.expect(200);
    platform.ask(&other.token, Method::POST, path, Some(body)).await.problem(400, "token.invalid");
    let stores = platform.ask(&other.token, Method::GET, "/api/v1/tenants", None).await.expect(200);
    let mut roles: Vec<_> =
        stores.body["data"].as_array().unwrap().iter().map(|s| s["role"].as_str().unwrap()).collect();
    roles.sort_unstable();
    assert_eq!(roles, ["manager", "owner"]);
    as_staff(&store, &other.token, Method::GET, "/orders", None).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_is_sent_again_revoked_and_runs_out() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let email = format!("{}@x.com", unique("staff"));
    let id = invite(&store, &email, "viewer").await.expect(201).str("/id");
    invite(&store, &email, "viewer").await.problem(409, "invitation.open");
    let first = platform.newest_mail(&email, "staff.invitation").await.token();
    store.admin_post(&format!("/invitations/{id}/resend"), json!({})).await.expect(200);
    let second = platform.newest_mail(&email, "staff.invitation").await.token();
    assert_ne!(first, second);
    accept(&platform, &first, Some(PASSWORD)).await.problem(400, "token.invalid");
    store.tamper(&format!("update landlord.invitations set expires_at = now() where id = '{id}'")).await;
    accept(&platform, &second, Some(PASSWORD)).await.problem(400, "token.invalid");
    assert_eq!(store.admin_get("/invitations").await.str("/data/0/state"), "expired");
    store.admin_post(&format!("/invitations/{id}/resend"), json!({})).await.expect(200);
    let third = platform.newest_mail(&email, "staff.invitation").await.token();
    store.admin_delete(&format!("/invitations/{id}")).await.expect(204);
    store.admin_delete(&format!("/invitations/{id}")).await.problem(409, "invitation.over");
    accept(&platform, &third, Some(PASSWORD)).await.problem(400, "token.invalid");
    store.admin_post(&format!("/invitations/{id}/resend"), json!({})).await.problem(409, "invitation.over");
    invite(&store, &email, "viewer").await.expect(201);
    invite(&store, "nobody", "viewer").await.problem(422, "email.invalid");
    invite(&store, &email, "owner").await.expect(422);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_has_so_many_seats_and_a_thousand_invitations_do_not_make_more() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    store.limit("max_staff", 5).await;
    let emails: Vec<String> = (0..40).map(|n| format!("{}-{n}@x.com", unique("crowd"))).collect();
    let answers = join_all(emails.iter().map(|email| invite(&store, email, "viewer"))).await;
    let made: Vec<_> = answers.iter().filter(|answer| answer.status == 201).collect();
    assert_eq!(made.len(), 4, "the owner has one seat");
    let refused = answers.iter().find(|answer| answer.status == 403).unwrap().clone().problem(403, "limit.reached");
    assert_eq!((&refused.body["feature"], refused.int("/limit"), refused.int("/used")), (&json!("max_staff"), 5, 5));
    // One that is over gives its seat back.
    store.admin_delete(&format!("/invitations/{}", made[0].str("/id"))).await.expect(204);
    let answers = join_all(emails.iter().map(|email| invite(&store, email, "viewer"))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_are_given_by_those_above_them_and_hold_at_once() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let (email, account, token) = join(&store, "viewer").await;
    let (_, manager, managers) = join(&store, "manager").await;
    let new = json!({ "title": "P", "variants": [{ "sku": unique("S"), "price_minor": 1 }] });
    as_staff(&store, &token, Method::POST, "/products", Some(new.clone())).await.problem(403, "auth.forbidden");
    role(&store, &account, "manager").await.expect(204);
    as_staff(&store, &token, Method::POST, "/products", Some(new)).await.expect(201);
    assert!(platform.newest_mail(&email, "staff.role_changed").await.source.contains("manager"));
    // Managers decide over what is below them.
    let patch = async |token: &str, account: &str, role: &str| {
        as_staff(&store, token, Method::PATCH, &format!("/staff/{account}"), Some(json!({ "role": role }))).await
    };
    patch(&managers, &account, "viewer").await.problem(403, "staff.role_above");
    patch(&managers, &manager, "owner").await.problem(403, "staff.role_above");
    let owner = my_account(&store).await;
    patch(&managers, &owner, "viewer").await.problem(403, "staff.role_above");
    let body = json!({ "email": "somebody@x.com", "role": "manager" });
    as_staff(&store, &managers, Method::POST, "/invitations", Some(body)).await.problem(403, "staff.role_above");
    role(&store, &account, "viewer").await.expect(204);
    patch(&managers, &account, "support").await.expect(204);
    // Removed is removed, with the next request.
    as_staff(&store, &token, Method::GET, "/orders", None).await.expect(200);
    let path = format!("/staff/{account}");
    as_staff(&store, &managers, Method::DELETE, &path, None).await.expect(204);
    as_staff(&store, &token, Method::GET, "/orders", None).await.problem(403, "auth.not_a_member");
    as_staff(&store, &managers, Method::DELETE, &path, None).await.problem(404, "not_found");
    platform.newest_mail(&email, "staff.removed").await;
    let other = platform.open_store().await;
    role(&other, &manager, "viewer").await.problem(404, "not_found");
    role(&store, &manager, "emperor").await.expect(422);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_keeps_an_owner_whoever_leaves_at_once() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let me = my_account(&store).await;
    let leave = async |token: &str| {
        platform.ask(token, Method::DELETE, &format!("/api/v1/tenants/{}/membership", store.id), None).await
    };
    leave(&store.token).await.problem(409, "staff.last_owner");
    role(&store, &me, "viewer").await.problem(409, "staff.last_owner");
    store.admin_delete(&format!("/staff/{me}")).await.problem(409, "staff.last_owner");
    let (_, account, token) = join(&store, "manager").await;
    role(&store, &account, "owner").await.expect(204);
    let (a, b) = tokio::join!(leave(&store.token), leave(&token));
    let mut statuses = [a.status, b.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 409]);
    assert_eq!(
        store.count(&format!("select count(*) from landlord.memberships where tenant_id = '{}'", store.id)).await,
        1
    );
    leave(&platform.open_store().await.token).await.problem(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_is_given_away_with_the_password_to_one_of_its_members() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let (email, account, token) = join(&store, "support").await;
    let stranger = platform.open_store().await;
    let give = async |token: &str, to: &str, password: &str| {
        let body = json!({ "account_id": to, "password": password });
        let path = format!("/api/v1/tenants/{}/transfer-ownership", store.id);
        platform.ask(token, Method::POST, &path, Some(body)).await
    };
    give(&store.token, &account, "not this one").await.problem(403, "auth.wrong_password");
    give(&store.token, &my_account(&stranger).await, PASSWORD).await.problem(404, "not_found");
    give(&token, &account, PASSWORD).await.problem(403, "auth.forbidden");
    give(&stranger.token, &account, PASSWORD).await.problem(404, "not_found");
    give(&store.token, &account, PASSWORD).await.expect(204);
    let staff = as_staff(&store, &token, Method::GET, "/staff", None).await.expect(200);
    let mut roles: Vec<_> =
        staff.body["data"].as_array().unwrap().iter().map(|m| m["role"].as_str().unwrap()).collect();
    roles.sort_unstable();
    assert_eq!(roles, ["manager", "owner"]);
    role(&store, &account, "viewer").await.problem(403, "staff.role_above");
    for to in [&email, &store.email] {
        platform.newest_mail(to, "staff.ownership_transferred").await;
    }
}
