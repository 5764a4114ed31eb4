//! Whatever the order in which the provider's messages come, and however often: the end is the same.

use serde_json::json;
use souk_tests::{Bought, News, Platform, Store, assert_consistent, unique};

/// Messages that are kept and not processed.
const OPEN: &str = "select count(*) from provider_events where processed_at is null";

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

/// Delivers the messages about payments in each of the 24 orders.
async fn all_orders(store: &Store<'_>, told: Told, check: impl AsyncFn(&Bought, [usize; 4])) {
    let news = |bought: &Bought| told.map(|(kind, status)| News::of(store, bought, 1999, kind, status));
    all_orders_of(store, news, check).await;
}

/// Delivers messages in each of the 24 orders, each twice, over both addresses, to a purchase of its own. What came too
/// early is processed by the worker.
async fn all_orders_of(
    store: &Store<'_>,
    news: impl Fn(&Bought) -> [News; 4],
    check: impl AsyncFn(&Bought, [usize; 4]),
) {
    let variant = store.sell(1999, 100).await;
    for order in permutations() {
        let bought = store.order(&[(&variant, 1)]).await;
        let news = news(&bought);
        for at in order {
            store.hear(&news[at]).await.expect(200);
            store.platform.hear(&news[at]).await.expect(200);
        }
        for _ in 0..20 {
            if store.count(OPEN).await == 0 {
                break;
            }
            store.tamper(&format!("update souk.jobs set run_at = now() where tenant_id = '{}'", store.id)).await;
            store.platform.work().await;
        }
        check(&bought, order).await;
    }
    assert_eq!(store.count(OPEN).await, 0);
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

/// A message about a refund that somebody made at the provider.
fn refund(store: &Store<'_>, bought: &Bought, kind: &str, provider_ref: &str) -> News {
    News(json!({
        "id": unique("evt"), "object": "event", "type": kind, "created": 1_700_000_000, "livemode": false,
        "api_version": "2025-01-27",
        "data": { "object": {
            "id": provider_ref, "object": "refund", "status": "succeeded", "amount": 700, "currency": "eur",
            "payment_intent": bought.intent(), "metadata": { "souk_tenant": store.id.to_string() },
            "created": 1_700_000_000,
        } },
    }))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_counts_once_even_when_it_was_told_before_its_payment() {
    let platform = Platform::start().await;
    platform.deafen();
    let store = platform.open_store().await;
    let news = |bought: &Bought| {
        let provider_ref = unique("re");
        [
            News::of(&store, bought, 1999, "created", "requires_payment_method"),
            News::of(&store, bought, 1999, "succeeded", "succeeded"),
            refund(&store, bought, "refund.created", &provider_ref),
            refund(&store, bought, "refund.updated", &provider_ref),
        ]
    };
    all_orders_of(&store, news, async |bought, order| {
        assert_eq!(store.see(bought).await.str("/status"), "partially_refunded", "{order:?}");
        let back = format!("select refunded_minor from orders where id = '{}'", bought.order);
        assert_eq!(store.count(&back).await, 700, "{order:?}");
        let made = format!("select count(*) from refunds where order_id = '{}'", bought.order);
        assert_eq!(store.count(&made).await, 1, "{order:?}");
        once(&store, bought, "order.paid").await;
    })
    .await;
}
