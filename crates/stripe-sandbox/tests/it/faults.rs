//! What the gateway says when things go wrong, held against what really happened.

use std::time::{Duration, Instant};

use serde_json::json;
use stripe_gateway::{GatewayError, StripeGateway, StripeSettings};

use crate::harness::{KEY, Rig, an_intent};

#[tokio::test]
async fn one_fault_never_makes_two_intents() {
    for fault in ["drop_reply", "drop_request", "rate_limited", "garbage", "delay_after:700", "delay_before:700"] {
        let rig = Rig::start().await;
        let gateway = rig.gateway_with(Duration::from_millis(400), 4);
        rig.fault(json!({ "method": "POST", "path_prefix": "/v1/payment_intents", "fault": fault })).await;
        let made = gateway.create_intent(an_intent("k1")).await.unwrap_or_else(|error| panic!("{fault}: {error}"));
        let truth = rig.truth().await;
        assert_eq!(truth["intents"].as_array().unwrap().len(), 1, "{fault}");
        assert_eq!(truth["intents"][0]["id"], json!(made.id), "{fault}");
    }
}

#[tokio::test]
async fn an_error_is_kept_under_its_key_and_stays_unknown() {
    for (fault, intents) in [("error_executed", 1), ("error_not_executed", 0)] {
        let rig = Rig::start().await;
        let gateway = rig.gateway();
        rig.fault(json!({ "metadata": { "order": "k1" }, "fault": fault })).await;
        for _ in 0..2 {
            let answer = gateway.create_intent(an_intent("k1")).await;
            assert!(matches!(answer, Err(GatewayError::Unknown { .. })), "{fault}: {answer:?}");
        }
        let found = rig.gateway().find_intents("order", "k1", None).await.unwrap();
        assert_eq!(found.len(), intents, "{fault}: search tells what happened");
    }
}

#[tokio::test]
async fn a_turned_away_request_is_unavailable_and_a_lost_one_unknown() {
    let rig = Rig::start().await;
    rig.fault(json!({ "idempotency_key_prefix": "limited", "times": 3, "fault": "rate_limited" })).await;
    rig.fault(json!({ "idempotency_key_prefix": "lost", "fault": "drop_reply" })).await;
    let limited = rig.gateway().create_intent(an_intent("limited-1")).await;
    assert!(matches!(limited, Err(GatewayError::Unavailable { .. })), "{limited:?}");
    let lost = rig.gateway_with(Duration::from_secs(1), 1).create_intent(an_intent("lost-1")).await;
    assert!(matches!(lost, Err(GatewayError::Unknown { .. })), "{lost:?}");
}

#[tokio::test]
async fn the_same_key_at_the_same_time_makes_one_intent() {
    let rig = Rig::start().await;
    rig.fault(json!({ "method": "POST", "fault": "delay_before:300" })).await;
    let gateway = rig.gateway();
    let (one, two) = tokio::join!(gateway.create_intent(an_intent("k")), gateway.create_intent(an_intent("k")));
    assert_eq!(one.unwrap().id, two.unwrap().id);
    assert_eq!(rig.truth().await["intents"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_server_that_is_not_there_opens_the_breaker() {
    let settings = StripeSettings { api_base: Some("http://127.0.0.1:9".to_owned()), ..StripeSettings::new(KEY) };
    let gateway = StripeGateway::new(&settings).unwrap();
    for _ in 0..2 {
        let answer = gateway.create_intent(an_intent("k")).await;
        assert!(matches!(answer, Err(GatewayError::Unavailable { .. })), "{answer:?}");
    }
    let started = Instant::now();
    let answer = gateway.create_intent(an_intent("k")).await;
    assert!(matches!(answer, Err(GatewayError::Unavailable { .. })), "{answer:?}");
    assert!(started.elapsed() < Duration::from_millis(50), "an open breaker answers at once");
}

#[tokio::test]
async fn a_frozen_server_costs_the_deadline_and_no_more() {
    let rig = Rig::start().await;
    rig.fault(json!({ "times": 9, "fault": "delay_before:20000" })).await;
    let gateway = rig.gateway_with(Duration::from_millis(200), 3);
    let started = Instant::now();
    let answer = gateway.create_intent(an_intent("k")).await;
    assert!(matches!(answer, Err(GatewayError::Unknown { .. })), "{answer:?}");
    assert!(started.elapsed() < Duration::from_millis(2_300));
}

#[tokio::test]
async fn a_fault_that_does_not_exist_is_refused() {
    let rig = Rig::start().await;
    for rule in
        [json!({ "fault": "explode" }), json!({ "fault": "delay_after" }), json!({ "fault": "garbage", "x": 1 })]
    {
        let answer = rig.http.post(rig.url("/sandbox/faults")).json(&rule).send().await.unwrap();
        assert_eq!(answer.status(), 400, "{rule}");
    }
}
