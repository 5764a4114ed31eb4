//! What comes in as the provider's word: kept once, believed only when it is signed and fits.

use futures::future::join_all;
use serde_json::{Value, json};
use souk_tests::{News, Platform, assert_consistent, sign, signed_with};
use sqlx::Row;

const SECRET: &str = "whsec_souk_tests_0123456789";

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_signed_by_the_provider_is_refused_and_not_kept() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    platform.deafen();
    let variant = store.sell(1999, 5).await;
    let bought = store.order(&[(&variant, 1)]).await;
    let news = News::of(&store, &bought, 1999, "succeeded", "succeeded");
    let text = news.text();
    let right = sign(&text);
    let pretty = serde_json::to_string_pretty(&news.0).unwrap();
    let forged = [
        (text.as_str(), String::new()),
        (&text, "t=1,v1=00".to_owned()),
        (&text, right.replace("v1=", "v0=")),
        (&text, right.split(',').next().unwrap().to_owned()),
        (&text, signed_with("whsec_another_0123456789", &text, 0)),
        (&text, signed_with("", &text, 0)),
        (&text, sign("{}")),
        (&pretty, right.clone()),
        (&text, signed_with(SECRET, &text, -301)),
        (&text, signed_with(SECRET, &text, 310)),
        ("[]", sign("[]")),
        ("", sign("")),
    ];
    for (payload, signature) in &forged {
        store.hear_raw(payload, signature).await.problem(400, "webhook.invalid_signature");
    }
    assert_eq!(store.count("select count(*) from provider_events").await, 0);
    assert_eq!(store.see(&bought).await.str("/status"), "awaiting_payment");
    store.hear_raw(&text, &right).await.expect(200);
    assert_eq!(store.see(&bought).await.str("/status"), "paid");
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_comes_20_times_at_once_is_applied_once() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    platform.deafen();
    let variant = store.sell(1999, 5).await;
    let bought = store.order(&[(&variant, 1)]).await;
    let news = News::of(&store, &bought, 1999, "succeeded", "succeeded");
    let answers = join_all((0..20).map(|_| store.hear(&news))).await;
    assert!(answers.iter().all(|answer| answer.status == 200), "{answers:?}");
    platform.work().await;
    store.let_pass(60).await;
    store.hear(&news).await.expect(200);
    platform.work().await;
    assert_eq!(store.count("select count(*) from provider_events").await, 1);
    assert_eq!(store.count("select count(*) from events where event_type = 'order.paid'").await, 1);
    assert_eq!(store.count("select count(*) from events where event_type = 'payment.succeeded'").await, 1);
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_s_id_with_another_body_is_refused() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    platform.deafen();
    let variant = store.sell(1999, 5).await;
    let bought = store.order(&[(&variant, 1)]).await;
    let first = News::of(&store, &bought, 1999, "processing", "processing");
    let other = News::of(&store, &bought, 1999, "succeeded", "succeeded").with("/id", first.0["id"].clone());
    store.hear(&first).await.expect(200);
    store.hear(&other).await.problem(400, "webhook.body_differs");
    assert_eq!(store.see(&bought).await.str("/status"), "awaiting_payment");
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_does_not_fit_is_flagged_and_never_pays() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    platform.deafen();
    let variant = store.sell(1999, 50).await;
    let misfits: [(&[(&str, Value)], &str); 6] = [
        (&[("/data/object/amount_received", json!(1998))], "amount_differs"),
        (&[("/data/object/amount", json!(1998)), ("/data/object/amount_received", json!(1998))], "amount_differs"),
        (&[("/data/object/amount", json!(2000)), ("/data/object/amount_received", json!(2000))], "amount_differs"),
        (&[("/data/object/currency", json!("usd"))], "currency_differs"),
        (&[("/livemode", json!(true))], "mode_differs"),
        (&[("/account", json!("acct_1EvilEvilEvil"))], "account_differs"),
    ];
    for (changes, flag) in misfits {
        let bought = store.order(&[(&variant, 1)]).await;
        let news = News::of(&store, &bought, 1999, "succeeded", "succeeded");
        let news = changes.iter().fold(news, |news, (pointer, value)| news.with(pointer, value.clone()));
        store.hear(&news).await.expect(200);
        platform.work().await;
        assert_eq!(store.see(&bought).await.str("/status"), "awaiting_payment", "{flag}");
        let found = store.rows(&format!("select flag from payments where id = '{}'", bought.payment)).await;
        assert_eq!(found[0].get::<Option<String>, _>(0).as_deref(), Some(flag));
        // The right message still pays: the wrong one has broken nothing.
        store.hear(&News::of(&store, &bought, 1999, "succeeded", "succeeded")).await.expect(200);
        assert_eq!(store.see(&bought).await.str("/status"), "paid", "{flag}");
    }
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_intent_that_names_our_payment_does_not_pay_it() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    platform.deafen();
    let variant = store.sell(1999, 5).await;
    let (mine, yours) = (store.order(&[(&variant, 1)]).await, store.order(&[(&variant, 1)]).await);
    let news = News::of(&store, &mine, 1999, "succeeded", "succeeded");
    store.hear(&news.clone().with("/data/object/id", "pi_somebodyelses").with("/id", "evt_1")).await.expect(200);
    assert_eq!(store.see(&mine).await.str("/status"), "awaiting_payment");
    // Named as mine, but it is the other order's intent: that is the one it pays.
    store.hear(&news.with("/data/object/id", yours.intent())).await.expect(200);
    assert_eq!(store.see(&mine).await.str("/status"), "awaiting_payment");
    assert_eq!(store.see(&yours).await.str("/status"), "paid");
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_nobody_understands_are_taken_and_do_not_stop_the_others() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    platform.deafen();
    let variant = store.sell(1999, 5).await;
    let bought = store.order(&[(&variant, 1)]).await;
    let news = |id: &str| News::of(&store, &bought, 1999, "succeeded", "succeeded").with("/id", id);
    let mut deep = json!("deep");
    for _ in 0..100 {
        deep = json!({ "deeper": deep });
    }
    let poison = [
        news("evt_unknown").with("/type", "invoice.something_new"),
        news("evt_kind").with("/type", "payment_intent.something_new").with("/data/object/status", "something_new"),
        news("evt_empty").with("/data/object", json!({})),
        news("evt_shape").with("/data/object/amount", "many"),
        news("evt_metadata")
            .with("/data/object/id", "pi_unknown")
            .with("/data/object/metadata", json!({ "souk_payment": "nobody" })),
        news("evt_version")
            .with("/api_version", "1999-01-01")
            .with("/data/object", json!({ "object": "payment_intent" })),
        news("evt_deep").with("/data/object", json!({ "deep": deep })),
        news("evt_nul\u{0}").with("/type", "nul\u{0}").with("/data/object/id", "pi_\u{0}"),
        news("evt_account").with("/account", "acct_\u{0}"),
    ];
    for news in &poison {
        let answer = store.hear(news).await;
        assert!(matches!(answer.status, 200 | 400), "{}: {}", news.0["id"], answer.text);
    }
    assert_eq!(store.see(&bought).await.str("/status"), "awaiting_payment");
    store.let_pass(1).await;
    platform.work().await;
    assert_eq!(store.count("select count(*) from provider_events where processed_at is null").await, 0);
    store.hear(&news("evt_right")).await.expect(200);
    assert_eq!(store.see(&bought).await.str("/status"), "paid");
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_cannot_be_processed_does_not_stop_those_behind_it() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    platform.deafen();
    let variant = store.sell(1999, 5).await;
    let (broken, whole) = (store.order(&[(&variant, 1)]).await, store.order(&[(&variant, 1)]).await);
    // Whatever it may be that one of them always fails on; the other was kept by a process that died.
    store.tamper(&format!("delete from checkouts where id = '{}'", broken.checkout)).await;
    store.hear(&News::of(&store, &broken, 1999, "succeeded", "succeeded")).await.expect(200);
    let kept = News::of(&store, &whole, 1999, "succeeded", "succeeded");
    store
        .tamper(&format!(
            "insert into provider_events (provider, event_id, kind, payload, digest)
             values ('stripe', 'evt_kept', 'payment_intent.succeeded', '{}', '')",
            kept.text()
        ))
        .await;
    store.let_pass(1).await;
    store
        .tamper("update souk.jobs set run_at = now() + interval '1 hour' where kind <> 'provider_events.process'")
        .await;
    platform.work().await;
    assert_eq!(store.see(&whole).await.str("/status"), "paid");
    assert_eq!(store.count("select count(*) from provider_events where processed_at is null").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_huge_message_is_refused_unread() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let text = json!({ "id": "evt_1", "padding": "x".repeat(600_000) }).to_string();
    store.hear_raw(&text, &sign(&text)).await.problem(413, "request.too_large");
    assert_eq!(store.count("select count(*) from provider_events").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_platform_s_address_hands_messages_to_the_store_they_name() {
    let platform = Platform::start().await;
    let (store, other) = (platform.open_store().await, platform.open_store().await);
    platform.deafen();
    let variant = store.sell(1999, 5).await;
    let bought = store.order(&[(&variant, 1)]).await;
    let news = News::of(&store, &bought, 1999, "succeeded", "succeeded");
    let lost = [
        news.clone().with("/id", "evt_1").with("/data/object/metadata", json!({})),
        news.clone().with("/id", "evt_2").with("/data/object/metadata/souk_tenant", "nobody"),
        news.clone().with("/id", "evt_3").with("/data/object/metadata/souk_tenant", uuid::Uuid::now_v7().to_string()),
        news.clone().with("/id", "evt_4").with("/data/object/metadata/souk_tenant", other.id.to_string()),
    ];
    for news in &lost {
        platform.hear(news).await.expect(200);
    }
    other.hear(&news.clone().with("/id", "evt_5")).await.expect(200);
    assert_eq!(store.see(&bought).await.str("/status"), "awaiting_payment");
    platform.hear(&news).await.expect(200);
    assert_eq!(store.see(&bought).await.str("/status"), "paid");
    assert_consistent(&store).await;
    assert_consistent(&other).await;
}
