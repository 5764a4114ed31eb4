//! The second factor: enrolling, logging in with it, losing it, and the admins who may not be without.

use futures::future::join_all;
use reqwest::Method;
use serde_json::json;
use souk_tests::{Answer, PASSWORD, Platform, Store, code, unique};

async fn me(platform: &Platform, token: &str) -> Answer {
    platform.ask(token, Method::GET, "/api/v1/me", None).await
}

async fn answer(platform: &Platform, challenge: &str, code: &str) -> Answer {
    platform.post("/api/v1/auth/second-factor", &json!({ "challenge": challenge, "code": code })).await
}

/// The next code of the authenticator, for the last one counts no more.
fn next(platform: &Platform, secret: &str) -> String {
    platform.clock.advance(chrono::Duration::seconds(30));
    code(secret, &platform.clock)
}

fn wrong(right: &str) -> String {
    format!("{:06}", (right.parse::<u32>().unwrap() + 1) % 1_000_000)
}

/// Sets an authenticator up; its secret and the recovery codes.
async fn enrolled(store: &Store<'_>) -> (String, Vec<String>) {
    let platform = store.platform;
    let begin = json!({ "password": PASSWORD });
    let made = platform.ask(&store.token, Method::POST, "/api/v1/me/second-factor", Some(begin)).await.expect(201);
    let secret = made.str("/secret");
    let confirm = json!({ "code": next(platform, &secret) });
    let path = "/api/v1/me/second-factor/confirm";
    let done = platform.ask(&store.token, Method::POST, path, Some(confirm)).await.expect(200);
    let codes = done.body["recovery_codes"].as_array().unwrap();
    (secret, codes.iter().map(|code| code.as_str().unwrap().to_owned()).collect())
}

async fn challenge(store: &Store<'_>) -> String {
    let refused = store.platform.login(&store.email, PASSWORD).await.problem(401, "auth.second_factor_required");
    assert!(refused.body.get("access_token").is_none());
    refused.str("/challenge")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_takes_the_code_of_the_authenticator() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let begin = async |password: &str| {
        let body = json!({ "password": password });
        platform.ask(&store.token, Method::POST, "/api/v1/me/second-factor", Some(body)).await
    };
    begin("not this one").await.problem(403, "auth.wrong_password");
    let made = begin(PASSWORD).await.expect(201);
    assert!(made.str("/otpauth_uri").starts_with("otpauth://totp/Souk:"), "{}", made.text);
    assert!(made.str("/otpauth_uri").contains(&made.str("/secret")));
    platform.login(&store.email, PASSWORD).await.expect(200);
    let (secret, codes) = enrolled(&store).await;
    assert_eq!(codes.len(), 10);
    begin(PASSWORD).await.problem(409, "second_factor.exists");
    assert_eq!(me(&platform, &store.token).await.body["second_factor"], true);
    platform.newest_mail(&store.email, "account.two_factor_on").await;

    let first = challenge(&store).await;
    let right = next(&platform, &secret);
    answer(&platform, &first, &wrong(&right)).await.problem(401, "auth.invalid_code");
    let token = answer(&platform, &first, &right).await.expect(200).str("/access_token");
    me(&platform, &token).await.expect(200);
    answer(&platform, &first, &next(&platform, &secret)).await.problem(401, "auth.invalid_challenge");
    // In one step, for programs.
    let login = |code: &str| json!({ "email": store.email, "password": PASSWORD, "code": code });
    let right = next(&platform, &secret);
    platform.post("/api/v1/auth/login", &login(&wrong(&right))).await.problem(401, "auth.invalid_code");
    platform.post("/api/v1/auth/login", &login(&right)).await.expect(200);
    // Who does not have the password does not learn that there is a second factor.
    platform.login(&store.email, "a wrong password").await.problem(401, "auth.invalid_credentials");
    // The table holds nothing that an authenticator could be set up with.
    let held: String =
        sqlx::query_scalar("select coalesce(string_agg(f::text, ' '), '') from landlord.second_factors f")
            .fetch_one(&platform.database)
            .await
            .unwrap();
    assert!(!held.contains(&secret));
}

#[tokio::test(flavor = "multi_thread")]
async fn s39_codes_cannot_be_guessed_used_twice_or_carried_to_another_login() {
    let platform = Platform::start().await;
    let (store, other) = (platform.open_store().await, platform.open_store().await);
    let (secret, _) = enrolled(&store).await;
    let (others, _) = enrolled(&other).await;
    // Five tries a challenge, however many come at once, the right one among them or not.
    let first = challenge(&store).await;
    let right = next(&platform, &secret);
    let guesses = join_all((0..12).map(|_| answer(&platform, &first, "000001"))).await;
    assert_eq!(guesses.iter().filter(|answer| answer.code() == "auth.invalid_code").count(), 5);
    answer(&platform, &first, &right).await.problem(401, "auth.invalid_challenge");
    // A code counts once: of many logins at once one gets in, and later none.
    let challenges = [challenge(&store).await, challenge(&store).await, challenge(&store).await];
    let logins = join_all(challenges.iter().map(|challenge| answer(&platform, challenge, &right))).await;
    assert_eq!(logins.iter().filter(|answer| answer.status == 200).count(), 1);
    answer(&platform, &challenge(&store).await, &right).await.problem(401, "auth.invalid_code");
    // Another's code opens nothing here, and a challenge is for its own account.
    let mine = challenge(&store).await;
    answer(&platform, &mine, &next(&platform, &others)).await.problem(401, "auth.invalid_code");
    answer(&platform, "n".repeat(43).as_str(), &right).await.problem(401, "auth.invalid_challenge");
    // It ends by itself.
    sqlx::query("update landlord.login_challenges set expires_at = now()").execute(&platform.database).await.unwrap();
    answer(&platform, &mine, &next(&platform, &secret)).await.problem(401, "auth.invalid_challenge");
    // Guessing on, with one challenge after the other, comes to an end too.
    let mut last = 0;
    for _ in 0..30 {
        let code = json!({ "email": store.email, "password": PASSWORD, "code": "000001" });
        last = platform.post("/api/v1/auth/login", &code).await.status;
        if last == 429 {
            break;
        }
    }
    assert_eq!(last, 429);
    platform.clock.advance(chrono::Duration::hours(1));
    answer(&platform, &challenge(&store).await, &next(&platform, &secret)).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recovery_code_opens_the_account_once() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let (secret, codes) = enrolled(&store).await;
    let typed = codes[0].to_uppercase().replace('-', " ");
    answer(&platform, &challenge(&store).await, &typed).await.expect(200);
    answer(&platform, &challenge(&store).await, &codes[0]).await.problem(401, "auth.invalid_code");
    let letter = platform.newest_mail(&store.email, "account.recovery_code_used").await;
    assert!(letter.source.contains("9 are left"));
    let both = |code: &str| Some(json!({ "password": PASSWORD, "code": code }));
    let renew = "/api/v1/me/second-factor/recovery-codes";
    let code = next(&platform, &secret);
    let renewed = platform.ask(&store.token, Method::POST, renew, both(&code)).await.expect(200);
    answer(&platform, &challenge(&store).await, &codes[1]).await.problem(401, "auth.invalid_code");
    answer(&platform, &challenge(&store).await, &renewed.str("/recovery_codes/0")).await.expect(200);
    // Off again takes both.
    let disable = "/api/v1/me/second-factor/disable";
    let right = next(&platform, &secret);
    platform.ask(&store.token, Method::POST, disable, both(&wrong(&right))).await.problem(401, "auth.invalid_code");
    let body = json!({ "password": "not this one", "code": right });
    platform.ask(&store.token, Method::POST, disable, Some(body)).await.problem(403, "auth.wrong_password");
    platform.ask(&store.token, Method::POST, disable, both(&right)).await.expect(204);
    platform.login(&store.email, PASSWORD).await.expect(200);
    platform.newest_mail(&store.email, "account.two_factor_off").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_password_does_not_get_round_the_second_factor() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let (secret, _) = enrolled(&store).await;
    platform.post("/api/v1/auth/forgot-password", &json!({ "email": store.email })).await.expect(202);
    let token = platform.newest_mail(&store.email, "account.reset_password").await.token();
    let new = json!({ "token": token, "password": "another horse entirely" });
    platform.post("/api/v1/auth/reset-password", &new).await.expect(204);
    platform.login(&store.email, "another horse entirely").await.problem(401, "auth.second_factor_required");
    // Nor does signing up for another store.
    let slug = unique("second");
    let another = |code: Option<String>| json!({ "email": store.email, "password": "another horse entirely", "store_name": "Second", "slug": slug, "code": code });
    platform.post("/api/v1/signup", &another(None)).await.problem(401, "auth.second_factor_required");
    platform.post("/api/v1/signup", &another(Some(next(&platform, &secret)))).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_admin_without_a_second_factor_may_only_set_one_up() {
    let platform = Platform::start().await;
    let email = format!("{}@souk.test", unique("admin"));
    let origin = kernel::origin::Origin::system();
    landlord::accounts::ensure_admin(&platform.souk.landlord, &origin, &email, PASSWORD).await.unwrap();
    let token = platform.login(&email, PASSWORD).await.expect(200).str("/access_token");
    assert_eq!(me(&platform, &token).await.expect(200).body["platform_admin"], true);
    for path in ["/api/v1/tenants", "/api/v1/me/sessions"] {
        platform.ask(&token, Method::GET, path, None).await.problem(403, "auth.second_factor_required");
    }
    // Not even in a store where they have a role.
    let store = platform.open_store().await;
    store
        .tamper(&format!(
            "insert into landlord.memberships (account_id, tenant_id, role)
             select id, '{}', 'manager' from landlord.accounts where email = '{email}'",
            store.id
        ))
        .await;
    let orders = async |token: &str| {
        let request = store.request(Method::GET, "/api/v1/admin/orders").bearer_auth(token);
        Answer::of(request.send().await.unwrap()).await
    };
    orders(&token).await.problem(403, "auth.second_factor_required");
    let begin = Some(json!({ "password": PASSWORD }));
    let made = platform.ask(&token, Method::POST, "/api/v1/me/second-factor", begin).await.expect(201);
    let secret = made.str("/secret");
    let confirm = Some(json!({ "code": next(&platform, &secret) }));
    platform.ask(&token, Method::POST, "/api/v1/me/second-factor/confirm", confirm).await.expect(200);
    platform.ask(&token, Method::GET, "/api/v1/tenants", None).await.expect(200);
    orders(&token).await.expect(200);
    let both = Some(json!({ "password": PASSWORD, "code": next(&platform, &secret) }));
    let disable = platform.ask(&token, Method::POST, "/api/v1/me/second-factor/disable", both).await;
    disable.problem(403, "second_factor.obligatory");
    let hours: f64 = sqlx::query_scalar(
        "select max(extract(epoch from s.ends_at - s.created_at) / 3600)::float8 from landlord.sessions s
         join landlord.accounts a on a.id = s.account_id where a.email = $1",
    )
    .bind(&email)
    .fetch_one(&platform.database)
    .await
    .unwrap();
    assert_eq!(hours, 8.0);
    let (_, token) = platform.admin().await;
    platform.ask(&token, Method::GET, "/api/v1/tenants", None).await.expect(200);
}
