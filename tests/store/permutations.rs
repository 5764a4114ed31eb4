//! Whatever the order in which the provider's messages come, and however often: the end is the same.

use serde_json::json;
use souk_tests::{Bought, News, Platform, Store, assert_consistent};

/// All orders of four things.
fn permutations() -> Vec<[usize; 4]> {
    let mut all = Vec::new();
    for a in 0..4 {
        for b in (0..4).filter(|b| *b != a) {
            for c in (0..4).filter(|c| *c != a && *c != b) {
                all.push([a, b, c, 6 - a - b - c]);
            }
        }
    }
    all
}

/// Four messages about one purchase, by kind and by what the intent is then.
type Told = [(&'static str, &'static str); 4];

/// Delivers the messages in each of the 24 orders, each twice, over both addresses, to a purchase of its own.
async fn all_orders(store: &Store<'_>, told: Told, check: impl AsyncFn(&Bought, [usize; 4])) {
    let variant = store.sell(1999, 100).await;
    for order in permutations() {
        let bought = store.order(&[(&variant, 1)]).await;
        let news = told.map(|(kind, status)| News::of(store, &bought, 1999, kind, status));
        for at in order {
            store.hear(&news[at]).await.expect(200);
            store.platform.hear(&news[at]).await.expect(200);
        }
        check(&bought, order).await;
    }
    assert_eq!(store.count("select count(*) from provider_events where processed_at is null").await, 0);
    assert_consistent(store).await;
}

async fn once(store: &Store<'_>, bought: &Bought, what: &str) {
    let (order, payment) = (&bought.order, &bought.payment);
    let query =
        format!("select count(*) from events where aggregate_id in ('{order}', '{payment}') and event_type = '{what}'");
    assert_eq!(store.count(&query).await, 1, "{what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn money_that_came_counts_even_when_the_end_was_told_first() {
    let platform = Platform::start().await;
    platform.deafen();
    let store = platform.open_store().await;
    let told = [
        ("created", "requires_payment_method"),
        ("payment_failed", "requires_payment_method"),
        ("succeeded", "succeeded"),
        ("canceled", "canceled"),
    ];
    all_orders(&store, told, async |bought, order| {
        assert_eq!(store.see(bought).await.str("/status"), "paid", "{order:?}");
        assert_eq!(store.see_checkout(bought).await.str("/payment/status"), "succeeded", "{order:?}");
        once(&store, bought, "order.paid").await;
        once(&store, bought, "payment.succeeded").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn money_that_was_authorised_and_captured_pays_in_all_orders() {
    let platform = Platform::start().await;
    platform.deafen();
    let store = platform.open_store().await;
    store.admin_patch("/settings", json!({ "capture": "manual" })).await.expect(200);
    let told = [
        ("created", "requires_payment_method"),
        ("requires_action", "requires_action"),
        ("amount_capturable_updated", "requires_capture"),
        ("succeeded", "succeeded"),
    ];
    all_orders(&store, told, async |bought, order| {
        assert_eq!(store.see(bought).await.str("/status"), "paid", "{order:?}");
        assert_eq!(store.see_checkout(bought).await.str("/checkout/phase"), "completed", "{order:?}");
        once(&store, bought, "order.paid").await;
    })
    .await;
}
