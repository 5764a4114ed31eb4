//! Goods go back into stock when the money has gone back, and not before.

use serde_json::{Value, json};
use souk_tests::{Platform, assert_consistent};

fn line(item: &str, quantity: i64, restock: bool) -> Value {
    json!({ "lines": [{ "order_item_id": item, "quantity": quantity, "restock": restock }], "reason": "x" })
}

#[tokio::test(flavor = "multi_thread")]
async fn goods_wait_for_the_money() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1000, 10).await;
    let bought = store.buy(&[(&variant, 3)]).await;
    let item = store.line_of(&bought, &variant.id).await;
    let made = store.refund(&bought, line(&item, 1, true)).await.expect(201).str("/id");
    assert_eq!(store.stock(&variant.id).await, (10, 3), "agreed to, not given back");
    platform.spoil_refunds("refund_fails", 1).await;
    platform.work().await;
    for _ in 0..250 {
        if store.see_refund(&made).await.str("/status") == "failed" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(store.see_refund(&made).await.str("/status"), "failed");
    assert_eq!(store.stock(&variant.id).await, (10, 3), "nothing comes back for money that did not");

    store.refund(&bought, line(&item, 1, true)).await.expect(201);
    store.refund(&bought, line(&item, 1, false)).await.expect(201);
    platform.work().await;
    assert_eq!(store.stock(&variant.id).await, (10, 2));
    assert_eq!(store.count("select refunded_quantity::bigint from order_items").await, 2);
    assert_eq!(store.count("select count(*) from stock_movements where reference_type = 'refund'").await, 1);
    assert_consistent(&store).await;

    // The last one: the order is refunded whole, and what is left of it never leaves.
    store.refund(&bought, line(&item, 1, false)).await.expect(201);
    platform.work().await;
    assert_eq!(store.see(&bought).await.str("/status"), "refunded");
    assert_eq!(store.stock(&variant.id).await, (10, 0));
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_not_left_goes_first_and_what_had_left_comes_back() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1000, 10).await;
    let bought = store.packed(&[(&variant, 3)]).await;
    let item = store.line_of(&bought, &variant.id).await;
    let two = json!({ "items": [{ "order_item_id": item, "quantity": 2 }] });
    store.act(&bought, "ship", two).await.expect(200);
    assert_eq!(store.stock(&variant.id).await, (8, 1));
    store.refund(&bought, line(&item, 2, true)).await.expect(201);
    platform.work().await;
    assert_eq!(store.stock(&variant.id).await, (9, 0), "one was never sent, one came back");
    let more = json!({ "items": [{ "order_item_id": item, "quantity": 1 }] });
    let refused = store.act(&bought, "ship", more).await;
    assert!(refused.status == 409 || refused.status == 422, "{}", refused.text);
    store.refund(&bought, line(&item, 1, true)).await.expect(201);
    platform.work().await;
    assert_eq!(store.stock(&variant.id).await, (10, 0));
    assert_eq!(store.see(&bought).await.str("/status"), "refunded");
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paid_order_that_staff_calls_off_gives_all_its_money_back() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1000, 10).await;
    let bought = store.buy(&[(&variant, 3)]).await;
    let item = store.line_of(&bought, &variant.id).await;
    store.refund(&bought, line(&item, 1, true)).await.expect(201);
    platform.work().await;
    store.act(&bought, "cancel", json!({ "reason": "sold out" })).await.expect(200);
    platform.work().await;
    assert_eq!(store.see(&bought).await.str("/status"), "refunded");
    assert_eq!(store.stock(&variant.id).await, (10, 0));
    let there: i64 =
        platform.refunds_there().await.iter().map(|refund| refund["amount"].as_i64().unwrap_or_default()).sum();
    assert_eq!(there, 3000);
    assert_consistent(&store).await;
}
