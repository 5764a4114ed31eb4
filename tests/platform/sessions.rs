//! Logging in, staying logged in, logging out.

use std::time::Duration;

use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use souk_tests::{Answer, Platform, unique};

const PASSWORD: &str = "correct horse battery";

async fn login(platform: &Platform, email: &str, password: &str) -> Answer {
    platform.post("/api/v1/auth/login", &json!({ "email": email, "password": password })).await
}

async fn refresh(platform: &Platform, token: &str) -> Answer {
    platform.post("/api/v1/auth/refresh", &json!({ "refresh_token": token })).await
}

async fn me(platform: &Platform, token: &str) -> Answer {
    let request = platform.request(Method::GET, "localhost", "/api/v1/me").bearer_auth(token);
    Answer::of(request.send().await.unwrap()).await
}

async fn tamper(platform: &Platform, statement: &str) {
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement.to_owned())).execute(&platform.database).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_logs_in_is_who_they_are() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let answer = login(&platform, &store.email.to_uppercase(), PASSWORD).await.expect(200);
    assert_eq!(answer.str("/account/email"), store.email);
    assert_eq!(answer.body["expires_in"], 900);
    let who = me(&platform, &answer.str("/access_token")).await.expect(200);
    assert_eq!(
        (who.str("/email"), &who.body["email_verified"], &who.body["platform_admin"]),
        (store.email.clone(), &json!(false), &json!(false))
    );
    let other = login(&platform, &store.email, PASSWORD).await.expect(200);
    assert_ne!(answer.str("/refresh_token"), other.str("/refresh_token"), "each login is a session of its own");
    let request =
        platform.request(Method::GET, "localhost", "/api/v1/tenants").bearer_auth(answer.str("/access_token"));
    let stores = Answer::of(request.send().await.unwrap()).await.expect(200);
    assert_eq!(stores.body["data"].as_array().unwrap().len(), 1);
    assert_eq!(stores.str("/data/0/id"), store.id.to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_learns_who_has_an_account() {
    let platform = Platform::start().await;
    let (store, disabled) = (platform.open_store().await, platform.open_store().await);
    tamper(&platform, &format!("update landlord.accounts set disabled_at = now() where email = '{}'", disabled.email))
        .await;
    let nobody = format!("{}@x.com", unique("nobody"));
    let shape = |answer: Answer| -> (u16, Value) {
        let mut body = answer.body;
        body["request_id"].take();
        (answer.status, body)
    };
    let wrong =
        shape(login(&platform, &store.email, "some other password").await.problem(401, "auth.invalid_credentials"));
    assert_eq!(shape(login(&platform, &nobody, "some other password").await), wrong);
    assert_eq!(shape(login(&platform, &disabled.email, PASSWORD).await), wrong);
    assert_eq!(shape(login(&platform, &disabled.email, "some other password").await), wrong);
    // Both are slowed down alike.
    for email in [&store.email, &nobody] {
        let mut statuses = Vec::new();
        for _ in 0..6 {
            statuses.push(login(&platform, email, "some other password").await.status);
        }
        assert_eq!(statuses, [401, 401, 401, 401, 429, 429]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_is_slowed_down_and_ends() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let attempts = join_all((0..30).map(|_| login(&platform, &store.email, "a wrong password"))).await;
    let judged = attempts.iter().filter(|answer| answer.status == 401).count();
    assert!(judged <= 5, "{judged} of 30 at once were judged");
    assert!(attempts.iter().all(|answer| [401, 429, 503].contains(&answer.status)));
    // Some of them may have given up before their password was looked at.
    for _ in 0..5 {
        login(&platform, &store.email, "a wrong password").await;
    }
    let answer = login(&platform, &store.email, PASSWORD).await.problem(429, "auth.throttled");
    let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=61).contains(&wait), "{wait}");
    login(&platform, &format!("{}@x.com", unique("other")), PASSWORD).await.expect(401);
    platform.clock.advance(chrono::Duration::seconds(61));
    login(&platform, &store.email, PASSWORD).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_makes_no_sense_is_refused_before_any_work() {
    let platform = Platform::start().await;
    for (body, status) in [
        (json!({ "email": "x@x.com", "password": "x".repeat(1025) }), 422),
        (json!({ "email": "x@x.com", "password": "x".repeat(1_000_000) }), 413),
        (json!({ "email": "x@x.com" }), 422),
        (json!({ "email": "x@x.com", "password": "" }), 422),
        (json!({ "email": "nope", "password": "y" }), 422),
        (json!({ "email": "x@x.com", "password": "y", "admin": true }), 422),
        (json!([]), 422),
        (json!({ "email": ["x@x.com"], "password": "y" }), 422),
    ] {
        platform.post("/api/v1/auth/login", &body).await.expect(status);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_works_once_and_then_its_successor() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let first = login(&platform, &store.email, PASSWORD).await.expect(200).str("/refresh_token");
    let answer = refresh(&platform, &first).await.expect(200);
    let second = answer.str("/refresh_token");
    assert_ne!(first, second);
    me(&platform, &answer.str("/access_token")).await.expect(200);
    // At once again: a client that sent it twice. Refused, and the session lives.
    refresh(&platform, &first).await.problem(401, "auth.invalid_refresh_token");
    let third = refresh(&platform, &second).await.expect(200);
    // Later again: somebody stole it. The whole session ends.
    tamper(&platform, &format!("update landlord.refresh_tokens set used_at = used_at - interval '11 seconds' where used_at is not null and session_id in (select s.id from landlord.sessions s join landlord.accounts a on a.id = s.account_id where a.email = '{}')", store.email)).await;
    refresh(&platform, &first).await.problem(401, "auth.invalid_refresh_token");
    refresh(&platform, &third.str("/refresh_token")).await.problem(401, "auth.invalid_refresh_token");
    me(&platform, &third.str("/access_token")).await.problem(401, "auth.required");
    me(&platform, &store.token).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_refreshes_at_once_one_wins_and_the_session_lives() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let first = login(&platform, &store.email, PASSWORD).await.expect(200).str("/refresh_token");
    let answers = join_all((0..10).map(|_| refresh(&platform, &first))).await;
    let won: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
    assert_eq!((won.len(), answers.iter().filter(|answer| answer.status == 401).count()), (1, 9));
    refresh(&platform, &won[0].str("/refresh_token")).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_end_by_themselves() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let session = |change: &str| {
        format!(
            "update landlord.sessions set {change} where account_id = (select id from landlord.accounts where email = '{}')",
            store.email
        )
    };
    let unused = login(&platform, &store.email, PASSWORD).await.expect(200).str("/refresh_token");
    tamper(&platform, &format!("update landlord.refresh_tokens set expires_at = now() where session_id in (select s.id from landlord.sessions s join landlord.accounts a on a.id = s.account_id where a.email = '{}')", store.email)).await;
    refresh(&platform, &unused).await.problem(401, "auth.invalid_refresh_token");
    let answer = login(&platform, &store.email, PASSWORD).await.expect(200);
    tamper(&platform, &session("ends_at = now()")).await;
    refresh(&platform, &answer.str("/refresh_token")).await.problem(401, "auth.invalid_refresh_token");
    me(&platform, &answer.str("/access_token")).await.problem(401, "auth.required");
}

#[tokio::test(flavor = "multi_thread")]
async fn logging_out_takes_effect_at_once_and_for_one_session() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let answer = login(&platform, &store.email, PASSWORD).await.expect(200);
    let token = answer.str("/access_token");
    let ask = async || {
        let request = store.request(Method::GET, "/api/v1/admin/orders").bearer_auth(&token);
        Answer::of(request.send().await.unwrap()).await
    };
    ask().await.expect(200);
    let request = platform.request(Method::POST, "localhost", "/api/v1/auth/logout").bearer_auth(&token);
    Answer::of(request.send().await.unwrap()).await.expect(204);
    ask().await.problem(401, "auth.required");
    me(&platform, &token).await.problem(401, "auth.required");
    refresh(&platform, &answer.str("/refresh_token")).await.problem(401, "auth.invalid_refresh_token");
    store.admin_get("/orders").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_logins_at_once_leave_the_shops_open() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let emails: Vec<String> = (0..100).map(|n| format!("{}-{n}@x.com", unique("crowd"))).collect();
    let logins = join_all(emails.iter().map(|email| login(&platform, email, "a wrong password")));
    let browsing = async {
        for _ in 0..50 {
            store.get("/api/v1/products").await.expect(200);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let (answers, ()) = tokio::join!(logins, browsing);
    for answer in answers {
        assert!([401, 503].contains(&answer.status), "{}", answer.text);
        assert!(answer.status != 503 || answer.header("retry-after").is_some());
    }
}
