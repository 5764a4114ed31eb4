//! Reports count each event once, whatever happens to those who tell them.

use serde_json::Value;
use souk_tests::{Platform, Store, assert_consistent, key};

/// Today's entry of a report.
async fn today(store: &Store<'_>, report: &str) -> Value {
    let report = store.admin_get(&format!("/reports/{report}")).await.expect(200);
    report.body["data"].as_array().unwrap().last().unwrap().clone()
}

async fn shop(store: &Store<'_>) {
    let variant = store.sell(1000, 50).await;
    store.buy(&[(&variant, 2)]).await;
    store.buy(&[(&variant, 1)]).await;
    let called_off = store.order(&[(&variant, 1)]).await;
    store.cancel(&called_off, &key()).await.expect(200);
    store.order(&[(&variant, 1)]).await;
    store.fill_cart(&[(&variant, 1)]).await;
    store.platform.work().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_shows_what_was_sold_and_how_it_came_about() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    shop(&store).await;
    let left_alone = store.count("select count(*) from orders where stage = 'awaiting_payment'").await;
    assert_eq!(left_alone, 1);
    store.let_pass(16).await;
    platform.work().await;
    store.count_carts().await;

    let sales = today(&store, "sales").await;
    assert_eq!(
        (&sales["orders"], &sales["units"], &sales["gross_minor"]),
        (&2.into(), &3.into(), &3000.into()),
        "{sales}"
    );
    let funnel = today(&store, "funnel").await;
    for (field, count) in
        [("carts", 5), ("checkouts", 4), ("paid", 2), ("cancelled", 1), ("failed", 1), ("abandoned", 1)]
    {
        assert_eq!(funnel[field], count, "{field} in {funnel}");
    }
    let whole = store.admin_get("/reports/funnel").await.expect(200);
    assert_eq!(whole.body["data"].as_array().unwrap().len(), 30);
    assert_eq!(whole.body["data"][0]["carts"], 0);
    assert_eq!((&whole.body["checkout_to_paid"], &whole.body["time_zone"]), (&0.5.into(), &"UTC".into()));
    let turnover = store.admin_get("/reports/stock-turnover").await.expect(200);
    let variant = &turnover.body["data"][0];
    assert_eq!((&variant["received"], &variant["on_hand"]), (&50.into(), &50.into()), "{variant}");
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_best_products_come_first_page_by_page() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let ten_off = serde_json::json!({ "title": "T", "kind": "percent", "percent": "10" });
    store.admin_post("/promotions", ten_off).await.expect(201);
    let (many, dear, few) = (store.sell(100, 50).await, store.sell(9000, 50).await, store.sell(1000, 50).await);
    store.buy(&[(&many, 5), (&dear, 1)]).await;
    store.buy(&[(&many, 3), (&few, 2)]).await;
    let called_off = store.order(&[(&few, 9)]).await;
    store.cancel(&called_off, &key()).await.expect(200);
    platform.work().await;

    let page = async |query: &str| store.admin_get(&format!("/reports/top-products?{query}")).await.expect(200);
    let titles = |answer: &souk_tests::Answer| -> Vec<String> {
        let data = answer.body["data"].as_array().unwrap();
        data.iter().map(|row| row["product_id"].as_str().unwrap().to_owned()).collect()
    };
    let best = page("").await;
    assert_eq!(titles(&best), [dear.product.clone(), few.product.clone(), many.product.clone()], "{}", best.text);
    assert_eq!((best.int("/data/0/units"), best.int("/data/0/gross_minor")), (1, 9000));
    assert_eq!((best.int("/data/2/discount_minor"), best.int("/data/2/revenue_minor")), (80, 720));
    assert_eq!(best.str("/currency"), "EUR");
    assert!(best.body["next_cursor"].is_null());
    let mut seen = Vec::new();
    let mut cursor = String::new();
    for _ in 0..3 {
        let answer = page(&format!("by=units&limit=1{cursor}")).await;
        seen.extend(titles(&answer));
        match answer.body["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, [many.product, few.product, dear.product]);
    store.admin_get("/reports/top-products?cursor=7").await.problem(400, "request.invalid_query");
    store.admin_get("/reports/top-products?by=luck").await.problem(400, "request.invalid_query");
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn news_that_come_again_count_once() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    shop(&store).await;
    let before = (today(&store, "sales").await, today(&store, "funnel").await);
    for _ in 0..3 {
        store
            .tamper(&format!(
                "insert into souk.outbox (tenant_id, positions)
                 select '{}', array_agg(position order by position) from events",
                store.id
            ))
            .await;
        platform.work().await;
    }
    assert_eq!((today(&store, "sales").await, today(&store, "funnel").await), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_that_lag_catch_up_by_the_clock() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    shop(&store).await;
    let before = today(&store, "sales").await;
    store
        .tamper("delete from sales_days; delete from stock_days; delete from sold_days; delete from projections")
        .await;
    assert_eq!(today(&store, "sales").await["orders"], 0);
    platform.worker().schedule().await.unwrap();
    store.upkeep("reports.catch_up").await;
    assert_eq!(today(&store, "sales").await, before);
    assert_eq!(today(&store, "funnel").await["carts"], 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn catching_up_at_once_counts_once() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    shop(&store).await;
    let before = today(&store, "sales").await;
    store.tamper("delete from sales_days; delete from stock_days; delete from sold_days; update projections set sequence = 0").await;
    let shop = store.shop().await;
    let catch_up = async || commerce::reports::catch_up(&shop).await.unwrap();
    let counts = tokio::join!(catch_up(), catch_up(), catch_up());
    let events = store.count("select count(*) from events").await;
    assert_eq!((counts.0 + counts.1 + counts.2) as i64, events);
    assert_eq!(today(&store, "sales").await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn ranges_and_plans_have_ends() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    for report in ["sales", "funnel", "stock-turnover", "top-products"] {
        let path = |query: &str| format!("/reports/{report}?{query}");
        store.admin_get(&path("from=2024-01-01&to=2024-12-31")).await.expect(200);
        store.admin_get(&path("from=2024-01-01&to=2025-01-01")).await.problem(422, "request.invalid");
        store.admin_get(&path("from=2024-02-01&to=2024-01-01")).await.problem(422, "request.invalid");
        store.admin_get(&path("from=yesterday")).await.problem(400, "request.invalid_query");
        store.admin_get(&path("to=9999-12-31&from=9999-12-01")).await.expect(200);
        store.admin_get(&path("to=%2B262142-12-31")).await.problem(422, "request.invalid");
    }
    let without = platform.open_store_on("starter").await;
    without.admin_get("/reports/sales").await.problem(403, "feature.not_in_plan");
}
