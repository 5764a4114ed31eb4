//! Events fold into what the tables hold; whatever else they hold is found.

use commerce::replay::{self, Difference};
use souk_tests::{Platform, Store, assert_consistent, cash, key};

async fn shop(store: &Store<'_>) -> String {
    let (apple, pear) = (store.sell(1000, 50).await, store.sell(500, 20).await);
    let paid = store.buy(&[(&apple, 2), (&pear, 1)]).await;
    let called_off = store.order(&[(&pear, 1)]).await;
    store.cancel(&called_off, &key()).await.expect(200);
    let declined = store.order(&[(&apple, 1)]).await;
    store.confirm(&declined, "pm_card_chargeDeclined").await;
    let cart = store.fill_cart(&[(&apple, 1)]).await;
    store.checkout(&cart, &key(), &cash(&cart)).await.expect(201);
    store.adjust(&pear.id, -3).await.expect(200);
    store.order(&[(&apple, 1)]).await;
    store.platform.work().await;
    paid.order
}

async fn differences(store: &Store<'_>) -> Vec<Difference> {
    replay::verify(&store.shop().await, |_| {}).await.unwrap().differences
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tables_of_a_store_are_what_its_events_make_of_them() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    shop(&store).await;
    assert_eq!(differences(&store).await, []);
    // What is not published yet is not in the reports, and that is no difference.
    let variant = store.sell(100, 5).await;
    store.order(&[(&variant, 1)]).await;
    assert_eq!(differences(&store).await, []);
    store.let_pass(16).await;
    platform.work().await;
    assert_eq!(differences(&store).await, []);
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_changed_behind_the_events_is_found() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let order = shop(&store).await;
    let found = async |tamper: &str, mend: &str| {
        store.tamper(tamper).await;
        let found = differences(&store).await;
        store.tamper(mend).await;
        assert_eq!(differences(&store).await, [], "after {mend}");
        found.into_iter().map(|difference| (difference.aggregate, difference.field)).collect::<Vec<_>>()
    };
    let at = |set: &str| format!("update orders set {set} where id = '{order}'");
    assert_eq!(found(&at("stage = 'packed'"), &at("stage = 'paid'")).await, [("order", "stage")]);
    let shift = |by: &str| {
        format!(
            "update orders set subtotal_minor = subtotal_minor {by}, total_minor = total_minor {by} where id = '{order}'"
        )
    };
    assert_eq!(found(&shift("+ 1"), &shift("- 1")).await, [("order", "subtotal_minor"), ("order", "total_minor")]);
    let captured =
        |by: &str| format!("update payments set captured_minor = captured_minor {by} where order_id = '{order}'");
    assert_eq!(found(&captured("- 1"), &captured("+ 1")).await, [("payment", "captured_minor")]);
    let on_hand = |by: &str| {
        format!(
            "update stock_levels set on_hand = on_hand {by} where variant_id = (select min(variant_id::text)::uuid from stock_levels)"
        )
    };
    assert_eq!(found(&on_hand("+ 1"), &on_hand("- 1")).await, [("stock", "on_hand")]);
    let sold = |by: &str| format!("update sales_days set gross_minor = gross_minor {by}");
    assert_eq!(found(&sold("+ 1"), &sold("- 1")).await, [("sales_day", "gross_minor")]);
    let received = |by: &str| {
        format!(
            "update stock_days set received = received {by} where variant_id = (select min(variant_id::text)::uuid from stock_days)"
        )
    };
    assert_eq!(found(&received("+ 1"), &received("- 1")).await, [("stock_day", "received")]);
    let lost = "create table kept as select * from events where aggregate_type = 'payment'; delete from events where aggregate_type = 'payment'";
    let back = "insert into events overriding system value select * from kept; drop table kept";
    let gone = found(lost, back).await;
    assert!(gone.contains(&("payment", "row")), "{gone:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_are_written_anew_and_nothing_else() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let order = shop(&store).await;
    let days = "select md5(coalesce(string_agg(d::text, ';' order by d::text), '')) from (select s::text as d from sales_days s union all select t::text from stock_days t union all select u::text from sold_days u) x";
    let sum = async || {
        use sqlx::Row;
        store.rows(days).await[0].get::<String, _>(0)
    };
    let before = sum().await;
    store.tamper("update sales_days set paid = 77, carts = carts; delete from stock_days; delete from sold_days").await;
    store.tamper(&format!("update orders set failure = 'tampered' where id = '{order}'")).await;
    assert_ne!(sum().await, before);
    replay::rebuild(&store.shop().await, |_| {}).await.unwrap();
    assert_eq!(sum().await, before);
    assert_eq!(store.count("select count(*) from orders where failure = 'tampered'").await, 1);
    platform.work().await;
    assert_eq!(differences(&store).await, []);
}
