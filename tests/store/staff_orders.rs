//! What staff does with an order, step by step, and who may while somebody holds it.

use futures::future::join_all;
use reqwest::Method;
use serde_json::json;
use souk_tests::{Platform, assert_consistent, key};

#[tokio::test(flavor = "multi_thread")]
async fn an_order_goes_its_way_and_every_step_is_told_and_noted() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 10).await;
    let bought = store.buy(&[(&variant, 3)]).await;
    let refused = store.act(&bought, "ship", json!({})).await.problem(409, "order.wrong_stage");
    assert_eq!((refused.str("/stage"), refused.body["allowed"].clone()), ("paid".into(), json!(["pack", "cancel"])));
    store.act(&bought, "confirm", json!({})).await.problem(409, "order.wrong_stage");
    let packed = store.act(&bought, "pack", json!({})).await.expect(200);
    assert_eq!((packed.str("/status"), packed.body["allowed"].clone()), ("packed".into(), json!(["ship"])));
    let shipped = store.act(&bought, "ship", json!({ "carrier": "DHL", "tracking_number": "1Z" })).await.expect(200);
    assert_eq!((shipped.str("/status"), shipped.str("/shipments/0/carrier")), ("shipped".into(), "DHL".into()));
    assert_eq!(store.stock(&variant.id).await, (7, 0));
    for time in ["queue_wait_ms", "validation_ms", "payment_ms", "fulfilment_ms", "total_ms"] {
        assert!(shipped.int(&format!("/metrics/{time}")) >= 0, "{}", shipped.text);
    }
    let delivered = store.act(&bought, "deliver", json!({})).await.expect(200);
    assert_eq!((delivered.str("/status"), delivered.body["allowed"].clone()), ("delivered".into(), json!([])));
    store.act(&bought, "fulfil", json!({})).await.problem(409, "order.wrong_stage");
    store.act(&bought, "cancel", json!({ "reason": "late" })).await.problem(409, "order.too_late_to_cancel");

    let events = store.admin_get(&format!("/orders/{}/events", bought.order)).await.expect(200);
    let types: Vec<_> = events.body["data"].as_array().unwrap().iter().map(|event| event["type"].clone()).collect();
    assert_eq!(types[types.len() - 3..], ["order.packed", "order.shipped", "order.delivered"], "{types:?}");
    let acts = store.admin_get("/activity").await.expect(200);
    for act in ["order.packed", "order.shipped", "order.delivered"] {
        let found = acts.body["data"].as_array().unwrap().iter().filter(|row| row["action"] == act).count();
        assert_eq!(found, 1, "{act}: {}", acts.text);
    }
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_who_pack_at_once_one_wins() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 10).await;
    let bought = store.buy(&[(&variant, 1)]).await;
    let answers = join_all((0..50).map(|_| store.act(&bought, "pack", json!({})))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    for answer in answers.into_iter().filter(|answer| answer.status != 200) {
        answer.problem(409, "order.wrong_stage");
    }
    let told = "select count(*) from events where event_type = 'order.packed'";
    assert_eq!(store.count(told).await, 1);
    assert_eq!(store.count("select count(*) from activity where action = 'order.packed'").await, 1);
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_gives_the_same_answer_and_another_is_a_conflict() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 10).await;
    let bought = store.buy(&[(&variant, 2)]).await;
    let key = key();
    let first = store.act_with(&bought, "pack", json!({}), &key).await.expect(200);
    store.act_with(&bought, "pack", json!({}), &key).await.replays(&first);
    store.act(&bought, "pack", json!({})).await.problem(409, "order.wrong_stage");
    let path = format!("/orders/{}/pack", bought.order);
    store.admin_post(&path, json!({})).await.problem(409, "order.wrong_stage");
    let one = json!({ "items": [{ "order_item_id": store.line(&bought, 0).await, "quantity": 1 }] });
    let first = store.act_with(&bought, "ship", one.clone(), &key).await.expect(200);
    store.act_with(&bought, "ship", one, &key).await.replays(&first);
    store.act_with(&bought, "ship", json!({}), &key).await.problem(409, "idempotency.key_reused");
    assert_eq!(store.stock(&variant.id).await, (9, 1));
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_waits_for_a_word_is_confirmed_by_staff_and_never_when_a_card_pays_it() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 10).await;
    let by_card = store.order(&[(&variant, 1)]).await;
    store.act(&by_card, "confirm", json!({})).await.problem(409, "order.wrong_stage");
    let bought = store.buy_cash(&[(&variant, 2)]).await;
    store.act(&bought, "confirm", json!({})).await.problem(409, "order.wrong_stage");
    // As it is when it has to be looked at first.
    let id = &bought.order;
    store.tamper(&format!("update orders set stage = 'pending', review = 'pending' where id = '{id}'")).await;
    store.tamper(&format!("update stock_reservations set status = 'held' where order_id = '{id}'")).await;
    store.act(&bought, "confirm", json!({})).await.problem(409, "order.under_review");
    store.tamper(&format!("update orders set review = 'approved' where id = '{id}'")).await;
    let confirmed = store.act(&bought, "confirm", json!({})).await.expect(200);
    assert_eq!(confirmed.str("/status"), "confirmed");
    assert_eq!(store.count("select count(*) from stock_reservations where status = 'committed'").await, 1);
    store.act(&bought, "pack", json!({})).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_holds_nobody_else_moves_and_machines_settle_its_money() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 10).await;
    let (manager, packer) = (store.member("manager").await, store.member("fulfilment").await);
    let bought = store.order(&[(&variant, 1)]).await;
    let path = format!("/orders/{}", bought.order);
    let lock = format!("{path}/lock");
    let reason = |text: &str| Some(json!({ "reason": text }));
    let held = store.admin_as(&packer, Method::POST, &lock, reason("address is odd")).await.expect(200);
    assert_eq!(held.str("/locked_by/id"), packer.account);
    // The money comes by itself.
    store.confirm(&bought, "pm_card_visa").await.expect(200);
    store.until_status(&bought, "paid").await;

    let refused = store.admin_as(&manager, Method::POST, &format!("{path}/pack"), None).await;
    let refused = refused.problem(409, "order.locked");
    assert_eq!(
        (refused.str("/locked_by/id"), refused.str("/reason")),
        (packer.account.clone(), "address is odd".into())
    );
    assert_eq!(refused.str("/locked_at"), held.str("/locked_at"));
    for (verb, body) in [("ship", json!({})), ("deliver", json!({})), ("cancel", json!({ "reason": "no" }))] {
        let refused = store.admin_as(&manager, Method::POST, &format!("{path}/{verb}"), Some(body)).await;
        refused.problem(409, "order.locked");
    }
    store.admin_as(&manager, Method::POST, &lock, reason("mine")).await.problem(409, "order.locked");
    store.admin_as(&manager, Method::DELETE, &lock, None).await.problem(409, "order.locked");
    store
        .admin_as(&manager, Method::POST, &format!("{path}/notes"), Some(json!({ "text": "Whose is it?" })))
        .await
        .expect(201);
    assert_eq!(store.detail(&bought).await.int("/notes_count"), 1);

    // Who holds it may give another reason, and may move it; since when stays.
    let again = store.admin_as(&packer, Method::POST, &lock, reason("asked the shopper")).await.expect(200);
    assert_eq!(again.str("/locked_at"), held.str("/locked_at"));
    store.admin_as(&packer, Method::POST, &format!("{path}/pack"), None).await.expect(200);
    // The owner may break it, even twice.
    store.act(&bought, "ship", json!({})).await.problem(409, "order.locked");
    store.admin_delete(&lock).await.expect(204);
    store.admin_delete(&lock).await.expect(204);
    store.act(&bought, "ship", json!({})).await.expect(200);
    assert_eq!(store.count("select count(*) from activity where action = 'order.lock_broken'").await, 1);
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_pays_cash_has_paid_when_it_is_delivered() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 10).await;
    let bought = store.buy_cash(&[(&variant, 2)]).await;
    for verb in ["pack", "ship", "deliver"] {
        store.act(&bought, verb, json!({})).await.expect(200);
    }
    let order = store.detail(&bought).await;
    assert_eq!((order.str("/status"), order.str("/payments/0/status")), ("delivered".into(), "succeeded".into()));
    assert_eq!(order.int("/payments/0/captured_minor"), 3998);
    assert_consistent(&store).await;
}
