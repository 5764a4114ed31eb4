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

#[tokio::test(flavor = "multi_thread")]
async fn a_checkout_that_cannot_be_written_does_not_take_its_neighbours_with_it() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(500, 20).await;
    // Whatever it may be that the database refuses.
    store.tamper("alter table orders add constraint poison check (email <> 'poison@example.com')").await;
    let opened = platform.souk.stores.of(store.id).await.unwrap().unwrap();
    let shop = platform.souk.stores.open(&opened, Origin::system());
    let mut requests = Vec::new();
    for n in 0..11 {
        let cart = store.fill_cart(&[(&variant, 1)]).await;
        let mut body = cash(&cart);
        if n == 5 {
            body["email"] = "poison@example.com".into();
        }
        requests.push((IdempotencyKey(key()), cart, serde_json::from_value::<StartCheckout>(body).unwrap()));
    }

    // The first holds the queue up, so that the others meet in the next slice.
    let mut held = platform.database.begin_with("begin").await.unwrap();
    let lock = format!("select from {}.store_state for update", store.id.schema());
    sqlx::raw_sql(sqlx::AssertSqlSafe(lock)).execute(&mut *held).await.unwrap();
    let waiting = join_all(requests.iter().map(|(key, cart, body)| checkout::start(&shop, key, &cart.token, body)));
    let release = async { held.rollback().await.unwrap() };
    let (answers, ()) = tokio::join!(waiting, release);

    for (n, answer) in answers.iter().enumerate() {
        match answer {
            Ok(answer) => assert_eq!((n == 5, answer.status), (false, 201), "{n}: {}", answer.body),
            Err(problem) => assert_eq!((n, problem.status.as_u16()), (5, 500), "{problem:?}"),
        }
    }
    assert_eq!(store.count("select count(*) from orders").await, 10);
    assert_eq!(store.stock(&variant.id).await, (20, 10), "nothing of the one that failed stays");
    // Once it can be written, the same key buys the same cart.
    store.tamper("alter table orders drop constraint poison").await;
    let (key, cart, body) = &requests[5];
    assert_eq!(checkout::start(&shop, key, &cart.token, body).await.unwrap().status, 201);
    assert_eq!(store.stock(&variant.id).await, (20, 11));
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_come_together_for_one_cart_do_not_multiply_what_is_in_it() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let (scarce, plenty) = (store.sell(500, 2).await, store.sell(700, 20).await);
    let (cart, rival) = (store.fill_cart(&[(&scarce, 2), (&plenty, 3)]).await, store.fill_cart(&[(&scarce, 2)]).await);
    store.checkout(&rival, &key(), &cash(&rival)).await.expect(201);
    let (first, second) = (key(), key());
    for key in [&first, &second] {
        store.checkout(&cart, key, &cash(&cart)).await.problem(409, "stock.insufficient");
    }
    store.adjust(&scarce.id, 10).await.expect(200);

    // The first holds the queue up, so that the others meet in the next slice.
    let opened = platform.souk.stores.of(store.id).await.unwrap().unwrap();
    let shop = platform.souk.stores.open(&opened, Origin::system());
    let request: StartCheckout = serde_json::from_value(cash(&cart)).unwrap();
    let keys = [first.clone(), first, second, key()].map(IdempotencyKey);
    let mut held = platform.database.begin_with("begin").await.unwrap();
    let lock = format!("select from {}.store_state for update", store.id.schema());
    sqlx::raw_sql(sqlx::AssertSqlSafe(lock)).execute(&mut *held).await.unwrap();
    let waiting = join_all(keys.iter().map(|key| checkout::start(&shop, key, &cart.token, &request)));
    let release = async { held.rollback().await.unwrap() };
    let (answers, ()) = tokio::join!(waiting, release);

    let statuses: Vec<u16> = answers.iter().map(|answer| answer.as_ref().unwrap().status).collect();
    assert_eq!(statuses, [409, 409, 409, 201]);
    assert_eq!(store.count("select count(*) from order_items").await, 3, "two lines, and the rival's");
    assert_eq!(store.stock(&scarce.id).await, (12, 4));
    assert_eq!(store.stock(&plenty.id).await, (20, 3));
    assert_consistent(&store).await;
}
