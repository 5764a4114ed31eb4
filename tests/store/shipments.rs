//! An order that leaves in parts.

use futures::future::join_all;
use serde_json::{Value, json};
use souk_tests::{Bought, Platform, Store, assert_consistent, unique};

fn items(lines: &[(&str, i64)]) -> Value {
    let items: Vec<Value> =
        lines.iter().map(|(id, quantity)| json!({ "order_item_id": id, "quantity": quantity })).collect();
    json!({ "items": items })
}

async fn shipments(store: &Store<'_>, order: &Bought) -> Vec<Value> {
    let answer = store.admin_get(&format!("/orders/{}/shipments", order.order)).await.expect(200);
    answer.body["data"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn goods_leave_the_stock_with_each_shipment() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let (apple, pear) = (store.sell(100, 10).await, store.sell(200, 10).await);
    let bought = store.packed(&[(&apple, 3), (&pear, 2)]).await;
    let (first, second) = (store.line(&bought, 0).await, store.line(&bought, 1).await);
    let after = store.act(&bought, "ship", items(&[(&first, 2)])).await.expect(200);
    assert_eq!((after.str("/status"), after.int("/items/0/shipped_quantity")), ("packed".into(), 2));
    assert_eq!((store.stock(&apple.id).await, store.stock(&pear.id).await), ((8, 1), (10, 2)));
    assert_consistent(&store).await;

    let refused = store.act(&bought, "ship", items(&[(&first, 2), (&second, 3)])).await;
    let refused = refused.problem(409, "shipment.more_than_left");
    assert_eq!(refused.body["errors"].as_array().unwrap().len(), 2, "{}", refused.text);
    assert_eq!((refused.int("/errors/0/left"), refused.int("/errors/1/left")), (1, 2));

    let all = store.act(&bought, "ship", json!({ "tracking_url": "https://dhl.example/2" })).await.expect(200);
    assert_eq!((all.str("/status"), all.body["shipments"].as_array().unwrap().len()), ("shipped".into(), 2));
    assert_eq!((store.stock(&apple.id).await, store.stock(&pear.id).await), ((7, 0), (8, 0)));
    let sent = shipments(&store, &bought).await;
    assert_eq!((&sent[0]["number"], &sent[1]["number"]), (&json!(1), &json!(2)));
    assert_eq!(sent[1]["items"].as_array().unwrap().len(), 2);
    store.act(&bought, "ship", json!({})).await.problem(409, "order.wrong_stage");
    let told = "select count(*) from events where event_type = 'order.partially_shipped'";
    assert_eq!(store.count(told).await, 1);
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_delivered_when_all_its_shipments_are() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(100, 10).await;
    let bought = store.packed(&[(&variant, 3)]).await;
    store.act(&bought, "deliver", json!({})).await.problem(409, "order.wrong_stage");
    let line = store.line(&bought, 0).await;
    store.act(&bought, "ship", items(&[(&line, 1)])).await.expect(200);
    // The first part arrives while the rest is still here.
    let after = store.act(&bought, "deliver", json!({})).await.expect(200);
    assert_eq!((after.str("/status"), after.str("/shipments/0/status")), ("packed".into(), "delivered".into()));
    store.act(&bought, "deliver", json!({})).await.problem(409, "shipment.delivered");
    store.act(&bought, "ship", items(&[(&line, 1)])).await.expect(200);
    store.act(&bought, "ship", json!({})).await.expect(200);
    let sent = shipments(&store, &bought).await;
    let missing = json!({ "shipment_id": uuid::Uuid::now_v7() });
    store.act(&bought, "deliver", missing).await.problem(404, "not_found");
    let after = store.act(&bought, "deliver", json!({ "shipment_id": sent[2]["id"] })).await.expect(200);
    assert_eq!(after.str("/status"), "shipped");
    let after = store.act(&bought, "deliver", json!({ "shipment_id": sent[2]["id"] })).await;
    after.problem(409, "shipment.delivered");
    let after = store.act(&bought, "deliver", json!({ "shipment_id": sent[1]["id"] })).await.expect(200);
    assert_eq!(after.str("/status"), "delivered");
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_who_ship_the_last_piece_one_does() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(100, 10).await;
    let bought = store.packed(&[(&variant, 2)]).await;
    let line = store.line(&bought, 0).await;
    let answers = join_all((0..50).map(|_| store.act(&bought, "ship", items(&[(&line, 2)])))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    for answer in answers.into_iter().filter(|answer| answer.status != 200) {
        answer.problem(409, "order.wrong_stage");
    }
    assert_eq!(store.stock(&variant.id).await, (8, 0));
    assert_eq!(shipments(&store, &bought).await.len(), 1);
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_leaves_must_be_of_the_order_and_once() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(100, 10).await;
    let (bought, other) = (store.packed(&[(&variant, 2)]).await, store.packed(&[(&variant, 2)]).await);
    let (line, foreign) = (store.line(&bought, 0).await, store.line(&other, 0).await);
    let cases = [
        (items(&[(&line, 1), (&line, 1)]), "items[1].order_item_id"),
        (items(&[(&foreign, 1)]), "items[0].order_item_id"),
        (items(&[(&line, 0)]), "items[0].quantity"),
        (items(&[(&line, -1)]), "items[0].quantity"),
        (items(&[]), "items"),
        (json!({ "carrier": "" }), "carrier"),
        (json!({ "tracking_url": "javascript:alert(1)" }), "tracking_url"),
        (json!({ "tracking_number": "nul\u{0}" }), "tracking_number"),
        (json!({ "weight": 1 }), "weight"),
    ];
    for (body, field) in cases {
        let refused = store.act(&bought, "ship", body.clone()).await.problem(422, "request.invalid");
        assert_eq!(refused.body["errors"][0]["field"], field, "{body}: {}", refused.text);
    }
    assert_eq!(store.stock(&variant.id).await, (10, 4));
    let name = unique("carrier");
    store.act(&bought, "ship", json!({ "carrier": name })).await.expect(200);
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_given_back_is_no_longer_left_to_ship() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(100, 10).await;
    let bought = store.packed(&[(&variant, 3)]).await;
    let line = store.line(&bought, 0).await;
    store.act(&bought, "ship", items(&[(&line, 2)])).await.expect(200);
    let third = json!([{ "order_item_id": line, "quantity": 1, "restock": true }]);
    store.refund(&bought, json!({ "lines": third, "reason": "x" })).await.expect(201);
    platform.work().await;
    store.act(&bought, "ship", items(&[(&line, 1)])).await.problem(409, "shipment.more_than_left");
    let after = store.act(&bought, "ship", json!({})).await.expect(200);
    assert_eq!(after.body["shipments"].as_array().unwrap().len(), 1);
    assert_eq!(store.count("select count(*) from orders where stage = 'shipped'").await, 1);
    assert_eq!(store.stock(&variant.id).await, (8, 0));
    assert_consistent(&store).await;
}
