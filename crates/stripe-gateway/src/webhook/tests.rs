//! Forged, stale, re-serialised and rotated: what verification lets through and what it does not.

use proptest::prelude::*;
use serde_json::json;

use super::*;

const NOW: i64 = 1_800_000_000;
const SECRET: &str = "whsec_one";

fn body() -> Vec<u8> {
    json!({
        "id": "evt_1", "object": "event", "type": "payment_intent.succeeded", "created": NOW, "livemode": false,
        "account": "acct_1", "api_version": "2026-09-30.endive",
        "data": { "object": {
            "id": "pi_1", "object": "payment_intent", "status": "succeeded", "amount": 500, "amount_received": 500,
            "currency": "eur", "client_secret": "pi_1_secret_x", "metadata": { "order": "7" }, "livemode": false,
            "created": NOW, "last_payment_error": null,
        } },
    })
    .to_string()
    .into_bytes()
}

fn v1(secret: &str, time: i64, payload: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{time}.").as_bytes());
    mac.update(payload);
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn header(secret: &str, time: i64, payload: &[u8]) -> String {
    format!("t={time},v1={}", v1(secret, time, payload))
}

fn secrets(all: &[&str]) -> Vec<String> {
    all.iter().map(|&secret| secret.to_owned()).collect()
}

#[test]
fn a_signed_event_is_read() {
    let event = verify(&body(), &header(SECRET, NOW, &body()), &secrets(&[SECRET]), NOW).unwrap();
    assert_eq!((event.id.as_str(), event.kind.as_str()), ("evt_1", "payment_intent.succeeded"));
    assert_eq!(event.account.as_deref(), Some("acct_1"));
    let intent = event.intent().unwrap();
    assert_eq!((intent.status, intent.amount_received_minor), (IntentStatus::Succeeded, 500));
    assert_eq!((intent.currency.as_str(), intent.metadata["order"].as_str()), ("EUR", "7"));
    assert!(!format!("{intent:?}").contains("secret"));
    assert_eq!(event.refund(), None);
}

#[test]
fn another_secret_or_another_body_is_refused() {
    let forged = verify(&body(), &header("whsec_evil", NOW, &body()), &secrets(&[SECRET]), NOW);
    assert_eq!(forged, Err(WebhookError::BadSignature));

    let mut spaced = body();
    spaced.push(b' ');
    let other = verify(&spaced, &header(SECRET, NOW, &body()), &secrets(&[SECRET]), NOW);
    assert_eq!(other, Err(WebhookError::BadSignature));

    let moved = format!("t={},v1={}", NOW + 1, v1(SECRET, NOW, &body()));
    assert_eq!(verify(&body(), &moved, &secrets(&[SECRET]), NOW), Err(WebhookError::BadSignature));
}

#[test]
fn the_clock_may_differ_by_five_minutes_either_way() {
    for (offset, expected) in [
        (0, None),
        (-300, None),
        (300, None),
        (-301, Some(WebhookError::Stale)),
        (301, Some(WebhookError::Stale)),
        (i64::MAX, Some(WebhookError::Stale)),
    ] {
        let time = NOW.saturating_add(offset);
        let answer = verify(&body(), &header(SECRET, time, &body()), &secrets(&[SECRET]), NOW);
        assert_eq!(answer.err(), expected, "offset {offset}");
    }
}

#[test]
fn only_v1_counts() {
    let good = v1(SECRET, NOW, &body());
    for unusable in [
        String::new(),
        "nonsense".to_owned(),
        format!("t={NOW}"),
        format!("v1={good}"),
        format!("t={NOW},v0={good}"),
        format!("t={NOW},v1="),
        format!("t={NOW},v1={}", &good[..62]),
        format!("t={NOW},v1={}", "é".repeat(32)),
    ] {
        let answer = verify(&body(), &unusable, &secrets(&[SECRET]), NOW);
        assert_eq!(answer, Err(WebhookError::MissingSignature), "{unusable}");
    }
}

#[test]
fn several_signatures_and_rotated_secrets_are_accepted() {
    let both = format!("t={NOW},v1={},v1={}", v1("whsec_old", NOW, &body()), v1(SECRET, NOW, &body()));
    assert!(verify(&body(), &both, &secrets(&[SECRET]), NOW).is_ok());
    assert!(verify(&body(), &header(SECRET, NOW, &body()), &secrets(&["whsec_new", SECRET]), NOW).is_ok());
}

#[test]
fn no_secret_opens_no_door() {
    let signed_with_nothing = header("", NOW, &body());
    for none in [secrets(&[]), secrets(&[""])] {
        assert_eq!(verify(&body(), &signed_with_nothing, &none, NOW), Err(WebhookError::MissingSignature));
    }
}

#[test]
fn a_signed_body_that_is_no_event_is_told_apart() {
    for other in ["", "[]", "{}", r#"{"id":"evt_1","type":"x","created":1,"livemode":false,"data":{}}"#] {
        let answer = verify(other.as_bytes(), &header(SECRET, NOW, other.as_bytes()), &secrets(&[SECRET]), NOW);
        assert_eq!(answer, Err(WebhookError::NotAnEvent), "{other}");
    }
}

#[test]
fn an_unheard_of_status_is_not_an_intent() {
    let odd = String::from_utf8(body()).unwrap().replace("\"succeeded\"", "\"levitating\"");
    let event = verify(odd.as_bytes(), &header(SECRET, NOW, odd.as_bytes()), &secrets(&[SECRET]), NOW).unwrap();
    assert_eq!(event.intent(), None);
}

proptest! {
    #[test]
    fn nothing_makes_it_panic(payload: Vec<u8>, header: String, secret: String, now: i64) {
        prop_assert!(verify(&payload, &header, &[secret], now).is_err());
    }
}
