//! Deliveries: signed, retried, resumed after a restart, and as unruly as asked for.

use std::time::Duration;

use serde_json::json;
use stripe_gateway::IntentStatus;

use crate::harness::{Receiver, Rig, an_intent};

const PAY: &[(&str, &str)] = &[
    ("amount", "500"),
    ("currency", "eur"),
    ("payment_method", "pm_card_visa"),
    ("confirm", "true"),
    ("metadata[order]", "7"),
];

#[tokio::test]
async fn a_payment_is_announced_with_a_signature_our_gateway_accepts() {
    let receiver = Receiver::start().await;
    let rig = Rig::with_webhooks(Some(receiver.url.clone())).await;
    rig.post("/v1/payment_intents", PAY).await;
    let events: Vec<_> = receiver.wait(2).await.iter().map(|delivery| delivery.event()).collect();
    let kinds: Vec<_> = events.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds, ["payment_intent.created", "payment_intent.succeeded"]);
    let paid = events[1].intent().unwrap();
    assert_eq!((paid.status, paid.amount_received_minor), (IntentStatus::Succeeded, 500));
    assert_eq!(paid.metadata["order"], "7");
}

#[tokio::test]
async fn an_account_s_events_name_it() {
    let receiver = Receiver::start().await;
    let rig = Rig::with_webhooks(Some(receiver.url.clone())).await;
    let ask = stripe_gateway::CreateIntent { account: Some("acct_7".to_owned()), ..an_intent("k") };
    rig.gateway().create_intent(ask).await.unwrap();
    assert_eq!(receiver.wait(1).await[0].event().account.as_deref(), Some("acct_7"));
}

#[tokio::test]
async fn what_is_not_taken_comes_again_even_after_a_restart() {
    let receiver = Receiver::start().await;
    receiver.answer_with(500);
    let mut rig = Rig::with_webhooks(Some(receiver.url.clone())).await;
    rig.post("/v1/payment_intents", PAY).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    rig.restart().await;
    receiver.answer_with(200);
    receiver.wait(2).await;
    assert_eq!(receiver.kinds(), ["payment_intent.created", "payment_intent.succeeded"]);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(rig.get("/sandbox/deliveries").await["undelivered"], 0);
}

#[tokio::test]
async fn webhooks_misbehave_on_demand() {
    for (fault, expected) in [
        ("webhook_twice", vec!["created", "succeeded", "created", "succeeded"]),
        ("webhooks_reversed", vec!["succeeded", "created"]),
        ("webhook_never", vec![]),
        ("webhook_late:300", vec!["created", "succeeded"]),
    ] {
        let receiver = Receiver::start().await;
        let rig = Rig::with_webhooks(Some(receiver.url.clone())).await;
        rig.fault(json!({ "fault": fault })).await;
        rig.post("/v1/payment_intents", PAY).await;
        if fault.starts_with("webhook_late") {
            tokio::time::sleep(Duration::from_millis(100)).await;
            assert!(receiver.kinds().is_empty());
        }
        receiver.wait(expected.len()).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        let expected: Vec<_> = expected.iter().map(|kind| format!("payment_intent.{kind}")).collect();
        assert_eq!(receiver.kinds(), expected, "{fault}");
    }
}

#[tokio::test]
async fn a_webhook_can_come_before_the_answer() {
    let receiver = Receiver::start().await;
    let rig = Rig::with_webhooks(Some(receiver.url.clone())).await;
    rig.fault(json!({ "fault": "webhook_before_reply" })).await;
    rig.post("/v1/payment_intents", PAY).await;
    assert_eq!(receiver.kinds().len(), 2);
}

#[tokio::test]
async fn an_event_can_be_sent_again() {
    let receiver = Receiver::start().await;
    let rig = Rig::with_webhooks(Some(receiver.url.clone())).await;
    rig.gateway().create_intent(an_intent("k")).await.unwrap();
    let event = receiver.wait(1).await[0].event();
    rig.http.post(rig.url(&format!("/sandbox/events/{}/resend", event.id))).send().await.unwrap();
    assert_eq!(receiver.wait(2).await[1].event().id, event.id);
}

#[tokio::test]
async fn a_processing_payment_succeeds_a_moment_later() {
    let receiver = Receiver::start().await;
    let rig = Rig::with_webhooks(Some(receiver.url.clone())).await;
    let form = [("amount", "5"), ("currency", "eur"), ("payment_method", "pm_sandbox_processing"), ("confirm", "true")];
    let (_, made) = rig.post("/v1/payment_intents", &form).await;
    assert_eq!(made["status"], "processing");
    let cancel = rig.gateway().cancel_intent(made["id"].as_str().unwrap(), None, "c").await;
    assert!(cancel.is_err());
    receiver.wait(3).await;
    assert_eq!(receiver.kinds()[1..], ["payment_intent.processing", "payment_intent.succeeded"]);
}
