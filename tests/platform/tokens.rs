//! Access tokens: only those that we made, for what we made them, while they last.

use reqwest::Method;
use souk_tests::{Answer, Platform, Store};

/// What the store and the platform answer to a token.
async fn statuses(store: &Store<'_>, token: &str) -> (u16, u16) {
    let header = format!("Bearer {token}");
    let staff = store.request(Method::GET, "/api/v1/admin/orders").header("authorization", &header);
    let me = store.platform.request(Method::GET, "localhost", "/api/v1/me").header("authorization", &header);
    let (staff, me) = (Answer::of(staff.send().await.unwrap()).await, Answer::of(me.send().await.unwrap()).await);
    for answer in [&staff, &me] {
        if answer.status == 401 {
            assert_eq!(answer.code(), "auth.required", "{}", answer.text);
        }
    }
    (staff.status, me.status)
}

const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

fn encode(bytes: &[u8]) -> String {
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let word = group.iter().fold(0u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for place in 0..=group.len() {
            text.push(char::from(LETTERS[usize::try_from(word >> (18 - 6 * place) & 63).unwrap()]));
        }
    }
    text
}

fn decode(text: &str) -> Vec<u8> {
    let value = |letter: &u8| u32::try_from(LETTERS.iter().position(|known| known == letter).unwrap()).unwrap();
    let bits: Vec<u32> =
        text.bytes().flat_map(|letter| (0..6).rev().map(move |bit| value(&letter) >> bit & 1)).collect();
    bits.chunks_exact(8).map(|byte| u8::try_from(byte.iter().fold(0, |word, bit| word << 1 | bit)).unwrap()).collect()
}

/// The same token with its statements changed and its signature kept.
fn forged(token: &str, from: &str, to: &str) -> String {
    let parts: Vec<&str> = token.split('.').collect();
    let claims = String::from_utf8(decode(parts[1])).unwrap();
    assert!(claims.contains(from), "{claims}");
    format!("{}.{}.{}", parts[0], encode(claims.replace(from, to).as_bytes()), parts[2])
}

#[test]
fn the_tests_can_spell() {
    for text in ["", "a", "ab", "abc", "{\"alg\":\"HS256\"}"] {
        assert_eq!(decode(&encode(text.as_bytes())), text.as_bytes());
    }
    assert_eq!(encode(b"{\"alg\":\"none\"}"), "eyJhbGciOiJub25lIn0");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_we_did_not_sign_is_none() {
    let platform = Platform::start().await;
    let (store, other) = (platform.open_store().await, platform.open_store().await);
    let token = &store.token;
    assert_eq!(statuses(&store, token).await, (200, 200));
    let parts: Vec<&str> = token.split('.').collect();
    let account: String = sqlx::query_scalar("select id::text from landlord.accounts where email = $1")
        .bind(&store.email)
        .fetch_one(&platform.database)
        .await
        .unwrap();
    let mut tampered = vec![
        String::new(),
        "null".to_owned(),
        "undefined".to_owned(),
        ".".to_owned(),
        "..".to_owned(),
        "a.b.c".to_owned(),
        format!("{}.{}", parts[0], parts[1]),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{token}."),
        format!("{token}x"),
        token[..token.len() - 1].to_owned(),
        format!("{}.{}.{}", parts[0], other.token.split('.').nth(1).unwrap(), parts[2]),
        forged(token, "\"exp\":", "\"exp\":9"),
        forged(token, &account, &uuid::Uuid::now_v7().to_string()),
        forged(token, "\"access\"", "\"refresh\""),
        // Another kind of secret.
        "n".repeat(43),
        "sk_live_0123456789".to_owned(),
        format!("{token},{token}"),
    ];
    for header in [
        r#"{"typ":"JWT","alg":"none"}"#,
        r#"{"typ":"JWT","alg":"None"}"#,
        r#"{"typ":"JWT","alg":"nOnE"}"#,
        r#"{"typ":"JWT","alg":"HS384"}"#,
        r#"{"typ":"JWT","alg":"HS512"}"#,
        r#"{"typ":"JWT","alg":"RS256"}"#,
        r#"{"typ":"JWT","alg":"ES256"}"#,
        r#"{"typ":"JWT","alg":"HS256","kid":"../../dev/null"}"#,
        r#"{"alg":"HS256","kid":"' OR 1=1"}"#,
        r#"{"alg":"HS256","jku":"https://evil.example/keys"}"#,
        r#"{"alg":"HS256","jwk":{"kty":"oct","k":"AA"}}"#,
        r#"{}"#,
    ] {
        let header = encode(header.as_bytes());
        tampered.push(format!("{header}.{}.", parts[1]));
        tampered.push(format!("{header}.{}.{}", parts[1], parts[2]));
    }
    for wrong in tampered {
        assert_eq!(statuses(&store, &wrong).await, (401, 401), "{wrong}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_for_one_purpose() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let login = serde_json::json!({ "email": store.email, "password": "correct horse battery" });
    let tokens = platform.post("/api/v1/auth/login", &login).await.expect(200);
    assert_eq!(statuses(&store, &tokens.str("/refresh_token")).await, (401, 401));
    let access = serde_json::json!({ "refresh_token": tokens.str("/access_token") });
    let answer = platform.post("/api/v1/auth/refresh", &access).await;
    assert!([401, 422].contains(&answer.status), "{}", answer.text);
    let cart = store.fill_cart(&[]).await;
    assert_eq!(statuses(&store, &cart.token).await, (401, 401));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_ends_with_its_time() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    platform.clock.advance(chrono::Duration::minutes(14));
    assert_eq!(statuses(&store, &store.token).await, (200, 200));
    // Fifteen minutes, five seconds for clocks that differ, and what the test has taken itself.
    platform.clock.advance(chrono::Duration::seconds(66));
    assert_eq!(statuses(&store, &store.token).await, (401, 401));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_sent_once_and_in_its_place() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let token = &store.token;
    let get = || store.request(Method::GET, "/api/v1/admin/orders");
    let by = async |request: reqwest::RequestBuilder| Answer::of(request.send().await.unwrap()).await.status;
    assert_eq!(by(get().header("authorization", format!("bearer {token}"))).await, 200, "schemes have no case");
    assert_eq!(by(get().bearer_auth(token).header("authorization", format!("Bearer {token}"))).await, 401, "twice");
    assert_eq!(by(get().header("authorization", token)).await, 401);
    assert_eq!(by(get().header("authorization", format!("Basic {token}"))).await, 401);
    assert_eq!(by(get().header("cookie", format!("access_token={token}"))).await, 401);
    assert_eq!(by(store.request(Method::GET, &format!("/api/v1/admin/orders?access_token={token}"))).await, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_platforms_token_is_none_here() {
    let platform = Platform::start().await;
    let mut environment = souk_tests::settings();
    environment.set("SOUK__AUTH__SECRET", "tests only: another secret altogether, 0987654321");
    let elsewhere = Platform::start_with(environment).await;
    let store = platform.open_store().await;
    // Same database, same account, another key.
    let login = serde_json::json!({ "email": store.email, "password": "correct horse battery" });
    let token = elsewhere.post("/api/v1/auth/login", &login).await.expect(200).str("/access_token");
    assert_eq!(statuses(&store, &token).await, (401, 401));
}
