//! What staff sees: orders in detail, orders that wait for somebody, and how the stock stands.

use serde_json::{Value, json};
use souk_tests::{Answer, Bought, Platform, Store, assert_consistent};

fn ids(answer: &Answer) -> Vec<String> {
    answer.body["data"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

async fn found(store: &Store<'_>, query: &str) -> Vec<String> {
    ids(&store.admin_get(&format!("/orders?{query}")).await.expect(200))
}

fn of(orders: &[&Bought]) -> Vec<String> {
    orders.iter().map(|order| order.order.clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_are_found_by_everything_one_knows_of_them() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 100).await;
    let unpaid = store.order(&[(&variant, 1)]).await;
    let paid = store.buy(&[(&variant, 1)]).await;
    let packed = store.packed(&[(&variant, 1)]).await;
    let cash = store.buy_cash(&[(&variant, 1)]).await;
    store.admin_post(&format!("/orders/{}/lock", paid.order), json!({ "reason": "odd" })).await.expect(200);
    store.fault(&packed, "shipping", "high").await;
    let all = of(&[&cash, &packed, &paid, &unpaid]);
    let cases = [
        ("", all.clone()),
        ("status=paid", of(&[&paid])),
        ("status=awaiting_payment", of(&[&unpaid])),
        ("status=refunded", vec![]),
        ("status=packed&has_errors=true", of(&[&packed])),
        ("has_errors=true", of(&[&packed])),
        ("has_errors=false&status=confirmed", of(&[&cash])),
        ("locked=true", of(&[&paid])),
        ("locked=false&status=paid", vec![]),
        ("email=Ann@Example.com&status=packed", of(&[&packed])),
        ("email=bob@example.com", vec![]),
        ("review=pending", vec![]),
        ("number=1003", of(&[&packed])),
        ("number=1003&status=paid", vec![]),
        ("from=2020-01-01T00:00:00Z", all.clone()),
        ("to=2020-01-01T00:00:00Z", vec![]),
        ("from=2020-01-01T00:00:00Z&to=2099-01-01T00:00:00Z&email=ann@example.com", all.clone()),
    ];
    for (query, want) in cases {
        assert_eq!(found(&store, query).await, want, "{query}");
    }
    for wrong in [
        "status=lost",
        "review=maybe",
        "locked=perhaps",
        "from=yesterday",
        "number=x",
        "colour=red",
        "from=-0001-01-01T00:00:00Z",
    ] {
        store.admin_get(&format!("/orders?{wrong}")).await.problem(400, "request.invalid_query");
    }
    let page = store.admin_get("/orders?email=ann@example.com&limit=3").await.expect(200);
    let cursor = page.str("/next_cursor");
    assert_eq!(found(&store, &format!("email=ann@example.com&limit=3&cursor={cursor}")).await, all[3..]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_shown_with_everything_that_belongs_to_it() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 100).await;
    let bought = store.packed(&[(&variant, 2)]).await;
    store.admin_post(&format!("/orders/{}/notes", bought.order), json!({ "text": "Ring first" })).await.expect(201);
    store.fault(&bought, "shipping", "high").await;
    let order = store.detail(&bought).await;
    assert_eq!((order.str("/items/0/sku"), order.int("/items/0/shipped_quantity")), (variant.sku.clone(), 0));
    assert_eq!((order.str("/payments/0/status"), order.int("/refunded_minor")), ("succeeded".into(), 0));
    assert_eq!((order.int("/notes_count"), order.str("/errors/0/severity")), (1, "high".into()));
    assert_eq!((order.str("/stage"), order.str("/source/name")), ("packed".into(), "storefront".into()));
    assert_eq!((order.body["review"].clone(), order.body["lock"].clone()), (Value::Null, Value::Null));
    assert_eq!(order.body["shipments"], json!([]));
    assert!(order.body["history"].as_array().unwrap().len() >= 4, "{}", order.text);
    for secret in ["notes_count", "user_agent", "history", "errors", "metrics"] {
        assert!(store.see(&bought).await.body.get(secret).is_none(), "shoppers do not see {secret}");
    }
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_somebody_says_why_and_since_when() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 100).await;
    let unpaid = store.order(&[(&variant, 1)]).await;
    let paid = store.buy(&[(&variant, 1)]).await;
    let packed = store.packed(&[(&variant, 1)]).await;
    let done = store.packed(&[(&variant, 1)]).await;
    for verb in ["ship", "deliver"] {
        store.act(&done, verb, json!({})).await.expect(200);
    }
    let looked_at = store.buy(&[(&variant, 1)]).await;
    store.tamper(&format!("update orders set review = 'pending' where id = '{}'", looked_at.order)).await;
    let waiting = store.admin_get("/orders/pending").await.expect(200);
    let reasons = |answer: &Answer| -> Vec<(String, Vec<String>)> {
        let rows = answer.body["data"].as_array().unwrap().iter();
        rows.map(|row| {
            let reasons = row["reasons"].as_array().unwrap().iter();
            let names = reasons.map(|reason| reason["waits_for"].as_str().unwrap().to_owned());
            (row["id"].as_str().unwrap().to_owned(), names.collect())
        })
        .collect()
    };
    let want =
        |order: &Bought, why: &[&str]| (order.order.clone(), why.iter().map(|&w| w.to_owned()).collect::<Vec<_>>());
    assert_eq!(
        reasons(&waiting),
        [want(&paid, &["packing"]), want(&packed, &["shipping"]), want(&looked_at, &["review"])]
    );
    assert!(waiting.body["data"][0]["reasons"][0]["since"].is_string(), "{}", waiting.text);

    store.fault(&done, "shipping", "high").await;
    store.tamper(&format!("update payments set flag = 'amount_differs' where order_id = '{}'", unpaid.order)).await;
    let waiting = store.admin_get("/orders/pending").await.expect(200);
    assert_eq!(reasons(&waiting)[0], want(&unpaid, &["payment"]));
    assert_eq!(reasons(&waiting)[3], want(&done, &["errors"]));
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = store.admin_get(&format!("/orders/pending?limit=2{cursor}")).await.expect(200);
        seen.extend(ids(&page));
        let Some(next) = page.body["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen, of(&[&unpaid, &paid, &packed, &done, &looked_at]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stock_is_shown_as_enough_few_or_none() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    store.admin_patch("/settings", json!({ "low_stock_threshold": 3 })).await.expect(200);
    let (none, few, many) = (store.sell(100, 0).await, store.sell(100, 3).await, store.sell(100, 4).await);
    let seen = async |query: &str| -> Vec<(String, String)> {
        let answer = store.admin_get(&format!("/stock/status{query}")).await.expect(200);
        let rows = answer.body["data"].as_array().unwrap().clone();
        rows.iter()
            .map(|row| (row["variant_id"].as_str().unwrap().to_owned(), row["status"].as_str().unwrap().to_owned()))
            .collect()
    };
    let row = |variant: &souk_tests::Variant, status: &str| (variant.id.clone(), status.to_owned());
    assert_eq!(seen("").await, [row(&none, "out_of_stock"), row(&few, "low_stock"), row(&many, "in_stock")]);
    assert_eq!(seen("?status=low_stock").await, [row(&few, "low_stock")]);
    store.order(&[(&many, 4)]).await;
    assert_eq!(seen("?status=out_of_stock").await, [row(&none, "out_of_stock"), row(&many, "out_of_stock")]);
    store.admin_get("/stock/status?status=plenty").await.problem(400, "request.invalid_query");
}
