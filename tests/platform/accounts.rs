//! What people do with their accounts: letters and their links, passwords, addresses, sessions.

use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use souk_tests::{Answer, PASSWORD, Platform, unique};

const NEW: &str = "another horse entirely";

async fn me(platform: &Platform, token: &str) -> Answer {
    platform.ask(token, Method::GET, "/api/v1/me", None).await
}

async fn forgot(platform: &Platform, email: &str) -> Answer {
    platform.post("/api/v1/auth/forgot-password", &json!({ "email": email })).await
}

async fn reset(platform: &Platform, token: &str, password: &str) -> Answer {
    platform.post("/api/v1/auth/reset-password", &json!({ "token": token, "password": password })).await
}

async fn verify(platform: &Platform, token: &str) -> Answer {
    platform.post("/api/v1/auth/verify-email", &json!({ "token": token })).await
}

async fn tamper(platform: &Platform, statement: &str) {
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement.to_owned())).execute(&platform.database).await.unwrap();
}

/// Status and body, without what is different in every answer.
fn shape(answer: &Answer) -> (u16, Value) {
    let mut body = answer.body.clone();
    if let Some(members) = body.as_object_mut() {
        members.remove("request_id");
    }
    (answer.status, body)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_address_is_verified_by_the_link_that_went_to_it() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    assert_eq!(me(&platform, &store.token).await.body["email_verified"], false);
    let letter = platform.newest_mail(&store.email, "account.verify_email").await;
    assert!(letter.source.contains("http://localhost:"), "the link is on the configured host: {}", letter.source);
    verify(&platform, "nonsense").await.problem(400, "token.invalid");
    verify(&platform, &letter.token()).await.expect(204);
    verify(&platform, &letter.token()).await.expect(204);
    assert_eq!(me(&platform, &store.token).await.body["email_verified"], true);
    // It is good for nothing else.
    reset(&platform, &letter.token(), NEW).await.problem(400, "token.invalid");
    let confirm = json!({ "token": letter.token() });
    platform.post("/api/v1/auth/confirm-email", &confirm).await.problem(400, "token.invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verification_is_sent_again_three_times_an_hour_and_the_newest_link_holds() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let first = platform.newest_mail(&store.email, "account.verify_email").await.token();
    let again = async || platform.ask(&store.token, Method::POST, "/api/v1/me/email/verification", None).await;
    again().await.expect(202);
    again().await.expect(202);
    again().await.problem(429, "mail.too_many");
    let newest = platform.newest_mail(&store.email, "account.verify_email").await.token();
    verify(&platform, &first).await.problem(400, "token.invalid");
    verify(&platform, &newest).await.expect(204);
    let count = platform.mails(&store.email).await.len();
    again().await.expect(202);
    assert_eq!(platform.mails(&store.email).await.len(), count, "nothing left to verify");
}

#[tokio::test(flavor = "multi_thread")]
async fn s35_a_forgotten_password_is_chosen_anew_once_and_ends_all_sessions() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let answer = forgot(&platform, &store.email.to_uppercase()).await.expect(202);
    let first = platform.newest_mail(&store.email, "account.reset_password").await.token();
    assert!(first.len() >= 43 && !answer.text.contains(&first), "{}", answer.text);
    forgot(&platform, &store.email).await.expect(202);
    let second = platform.newest_mail(&store.email, "account.reset_password").await.token();
    reset(&platform, &first, NEW).await.problem(400, "token.invalid");
    reset(&platform, &second, "short").await.problem(422, "password.too_short");
    let both = join_all((0..4).map(|_| reset(&platform, &second, NEW))).await;
    let won = both.iter().filter(|answer| answer.status == 204).count();
    assert_eq!(won, 1, "{:?}", both.iter().map(|answer| answer.status).collect::<Vec<_>>());
    me(&platform, &store.token).await.problem(401, "auth.required");
    platform.login(&store.email, PASSWORD).await.problem(401, "auth.invalid_credentials");
    let token = platform.login(&store.email, NEW).await.expect(200).str("/access_token");
    assert_eq!(me(&platform, &token).await.body["email_verified"], true, "the link has shown it");
    platform.newest_mail(&store.email, "account.password_changed").await;
    // Neither table holds the secret.
    let held: i64 = sqlx::query_scalar(
        "select (select count(*) from landlord.mails m where m::text like '%' || $1 || '%')
              + (select count(*) from landlord.account_tokens t where t::text like '%' || $1 || '%')",
    )
    .bind(&second)
    .fetch_one(&platform.database)
    .await
    .unwrap();
    assert_eq!(held, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn s35_a_link_ends_after_half_an_hour_and_with_a_change_of_the_password() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    forgot(&platform, &store.email).await.expect(202);
    let late = platform.newest_mail(&store.email, "account.reset_password").await.token();
    let of = format!("account_id = (select id from landlord.accounts where email = '{}')", store.email);
    tamper(&platform, &format!("update landlord.account_tokens set expires_at = created_at + interval '30 minutes' - interval '30 minutes' where {of}")).await;
    reset(&platform, &late, NEW).await.problem(400, "token.invalid");
    forgot(&platform, &store.email).await.expect(202);
    let held = platform.newest_mail(&store.email, "account.reset_password").await.token();
    let change = json!({ "current_password": PASSWORD, "new_password": NEW });
    platform.ask(&store.token, Method::POST, "/api/v1/me/password", Some(change)).await.expect(204);
    reset(&platform, &held, "yet another horse").await.problem(400, "token.invalid");
    let minutes: f64 = sqlx::query_scalar(sqlx::AssertSqlSafe(format!(
        "select extract(epoch from max(expires_at - created_at))::float8 / 60 from landlord.account_tokens
         where purpose = 'reset_password' and {of}"
    )))
    .fetch_one(&platform.database)
    .await
    .unwrap();
    assert_eq!(minutes, 30.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn s34_forgetting_tells_nobody_who_has_an_account() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let nobody = format!("{}@x.com", unique("nobody"));
    let known = forgot(&platform, &store.email).await;
    let unknown = forgot(&platform, &nobody).await;
    assert_eq!(shape(&known), shape(&unknown));
    assert_eq!(known.status, 202);
    platform.newest_mail(&store.email, "account.reset_password").await;
    let letter = platform.newest_mail(&nobody, "account.no_account").await;
    assert!(!letter.source.contains("#token="));
    // More letters are not sent within an hour, and nobody is told; asking faster than a person is refused alike.
    for email in [&store.email, &nobody] {
        let mut statuses = Vec::new();
        for _ in 0..6 {
            statuses.push(forgot(&platform, email).await.status);
        }
        assert_eq!(statuses, [202, 202, 202, 202, 429, 429], "{email}");
    }
    assert_eq!(platform.mails(&store.email).await.iter().filter(|mail| mail.is("account.reset_password")).count(), 3);
    assert_eq!(platform.mails(&nobody).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn s33_known_and_unknown_addresses_take_as_long() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let mut times = [Vec::new(), Vec::new()];
    for n in 0..40 {
        for (at, email) in [store.email.clone(), format!("{}@x.com", unique("nobody"))].into_iter().enumerate() {
            if n % 4 == 0 {
                platform.clock.advance(chrono::Duration::seconds(61));
            }
            let start = std::time::Instant::now();
            platform.login(&email, "a wrong password").await.expect(401);
            times[at].push(start.elapsed().as_secs_f64());
        }
    }
    let median = |times: &mut Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    };
    let [known, unknown] = times.each_mut().map(median);
    // Without the hash for nobody it would be ten times; the rest is the noise of a shared machine.
    assert!((0.6..1.6).contains(&(known / unknown)), "known {known:.4} s, unknown {unknown:.4} s");
}

#[tokio::test(flavor = "multi_thread")]
async fn s37_a_poisoned_host_changes_no_link() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    for (host, header) in [("localhost", "evil.example"), ("localhost:1", "evil.example")] {
        let request = platform.request(Method::POST, host, "/api/v1/auth/forgot-password");
        let request = request.header("x-forwarded-host", header).header("forwarded", "host=evil.example");
        let answer = Answer::of(request.json(&json!({ "email": store.email })).send().await.unwrap()).await;
        answer.expect(202);
    }
    for letter in platform.mails(&store.email).await {
        assert!(!letter.source.contains("evil"), "{}", letter.source);
    }
    let request = platform.request(Method::POST, "evil.example", "/api/v1/auth/forgot-password");
    Answer::of(request.json(&json!({ "email": store.email })).send().await.unwrap()).await.problem(404, "host.unknown");
}

#[tokio::test(flavor = "multi_thread")]
async fn s41_an_address_has_one_form_and_carries_nothing_else() {
    let platform = Platform::start().await;
    let long = format!("{}@x.com", "a".repeat(320));
    for wrong in ["a@x.com\r\nBcc: b@x.com", "a@x.com%0d%0aBcc:b@x.com", "ä@x.com", "a@bücher.example", "a@x", &long]
    {
        let answer = forgot(&platform, wrong).await;
        assert_eq!(answer.status, 422, "{wrong:?}: {}", answer.text);
    }
    let store = platform.open_store().await;
    forgot(&platform, &format!(" {} ", store.email.to_uppercase())).await.expect(202);
    platform.newest_mail(&store.email, "account.reset_password").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s29_a_changed_password_ends_the_other_sessions_at_once() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let other = platform.login(&store.email, PASSWORD).await.expect(200).str("/access_token");
    let change = |current: &str, new: &str| {
        let body = json!({ "current_password": current, "new_password": new });
        platform.ask(&store.token, Method::POST, "/api/v1/me/password", Some(body))
    };
    change("not this one", NEW).await.problem(403, "auth.wrong_password");
    let weak = change(PASSWORD, "1234567890").await.problem(422, "password.weak");
    assert_eq!(weak.errors()[0].0, "new_password");
    me(&platform, &other).await.expect(200);
    change(PASSWORD, NEW).await.expect(204);
    me(&platform, &other).await.problem(401, "auth.required");
    me(&platform, &store.token).await.expect(200);
    store.admin_get("/orders").await.expect(200);
    platform.newest_mail(&store.email, "account.password_changed").await;
    platform.login(&store.email, NEW).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_moves_to_an_address_that_answers() {
    let platform = Platform::start().await;
    let (store, other) = (platform.open_store().await, platform.open_store().await);
    let new = format!("{}@x.com", unique("new"));
    let ask = |email: &str, password: &str| {
        let body = json!({ "email": email, "password": password });
        platform.ask(&store.token, Method::POST, "/api/v1/me/email", Some(body))
    };
    let confirm = async |token: &str| platform.post("/api/v1/auth/confirm-email", &json!({ "token": token })).await;
    ask(&new, "not this one").await.problem(403, "auth.wrong_password");
    forgot(&platform, &store.email).await.expect(202);
    let reset_link = platform.newest_mail(&store.email, "account.reset_password").await.token();
    ask(&new, PASSWORD).await.expect(202);
    let told = platform.newest_mail(&store.email, "account.email_change_asked").await;
    assert!(!told.source.contains(&new) && !told.source.contains("#token="), "{}", told.source);
    assert_eq!(me(&platform, &store.token).await.str("/email"), store.email, "not yet");
    let token = platform.newest_mail(&new, "account.confirm_new_email").await.token();
    confirm(&token).await.expect(204);
    confirm(&token).await.problem(400, "token.invalid");
    let who = me(&platform, &store.token).await;
    assert_eq!((who.str("/email"), &who.body["email_verified"]), (new.clone(), &json!(true)));
    platform.newest_mail(&store.email, "account.email_changed").await;
    platform.login(&store.email, PASSWORD).await.problem(401, "auth.invalid_credentials");
    platform.login(&new, PASSWORD).await.expect(200);
    reset(&platform, &reset_link, NEW).await.problem(400, "token.invalid");
    // Who has the address already learns of it; who asks does not.
    let answer = ask(&other.email, PASSWORD).await;
    assert_eq!((answer.status, answer.text.as_str()), (202, ""));
    let token = platform.newest_mail(&other.email, "account.confirm_new_email").await.token();
    confirm(&token).await.problem(409, "email.taken");
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_listed_and_ended_one_by_one_or_all_others() {
    let platform = Platform::start().await;
    let (store, other) = (platform.open_store().await, platform.open_store().await);
    let second = platform.login(&store.email, PASSWORD).await.expect(200).str("/access_token");
    let third = platform.login(&store.email, PASSWORD).await.expect(200).str("/access_token");
    let list = platform.ask(&second, Method::GET, "/api/v1/me/sessions?limit=2", None).await.expect(200);
    assert_eq!(list.body["data"].as_array().unwrap().len(), 2);
    assert_eq!((&list.body["data"][0]["current"], &list.body["data"][1]["current"]), (&json!(false), &json!(true)));
    let rest = list.str("/next_cursor");
    let rest =
        platform.ask(&second, Method::GET, &format!("/api/v1/me/sessions?cursor={rest}"), None).await.expect(200);
    assert_eq!(rest.body["data"].as_array().unwrap().len(), 1);
    let newest = format!("/api/v1/me/sessions/{}", list.str("/data/0/id"));
    platform.ask(&other.token, Method::DELETE, &newest, None).await.problem(404, "not_found");
    me(&platform, &third).await.expect(200);
    platform.ask(&second, Method::DELETE, &newest, None).await.expect(204);
    platform.ask(&second, Method::DELETE, &newest, None).await.problem(404, "not_found");
    me(&platform, &third).await.problem(401, "auth.required");
    platform.ask(&second, Method::DELETE, "/api/v1/me/sessions", None).await.expect(204);
    me(&platform, &store.token).await.problem(401, "auth.required");
    me(&platform, &second).await.expect(200);
    me(&platform, &other.token).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_has_a_name_or_none() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let put = |name: Value| platform.ask(&store.token, Method::PATCH, "/api/v1/me", Some(json!({ "name": name })));
    put(json!(" Mira ")).await.expect(204);
    assert_eq!(me(&platform, &store.token).await.str("/name"), "Mira");
    put(json!("")).await.expect(422);
    put(json!("x".repeat(121))).await.expect(422);
    put(Value::Null).await.expect(204);
    assert_eq!(me(&platform, &store.token).await.body["name"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn s28_a_stolen_refresh_token_ends_its_session_and_its_owner_is_told() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let refresh = async |token: &str| platform.post("/api/v1/auth/refresh", &json!({ "refresh_token": token })).await;
    let first = platform.login(&store.email, PASSWORD).await.expect(200).str("/refresh_token");
    let second = refresh(&first).await.expect(200).str("/refresh_token");
    tamper(&platform, &format!("update landlord.refresh_tokens set used_at = used_at - interval '11 seconds' where used_at is not null and session_id in (select s.id from landlord.sessions s join landlord.accounts a on a.id = s.account_id where a.email = '{}')", store.email)).await;
    refresh(&first).await.problem(401, "auth.invalid_refresh_token");
    refresh(&second).await.problem(401, "auth.invalid_refresh_token");
    platform.newest_mail(&store.email, "account.session_stolen").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_fails_is_tried_again_and_given_up_and_can_be_had_back() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let folder = platform.souk.config.mail.directory.clone();
    std::fs::create_dir_all(folder.parent().unwrap()).unwrap();
    std::fs::write(&folder, "in the way").unwrap();
    assert!(platform.mails(&store.email).await.is_empty());
    let of = format!("recipient = '{}'", store.email);
    let row = async || -> (String, i32, Option<String>) {
        sqlx::query_as(sqlx::AssertSqlSafe(format!(
            "select state, attempts, last_error from landlord.mails where {of}"
        )))
        .fetch_one(&platform.database)
        .await
        .unwrap()
    };
    let (state, attempts, error) = row().await;
    assert_eq!((state.as_str(), attempts), ("waiting", 1));
    assert!(error.unwrap().contains("folder"));
    tamper(&platform, &format!("update landlord.mails set attempts = 17, next_at = now() where {of}")).await;
    assert!(platform.mails(&store.email).await.is_empty());
    assert_eq!(row().await.0, "dead");
    std::fs::remove_file(&folder).unwrap();
    assert!(platform.mails(&store.email).await.is_empty());
    let id: uuid::Uuid = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("select id from landlord.mails where {of}")))
        .fetch_one(&platform.database)
        .await
        .unwrap();
    let origin = kernel::origin::Origin::system();
    let mut tx = platform.souk.landlord.db.begin().await.unwrap();
    landlord::mails::replay(&mut tx, &origin, landlord::mails::MailId(id)).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(platform.mails(&store.email).await.len(), 1);
    assert_eq!(row().await.0, "sent");
    assert_eq!(platform.mails(&store.email).await.len(), 1, "once");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_links_in_mails_lead_to_pages_that_hold_no_secret() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    for page in ["verify-email", "confirm-email", "reset-password", "forgot-password", "accept-invitation"] {
        let answer = platform.get(&format!("/account/{page}")).await.expect(200);
        assert!(answer.text.contains("/account/page.js"), "{page}");
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
        assert!(answer.header("content-security-policy").unwrap().contains("script-src 'self';"));
    }
    let script = platform.get("/account/page.js").await.expect(200);
    assert!(script.header("content-type").unwrap().starts_with("text/javascript"));
    platform.get("/account/nothing").await.problem(404, "not_found");
    store.get("/account/verify-email").await.problem(404, "route.unknown");
    let letter = platform.newest_mail(&store.email, "account.verify_email").await;
    assert!(letter.source.contains("/account/verify-email#token="), "{}", letter.source);
}
