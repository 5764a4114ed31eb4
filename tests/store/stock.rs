//! The merchant's side of stock: corrections, movements, levels.

use futures::future::join_all;
use serde_json::json;
use souk_tests::{Platform, assert_consistent};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_reserved_cannot_be_taken_away() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 5).await;
    store.order(&[(&variant, 3)]).await;
    let refused = store.adjust(&variant.id, -3).await.problem(409, "stock.below_reserved");
    assert_eq!((refused.int("/on_hand"), refused.int("/reserved")), (5, 3));
    let left = store.adjust(&variant.id, -2).await.expect(200);
    assert_eq!((left.int("/on_hand"), left.int("/reserved"), left.int("/available")), (3, 3, 0));
    store.adjust(&variant.id, -1).await.problem(409, "stock.below_reserved");
    assert_eq!(store.stock(&variant.id).await, (3, 3));
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_of_a_level_is_a_movement() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 5).await;
    let bought = store.order(&[(&variant, 2)]).await;
    store.cancel(&bought, &souk_tests::key()).await.expect(200);
    store.adjust(&variant.id, -1).await.expect(200);
    let path = format!("/stock/movements?variant_id={}", variant.id);
    let movements = store.admin_get(&path).await.expect(200);
    let moved: Vec<(i64, i64, &str)> = movements.body["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|movement| {
            let number = |name: &str| movement[name].as_i64().unwrap();
            (number("delta_on_hand"), number("delta_reserved"), movement["reference_type"].as_str().unwrap())
        })
        .collect();
    assert_eq!(moved, [(-1, 0, "adjustment"), (0, -2, "order"), (0, 2, "order"), (5, 0, "adjustment")]);
    assert_eq!(movements.str("/data/1/reference_id"), bought.order);
    assert_eq!(movements.str("/data/0/reason"), "test");
    let page = store.admin_get(&format!("{path}&limit=3")).await.expect(200);
    let rest = store.admin_get(&format!("{path}&limit=3&cursor={}", page.str("/next_cursor"))).await.expect(200);
    assert_eq!((rest.int("/data/0/delta_on_hand"), rest.body["next_cursor"].is_null()), (5, true));
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn corrections_at_once_add_up() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 10).await;
    let answers =
        join_all((0..40).map(async |n| store.adjust(&variant.id, if n % 2 == 0 { 1 } else { -1 }).await)).await;
    let sum: i64 = answers
        .iter()
        .enumerate()
        .filter(|(_, answer)| answer.status == 200)
        .map(|(n, _)| if n % 2 == 0 { 1 } else { -1 })
        .sum();
    assert!(answers.iter().all(|answer| matches!(answer.status, 200 | 409)), "{answers:?}");
    assert_eq!(i64::from(store.stock(&variant.id).await.0), 10 + sum);
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_is_a_whole_number_with_a_reason() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 5).await;
    let path = format!("/variants/{}/stock", variant.id);
    for (body, field) in [
        (json!({ "delta": 0, "reason": "x" }), "delta"),
        (json!({ "delta": 1.5, "reason": "x" }), "delta"),
        (json!({ "delta": "1", "reason": "x" }), "delta"),
        (json!({ "delta": 1_000_001, "reason": "x" }), "delta"),
        (json!({ "delta": i64::MAX, "reason": "x" }), "delta"),
        (json!({ "delta": 1, "reason": "" }), "reason"),
        (json!({ "delta": 1, "reason": "nul\u{0}" }), "reason"),
        (json!({ "delta": 1, "reason": "x".repeat(201) }), "reason"),
        (json!({ "delta": 1, "reason": "x", "reserved": 0 }), "reserved"),
    ] {
        let answer = store.admin_post(&path, body.clone()).await.problem(422, "request.invalid");
        assert_eq!(answer.body["errors"][0]["field"], field, "{body}: {}", answer.text);
    }
    store.adjust(&uuid::Uuid::now_v7().to_string(), 1).await.problem(404, "not_found");
    store.adjust("nothing", 1).await.problem(404, "not_found");
    assert_eq!(store.stock(&variant.id).await, (5, 0));
    store
        .tamper(&format!(
            "insert into stock_movements (variant_id, delta_on_hand, delta_reserved, reason, reference_type, actor)
        select variant_id, {max} - on_hand, 0, 'test', 'adjustment', '{{}}' from stock_levels where variant_id = '{id}';
        update stock_levels set on_hand = {max} where variant_id = '{id}'",
            max = i32::MAX,
            id = variant.id
        ))
        .await;
    let answer = store.adjust(&variant.id, 1).await.problem(422, "request.invalid");
    assert_eq!(answer.errors(), [("delta".to_owned(), "OUT_OF_RANGE".to_owned())]);
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn levels_can_be_listed_and_the_low_ones_alone() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    store.admin_patch("/settings", json!({ "low_stock_threshold": 3 })).await.expect(200);
    let (few, many) = (store.sell(100, 3).await, store.sell(100, 4).await);
    let all = store.admin_get("/stock").await.expect(200);
    assert_eq!(all.body["data"].as_array().unwrap().len(), 2);
    let level = json!({ "variant_id": few.id, "sku": few.sku, "on_hand": 3, "reserved": 0, "available": 3 });
    assert!(all.body["data"].as_array().unwrap().contains(&level), "{}", all.text);
    let low = store.admin_get("/stock?low=true").await.expect(200);
    assert_eq!(low.body["data"], json!([level]));
    store.order(&[(&many, 1)]).await;
    assert_eq!(store.admin_get("/stock?low=true").await.expect(200).body["data"].as_array().unwrap().len(), 2);
}
