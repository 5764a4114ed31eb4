//! The provider's messages about billing: forged, stale, unreadable.

use reqwest::Method;
use serde_json::{Value, json};
use souk_tests::{Books, Merchant, sign, signed_with, unique};

const SECRET: &str = "whsec_souk_tests_0123456789";

fn event(kind: &str, object: Value) -> Value {
    json!({
        "id": unique("evt"), "object": "event", "type": kind, "created": 1_700_000_000, "livemode": false,
        "api_version": "2020-08-27", "data": { "object": object },
    })
}

async fn kept(books: &Books, event_id: &str) -> Option<(Option<String>, i32)> {
    sqlx::query_as("select outcome, attempts from landlord.stripe_events where event_id = $1")
        .bind(event_id)
        .fetch_optional(&books.platform.database)
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_provider_did_not_sign_is_refused_and_not_kept() {
    let books = Books::plain().await;
    let message = event("customer.subscription.deleted", json!({ "id": "sub_1", "customer": "cus_1" }));
    let (id, text) = (message["id"].as_str().unwrap(), message.to_string());
    let other = sign("another body");
    let v0 = sign(&text).replace("v1=", "v0=");
    let spaced = serde_json::to_string_pretty(&message).unwrap();
    for (body, signature) in [
        (text.as_str(), String::new()),
        (&text, "t=1,v1=00".to_owned()),
        (&text, other),
        (&text, v0),
        (&text, signed_with("whsec_of_somebody_else_entirely", &text, 0)),
        (&text, signed_with("", &text, 0)),
        (&text, signed_with(SECRET, &text, -301)),
        (&text, signed_with(SECRET, &text, 360)),
        (&spaced, sign(&text)),
    ] {
        let answer = books.hear_raw(body.as_bytes(), &signature).await;
        answer.problem(400, "webhook.invalid_signature");
    }
    assert_eq!(kept(&books, id).await, None);
    let huge = vec![b' '; 5_000_000];
    assert_eq!(books.hear_raw(&huge, "t=1,v1=00").await.status, 413);
    // On a store's host there is no such address.
    let merchant = Merchant::on(&books, "starter").await;
    let request = merchant.store.request(Method::POST, "/webhooks/stripe/billing");
    let request = request.header("stripe-signature", sign(&text)).body(text.clone());
    assert_eq!(request.send().await.unwrap().status(), 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_message_is_kept_whatever_it_says() {
    let books = Books::plain().await;
    let unknown = event("something.new", json!({ "id": "new_1" }));
    books.hear(&unknown).await;
    assert_eq!(kept(&books, unknown["id"].as_str().unwrap()).await.unwrap().0.as_deref(), Some("ignored"));
    let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
    let nul = b"\"a\0b\"".to_vec();
    let raw = vec![0xff, 0xfe, 0x00, 0x80];
    let no_object = json!({ "id": unique("evt"), "type": "invoice.paid" }).to_string();
    for body in [deep.as_bytes(), &nul, &raw, no_object.as_bytes(), b"", b"{}", b"null"] {
        let mut unique_body = body.to_vec();
        unique_body.extend(unique(" ").as_bytes());
        // Signed as bytes.
        let signature = {
            use hmac::{Hmac, KeyInit, Mac};
            #[expect(clippy::disallowed_methods, reason = "signatures carry the machine's time")]
            let time = chrono::Utc::now().timestamp();
            let mut mac = Hmac::<sha2::Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
            mac.update(format!("{time}.").as_bytes());
            mac.update(&unique_body);
            let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
            format!("t={time},v1={hex}")
        };
        books.hear_raw(&unique_body, &signature).await.expect(200);
        let found = "select outcome from landlord.stripe_events where payload = $1";
        let outcome: String =
            sqlx::query_scalar(found).bind(&unique_body).fetch_one(&books.platform.database).await.unwrap();
        assert_eq!(outcome, "unreadable");
    }
}
