//! Signing up: what is accepted, what is refused and how, and that one act stays one act.

use futures::future::join_all;
use serde_json::{Value, json};
use souk_tests::{Answer, Platform, key, unique};

const PASSWORD: &str = "correct horse battery";

/// A sign-up that is fine, under a new name.
pub fn request() -> Value {
    let slug = unique("new");
    json!({ "email": format!("{slug}@x.com"), "password": PASSWORD, "store_name": "A shop", "slug": slug })
}

/// The same with another value in one field.
pub fn with(field: &str, value: impl Into<Value>) -> Value {
    let mut request = request();
    request[field] = value.into();
    request
}

pub async fn sign_up(platform: &Platform, key: Option<&str>, body: &Value) -> Answer {
    let request = platform.request(reqwest::Method::POST, "localhost", "/api/v1/signup").json(body);
    let request = match key {
        Some(key) => request.header("idempotency-key", key),
        None => request,
    };
    Answer::of(request.send().await.unwrap()).await
}

pub async fn count(platform: &Platform, query: &str) -> i64 {
    sqlx::query_scalar(sqlx::AssertSqlSafe(query.to_owned())).fetch_one(&platform.database).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_store_can_be_reached_at_once() {
    let platform = Platform::start().await;
    let body = request();
    let slug = body["slug"].as_str().unwrap();
    let answer = sign_up(&platform, Some(&key()), &body).await.expect(201);
    assert_eq!(answer.str("/account/email"), format!("{slug}@x.com"));
    assert_eq!(answer.str("/tenant/slug"), slug);
    assert_eq!(answer.str("/tenant/status"), "active");
    let port = platform.address.rsplit(':').next().unwrap();
    assert_eq!(answer.str("/tenant/url"), format!("http://{slug}.localhost:{port}"));
    assert!(answer.header("idempotent-replayed").is_none());
    assert!(!answer.text.contains(PASSWORD));
    let token = answer.str("/access_token");
    assert!(answer.str("/refresh_token").len() >= 43);

    let store = async |path: &str| {
        let request = platform.request(reqwest::Method::GET, &format!("{slug}.localhost"), path).bearer_auth(&token);
        Answer::of(request.send().await.unwrap()).await.expect(200)
    };
    assert_eq!(store("/api/v1/store").await.str("/currency"), "USD");
    assert_eq!(store("/api/v1/products").await.body["data"], json!([]));
    assert_eq!(store("/api/v1/admin/settings").await.str("/store_name"), "A shop");

    let request = platform.request(reqwest::Method::GET, "localhost", "/api/v1/tenants").bearer_auth(&token);
    let stores = Answer::of(request.send().await.unwrap()).await.expect(200);
    assert_eq!(stores.str("/data/0/subscription_status"), "trialing");
    assert_eq!(stores.str("/data/0/plan"), "starter");
    assert_eq!(stores.str("/data/0/role"), "owner");
    let trial: String = sqlx::query_scalar(sqlx::AssertSqlSafe(format!(
        "select ((trial_ends_at - s.created_at) = interval '14 days')::text from landlord.subscriptions s
         join landlord.tenants t on t.id = s.tenant_id where slug = '{slug}'"
    )))
    .fetch_one(&platform.database)
    .await
    .unwrap();
    assert_eq!(trial, "true");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_plans_are_on_offer_with_their_limits() {
    let platform = Platform::start().await;
    let plans = platform.get("/api/v1/plans").await.expect(200);
    let plan = |n: usize| plans.body["data"][n].clone();
    let limit = |n: usize, code: &str| {
        let features = plan(n)["features"].as_array().unwrap().clone();
        features.into_iter().find(|feature| feature["code"] == code).unwrap()["limit"].clone()
    };
    assert_eq!(
        [plan(0)["code"].clone(), plan(1)["code"].clone(), plan(2)["code"].clone()],
        ["starter", "growth", "scale"]
    );
    assert_eq!(
        [limit(0, "max_products"), limit(1, "max_products"), limit(2, "max_products")],
        [json!(100), json!(5000), Value::Null]
    );
    assert_eq!(
        [limit(0, "max_staff"), limit(1, "max_staff"), limit(2, "max_staff")],
        [json!(2), json!(10), Value::Null]
    );
    for plan in plans.body["data"].as_array().unwrap() {
        assert!(
            plan["price_minor"].as_i64().unwrap() > 0 && plan["trial_days"] == 14 && plan["currency"] == "USD",
            "{plan}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_decides_whether_it_is_the_same_act() {
    let platform = Platform::start().await;
    let body = request();
    sign_up(&platform, None, &body).await.problem(400, "idempotency.key_required");
    for wrong in ["short", "", &"k".repeat(256), "with spaces in it, sorry"] {
        sign_up(&platform, Some(wrong), &body).await.expect(400);
    }
    let key = key();
    let first = sign_up(&platform, Some(&key), &body).await.expect(201);
    let again = sign_up(&platform, Some(&format!("\"{key}\"")), &body).await.expect(201);
    assert_eq!(first.text, again.text, "byte for byte");
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    for (field, value) in
        [("store_name", "Other"), ("password", "another horse battery"), ("slug", "another-slug"), ("plan", "scale")]
    {
        let mut other = body.clone();
        other[field] = value.into();
        sign_up(&platform, Some(&key), &other).await.problem(409, "idempotency.key_reused");
    }
    let slug = body["slug"].as_str().unwrap();
    assert_eq!(count(&platform, &format!("select count(*) from landlord.tenants where slug = '{slug}'")).await, 1);

    // A refusal that is an outcome is told again too; one of a field is not kept.
    let taken = with("slug", slug);
    let key = souk_tests::key();
    let refused = sign_up(&platform, Some(&key), &taken).await.problem(409, "slug.taken");
    let again = sign_up(&platform, Some(&key), &taken).await.problem(409, "slug.taken");
    assert_eq!((refused.text, Some("true")), (again.text.clone(), again.header("idempotent-replayed")));
    let key = souk_tests::key();
    sign_up(&platform, Some(&key), &with("password", "short")).await.expect(422);
    sign_up(&platform, Some(&key), &request()).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_used_50_times_at_once_opens_one_store() {
    let platform = Platform::start().await;
    let (key, body) = (key(), request());
    let retry = async || {
        // As a client does: 409 in progress and 503 mean the same key again.
        for _ in 0..60 {
            let answer = sign_up(&platform, Some(&key), &body).await;
            if answer.status == 201 {
                return answer.text;
            }
            assert!(answer.code() == "idempotency.in_progress" || answer.status == 503, "{}", answer.text);
            assert!(answer.header("retry-after").is_some(), "{}", answer.text);
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        panic!("never answered");
    };
    let answers = join_all((0..50).map(|_| retry())).await;
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    let slug = body["slug"].as_str().unwrap();
    assert_eq!(
        count(&platform, &format!("select count(*) from landlord.accounts where email = '{slug}@x.com'")).await,
        1
    );
    assert_eq!(count(&platform, &format!("select count(*) from landlord.audit_log where action = 'tenant.signed_up' and data ->> 'slug' = '{slug}'")).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_twenty_who_want_one_name_one_gets_it() {
    let platform = Platform::start().await;
    let slug = unique("wanted");
    let want = async |n: usize| {
        let (key, mut body) = (key(), with("slug", slug.as_str()));
        body["email"] = format!("{slug}-{n}@x.com").into();
        for _ in 0..60 {
            let answer = sign_up(&platform, Some(&key), &body).await;
            if answer.status != 503 && answer.code() != "idempotency.in_progress" {
                return answer;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        panic!("never answered");
    };
    let answers = join_all((0..20).map(want)).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    assert_eq!(answers.iter().filter(|answer| answer.code() == "slug.taken" && answer.status == 409).count(), 19);
    assert_eq!(count(&platform, &format!("select count(*) from landlord.tenants where slug = '{slug}'")).await, 1);
    assert_eq!(
        count(&platform, &format!("select count(*) from landlord.accounts where email like '{slug}-%'")).await,
        1,
        "nobody else got an account"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_opens_three_stores_before_it_is_verified() {
    let platform = Platform::start().await;
    let email = format!("{}@x.com", unique("many"));
    for _ in 0..3 {
        sign_up(&platform, Some(&key()), &with("email", email.as_str())).await.expect(201);
    }
    sign_up(&platform, Some(&key()), &with("email", email.as_str())).await.problem(403, "tenant.limit");
    let verify = format!("update landlord.accounts set email_verified_at = now() where email = '{email}'");
    sqlx::raw_sql(sqlx::AssertSqlSafe(verify)).execute(&platform.database).await.unwrap();
    sign_up(&platform, Some(&key()), &with("email", email.as_str())).await.expect(201);

    let parallel = format!("{}@x.com", unique("many"));
    sign_up(&platform, Some(&key()), &with("email", parallel.as_str())).await.expect(201);
    let more =
        join_all((0..4).map(async |_| sign_up(&platform, Some(&key()), &with("email", parallel.as_str())).await)).await;
    assert_eq!(
        more.iter().filter(|answer| answer.status == 201).count(),
        2,
        "{:?}",
        more.iter().map(|answer| &answer.text).collect::<Vec<_>>()
    );
    assert_eq!(more.iter().filter(|answer| answer.code() == "tenant.limit").count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_elses_address_opens_nothing() {
    let platform = Platform::start().await;
    let body = request();
    sign_up(&platform, Some(&key()), &body).await.expect(201);
    let mut stranger = with("email", body["email"].clone());
    stranger["password"] = "not that horse battery".into();
    let answer = sign_up(&platform, Some(&key()), &stranger).await.problem(409, "account.exists");
    assert!(!answer.text.contains(body["email"].as_str().unwrap()));
    assert_eq!(
        count(
            &platform,
            &format!("select count(*) from landlord.tenants where slug = '{}'", stranger["slug"].as_str().unwrap())
        )
        .await,
        0
    );
    // Guessing passwords here is slowed down like at the login.
    let mut throttled = 0;
    for _ in 0..8 {
        stranger["slug"] = unique("guess").into();
        throttled += usize::from(sign_up(&platform, Some(&key()), &stranger).await.status == 429);
    }
    assert!(throttled >= 3, "{throttled}");
}
