//! Metered features: what is counted reaches the provider once.

use futures::future::join_all;
use landlord::metering;
use reqwest::Method;
use serde_json::json;
use souk_tests::{Books, Merchant, unique};

async fn metered(books: &Books) -> String {
    let feature = unique("calls").replace('-', "_");
    let database = &books.platform.database;
    for statement in [
        format!("insert into landlord.features (code, kind, name) values ('{feature}', 'metered', 'Calls')"),
        format!(
            "insert into landlord.plan_meter_prices (plan, feature, interval, currency, unit_amount_decimal)
             values ('growth', '{feature}', 'month', 'USD', '0.5')"
        ),
    ] {
        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(database).await.unwrap();
    }
    feature
}

async fn gone(books: &Books, feature: &str) {
    let statement = format!("delete from landlord.plan_meter_prices where feature = '{feature}'");
    sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&books.platform.database).await.unwrap();
}

async fn count_to(merchant: &Merchant<'_>, feature: &str, total: i64) {
    let landlord = &merchant.books.platform.souk.landlord;
    let mut tx = landlord.db.begin().await.unwrap();
    let day = landlord.clock.now().date_naive();
    metering::count_to(&mut tx, merchant.store.id, feature, day, total).await.unwrap();
    tx.commit().await.unwrap();
}

async fn told(books: &Books, merchant: &Merchant<'_>, feature: &str) -> i64 {
    let meters = books.stripe(Method::GET, "/v1/billing/meters", &[]).await;
    let name = format!("souk_{feature}");
    let meters = meters["data"].as_array().unwrap().clone();
    let meter = meters.iter().find(|meter| meter["event_name"] == name.as_str()).unwrap();
    let now = books.platform.clock.now().timestamp();
    let day = |unix: i64| (unix / 86_400 * 86_400).to_string();
    let (start, end) = (day(now - 86_400), day(now + 2 * 86_400));
    let customer = merchant.names().await.0;
    let form = [("customer", customer.as_str()), ("start_time", &start), ("end_time", &end)];
    let path = format!("/v1/billing/meters/{}/event_summaries", meter["id"].as_str().unwrap());
    let summaries = books.stripe(Method::GET, &path, &form).await;
    summaries["data"].as_array().unwrap().iter().map(|one| one["aggregated_value"].as_f64().unwrap() as i64).sum()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the platform's clock and that of the signatures are not moved together yet"]
async fn usage_is_told_once_whatever_happens_on_the_way() {
    let books = Books::open().await;
    let feature = metered(&books).await;
    let merchant = Merchant::on(&books, "growth").await;
    books.pass(13).await;
    merchant.subscribe("growth").await;
    gone(&books, &feature).await;

    count_to(&merchant, &feature, 40).await;
    count_to(&merchant, &feature, 40).await;
    count_to(&merchant, &feature, 30).await;
    join_all((0..6).map(|_| books.work())).await;
    assert_eq!(told(&books, &merchant, &feature).await, 40);

    // An answer that is lost, and a provider that is away.
    count_to(&merchant, &feature, 100).await;
    let rule = json!({ "path_prefix": "/v1/billing/meter_events", "fault": "drop_reply", "times": 3 });
    books.platform.spoil(rule).await;
    let _ = books.platform.worker().billing().await;
    books.platform.heal().await;
    let again = "update landlord.usage_reports set next_at = now() where tenant_id = $1";
    sqlx::query(again).bind(merchant.store.id.0).execute(&books.platform.database).await.unwrap();
    books.work().await;
    assert_eq!(told(&books, &merchant, &feature).await, 100);
    let left = "select count(*) from landlord.usage_reports where tenant_id = $1 and state <> 'sent'";
    let left: i64 =
        sqlx::query_scalar(left).bind(merchant.store.id.0).fetch_one(&books.platform.database).await.unwrap();
    assert_eq!(left, 0);
}
