//! Our gateway against the sandbox: every verb, every kind of answer.

use serde_json::json;
use stripe_gateway::{Capture, CreateIntent, CreateRefund, GatewayError, IntentStatus, RefundReason, RefundStatus};

use crate::harness::{Receiver, Rig, an_intent};

fn a_refund(key: &str, intent: &str, amount_minor: Option<i64>) -> CreateRefund {
    CreateRefund {
        idempotency_key: key.to_owned(),
        intent: intent.to_owned(),
        amount_minor,
        reason: Some(RefundReason::RequestedByCustomer),
        account: None,
        metadata: vec![("refund".to_owned(), key.to_owned())],
    }
}

fn code<T: std::fmt::Debug>(answer: Result<T, GatewayError>) -> (u16, String) {
    match answer {
        Err(GatewayError::Rejected { status, code, .. }) => (status, code),
        other => panic!("a refusal was expected, not {other:?}"),
    }
}

#[tokio::test]
async fn an_intent_is_made_confirmed_and_refunded() {
    let rig = Rig::start().await;
    let gateway = rig.gateway();
    let made = gateway.create_intent(an_intent("k1")).await.unwrap();
    assert_eq!((made.status, made.amount_minor), (IntentStatus::RequiresPaymentMethod, 1999));
    assert_eq!((made.currency.as_str(), made.livemode), ("EUR", false));
    assert_eq!(made.metadata["order"], "k1");
    assert!(made.client_secret.as_ref().is_some_and(|secret| secret.starts_with(&made.id)));
    assert_eq!(gateway.create_intent(an_intent("k1")).await.unwrap().id, made.id, "same key, same intent");

    rig.post(&format!("/v1/payment_intents/{}/confirm", made.id), &[("payment_method", "pm_card_visa")]).await;
    let paid = gateway.intent(&made.id, None).await.unwrap();
    assert_eq!((paid.status, paid.amount_received_minor), (IntentStatus::Succeeded, 1999));

    let refund = gateway.create_refund(a_refund("r1", &made.id, Some(999))).await.unwrap();
    assert_eq!((refund.status, refund.amount_minor), (RefundStatus::Succeeded, 999));
    assert_eq!(refund.intent.as_deref(), Some(made.id.as_str()));
    assert_eq!(gateway.refund(&refund.id, None).await.unwrap(), refund);
    let too_much = gateway.create_refund(a_refund("r2", &made.id, Some(1001))).await;
    assert_eq!(code(too_much), (400, "amount_too_large".to_owned()));
    gateway.create_refund(a_refund("r3", &made.id, None)).await.unwrap();
    let again = gateway.create_refund(a_refund("r4", &made.id, None)).await;
    assert_eq!(code(again), (400, "charge_already_refunded".to_owned()));
    assert_eq!(rig.truth().await["intents"][0]["refunded"], 1999);
}

#[tokio::test]
async fn cancelling_is_refused_once_it_is_over() {
    let rig = Rig::start().await;
    let gateway = rig.gateway();
    let made = gateway.create_intent(an_intent("k1")).await.unwrap();
    let gone = gateway.cancel_intent(&made.id, None, "c1").await.unwrap();
    assert_eq!(gone.status, IntentStatus::Canceled);
    let again = gateway.cancel_intent(&made.id, None, "c2").await;
    assert_eq!(code(again), (400, "payment_intent_unexpected_state".to_owned()));

    let path = format!("/v1/payment_intents/{}/confirm", made.id);
    let (status, body) = rig.post(&path, &[("payment_method", "pm_card_visa")]).await;
    assert_eq!((status.as_u16(), &body["error"]["code"]), (400, &json!("payment_intent_unexpected_state")));
}

#[tokio::test]
async fn what_is_authorised_can_be_captured_once() {
    let rig = Rig::start().await;
    let gateway = rig.gateway();
    let made = gateway.create_intent(CreateIntent { capture: Capture::Manual, ..an_intent("k1") }).await.unwrap();
    rig.post(&format!("/v1/payment_intents/{}/confirm", made.id), &[("payment_method", "pm_card_visa")]).await;
    assert_eq!(gateway.intent(&made.id, None).await.unwrap().status, IntentStatus::RequiresCapture);
    let captured = gateway.capture_intent(&made.id, Some(1000), None, "cap").await.unwrap();
    assert_eq!((captured.status, captured.amount_received_minor), (IntentStatus::Succeeded, 1000));
    let again = gateway.capture_intent(&made.id, None, None, "cap2").await;
    assert_eq!(code(again), (400, "payment_intent_unexpected_state".to_owned()));
}

#[tokio::test]
async fn search_finds_exactly_what_was_named() {
    let rig = Rig::start().await;
    let gateway = rig.gateway();
    let odd = r"it's \ odd";
    for at in 0..105 {
        let metadata = vec![("tenant".to_owned(), if at < 103 { odd } else { "other" }.to_owned())];
        gateway.create_intent(CreateIntent { metadata, ..an_intent(&format!("k{at}")) }).await.unwrap();
    }
    assert_eq!(gateway.find_intents("tenant", odd, None).await.unwrap().len(), 103, "more than one page");
    assert_eq!(gateway.find_intents("tenant", "nobody", None).await.unwrap(), []);
    assert_eq!(gateway.find_intents("tenant", odd, Some("acct_1")).await.unwrap(), []);
}

#[tokio::test]
async fn accounts_are_walls() {
    let rig = Rig::start().await;
    let gateway = rig.gateway();
    let account = Some("acct_1".to_owned());
    let ask = CreateIntent { account, application_fee_minor: Some(100), ..an_intent("k1") };
    let made = gateway.create_intent(ask).await.unwrap();
    assert_eq!(gateway.intent(&made.id, Some("acct_1")).await.unwrap().id, made.id);
    for stranger in [None, Some("acct_2")] {
        assert_eq!(code(gateway.intent(&made.id, stranger).await), (404, "resource_missing".to_owned()));
    }
    let own = gateway.create_intent(an_intent("k1")).await.unwrap();
    assert_ne!(own.id, made.id, "keys are scoped by account");
}

#[tokio::test]
async fn bad_input_is_refused_before_or_by_stripe() {
    let rig = Rig::start().await;
    let gateway = rig.gateway();
    let (status, _) = code(gateway.create_intent(CreateIntent { amount_minor: 0, ..an_intent("a") }).await);
    assert_eq!(status, 400);
    for currency in ["", "EURO", "zzz", "é€"] {
        let ask = CreateIntent { currency: currency.to_owned(), ..an_intent("b") };
        assert_eq!(code(gateway.create_intent(ask).await).0, 400, "{currency}");
    }
    for key in [String::new(), "k".repeat(256)] {
        let answer = gateway.create_intent(an_intent(&key)).await;
        assert_eq!(code(answer), (400, "idempotency_key_invalid".to_owned()));
    }
    for id in ["", "../customers", "pi_1/confirm", "pi_1?x", "pi_unheard_of"] {
        assert_eq!(code(gateway.intent(id, None).await), (404, "resource_missing".to_owned()), "{id}");
    }
    let other = CreateIntent { amount_minor: 5, ..an_intent("c") };
    gateway.create_intent(an_intent("c")).await.unwrap();
    assert_eq!(code(gateway.create_intent(other).await), (400, "idempotency_error".to_owned()));
}

#[tokio::test]
async fn a_refund_that_fails_later_gives_the_money_back_to_the_merchant() {
    let receiver = Receiver::start().await;
    let rig = Rig::with_webhooks(Some(receiver.url.clone())).await;
    let gateway = rig.gateway();
    let made = gateway.create_intent(an_intent("k1")).await.unwrap();
    rig.post(&format!("/v1/payment_intents/{}/confirm", made.id), &[("payment_method", "pm_card_visa")]).await;
    rig.fault(json!({ "path_prefix": "/v1/refunds", "metadata": { "refund": "r1" }, "fault": "refund_fails" })).await;
    let refund = gateway.create_refund(a_refund("r1", &made.id, None)).await.unwrap();
    assert_eq!(refund.status, RefundStatus::Pending);
    let deliveries = receiver.wait(6).await;
    let failed = deliveries.iter().map(|delivery| delivery.event()).find(|event| event.kind == "refund.failed");
    assert_eq!(failed.unwrap().refund().unwrap().status, RefundStatus::Failed);
    assert_eq!(rig.truth().await["intents"][0]["refunded"], 0);
    let again = gateway.create_refund(a_refund("r2", &made.id, None)).await.unwrap();
    assert_eq!(again.status, RefundStatus::Succeeded);
}
