//! Messages come in any order and more than once, and the end is always the same.

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

/// Delivers the messages in this order, each of them twice, by turns to the store's address and to the platform's.
async fn deliver(store: &Store<'_>, news: &[News; 4], order: [usize; 4]) {
    for (turn, at) in order.into_iter().enumerate() {
        if turn % 2 == 0 {
            store.hear(&news[at]).await.expect(200);
            store.platform.hear(&news[at]).await.expect(200);
        } else {
            store.platform.hear(&news[at]).await.expect(200);
            store.hear(&news[at]).await.expect(200);
        }
    }
}

async fn told(store: &Store<'_>, bought: &Bought, what: &str) -> i64 {
    let (order, payment) = (&bought.order, &bought.payment);
    store
        .count(&format!(
            "select count(*) from events where aggregate_id in ('{order}', '{payment}') and event_type = '{what}'"
        ))
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_succeeded_is_paid_in_all_24_orders() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    platform.deafen();
    let variant = store.sell(1999, 100).await;
    for order in permutations() {
        let bought = store.order(&[(&variant, 1)]).await;
        let news = |kind, status| News::of(&store, &bought, 1999, kind, status);
        let news = [
            news("created", "requires_payment_method"),
            news("requires_action", "requires_action"),
            news("processing", "processing"),
            news("succeeded", "succeeded"),
        ];
        deliver(&store, &news, order).await;
        assert_eq!(store.see(&bought).await.str("/status"), "paid", "{order:?}");
        assert_eq!(store.see_checkout(&bought).await.str("/payment/status"), "succeeded", "{order:?}");
        assert_eq!(told(&store, &bought, "order.paid").await, 1, "{order:?}");
        assert_eq!(told(&store, &bought, "payment.succeeded").await, 1, "{order:?}");
    }
    platform.work().await;
    assert_eq!(store.stock(&variant.id).await, (100, 24));
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_was_called_off_fails_the_order_in_all_24_orders() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    platform.deafen();
    let variant = store.sell(1999, 100).await;
    for order in permutations() {
        let bought = store.order(&[(&variant, 1)]).await;
        let news = |kind, status| News::of(&store, &bought, 1999, kind, status);
        let news = [
            news("created", "requires_payment_method"),
            news("payment_failed", "requires_payment_method"),
            news("processing", "processing"),
            news("canceled", "canceled"),
        ];
        deliver(&store, &news, order).await;
        assert_eq!(store.see(&bought).await.str("/status"), "failed", "{order:?}");
        assert_eq!(store.see_checkout(&bought).await.str("/checkout/status"), "failed", "{order:?}");
        assert_eq!(told(&store, &bought, "order.failed").await, 1, "{order:?}");
    }
    platform.work().await;
    assert_eq!(store.stock(&variant.id).await, (100, 0));
    assert_consistent(&store).await;
}
