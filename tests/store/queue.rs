//! More checkouts of one store than may wait.

use commerce::checkout::{self, StartCheckout};
use futures::future::join_all;
use kernel::idempotency::IdempotencyKey;
use kernel::origin::Origin;
use souk_tests::{Platform, assert_consistent, cash, key};

#[tokio::test(flavor = "multi_thread")]
async fn a_checkout_that_finds_no_place_in_the_queue_is_turned_away_and_may_come_again() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(500, 10).await;
    let cart = store.fill_cart(&[(&variant, 1)]).await;
    let request: StartCheckout = serde_json::from_value(cash(&cart)).unwrap();
    let opened = platform.souk.stores.of(store.id).await.unwrap().unwrap();
    let shop = platform.souk.stores.open(&opened, Origin::system());

    // Whoever holds the store's row keeps the slice in flight where it is, and the queue grows.
    let mut held = platform.database.begin_with("begin").await.unwrap();
    let lock = format!("select from {}.store_state for update", store.id.schema());
    sqlx::raw_sql(sqlx::AssertSqlSafe(lock)).execute(&mut *held).await.unwrap();
    let keys: Vec<_> = (0..1300).map(|_| IdempotencyKey(key())).collect();
    let waiting = join_all(keys.iter().map(|key| checkout::start(&shop, key, &cart.token, &request)));
    let release = async {
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        held.rollback().await.unwrap();
    };
    let (answers, ()) = tokio::join!(waiting, release);

    let turned_away: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().err()).collect();
    assert!(!turned_away.is_empty(), "1,300 found a place");
    for problem in turned_away {
        assert_eq!((problem.status.as_u16(), problem.code), (503, "checkout.queue_full"));
        assert_eq!(problem.retry_after, Some(1));
    }
    assert!(answers.iter().any(|answer| answer.as_ref().is_ok_and(|answer| answer.status == 201)));
    assert_eq!(store.count("select count(*) from orders").await, 1);
    assert_consistent(&store).await;
}
