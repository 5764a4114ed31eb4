//! The ordinary sale, and the two things that must never happen in one.

use futures::future::join_all;
use souk_tests::{Platform, assert_consistent, card, cash, key};

#[tokio::test(flavor = "multi_thread")]
async fn a_cart_becomes_a_paid_order() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 10).await;
    let bought = store.buy(&[(&variant, 3)]).await;
    assert_eq!(bought.number, 1001);
    assert_eq!(store.stock(&variant.id).await, (10, 3));
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cash_on_delivery_is_confirmed_at_once() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 10).await;
    let cart = store.fill_cart(&[(&variant, 2)]).await;
    let answer = store.checkout(&cart, &key(), &cash(&cart)).await.expect(201);
    assert_eq!(answer.str("/order/status"), "confirmed");
    assert_eq!(answer.str("/checkout/status"), "completed");
    assert_eq!(answer.int("/order/total_minor"), 3998);
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_300_shoppers_25_get_the_25_units() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(500, 25).await;
    let carts = join_all((0..300).map(async |_| store.fill_cart(&[(&variant, 1)]).await)).await;
    let answers = join_all(carts.iter().map(async |cart| store.checkout(cart, &key(), &card(cart)).await)).await;
    let sold = answers.iter().filter(|answer| answer.status == 201).count();
    let refused: Vec<_> = answers.into_iter().filter(|answer| answer.status != 201).collect();
    assert_eq!((sold, refused.len()), (25, 275));
    for answer in refused {
        let answer = answer.problem(409, "stock.insufficient");
        let error = &answer.body["errors"][0];
        assert_eq!(error["code"], "INSUFFICIENT_STOCK");
        assert_eq!(error["variant_id"], variant.id.as_str());
        assert_eq!((error["requested"].as_i64(), error["available"].as_i64()), (Some(1), Some(0)));
    }
    assert_eq!(store.stock(&variant.id).await, (25, 25));
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_used_100_times_at_once_makes_one_order() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(500, 1000).await;
    let cart = store.fill_cart(&[(&variant, 1)]).await;
    let (key, body) = (key(), card(&cart));
    let answers = join_all((0..100).map(|_| store.checkout(&cart, &key, &body))).await;
    assert!(answers.iter().all(|answer| answer.status == 201), "{:?}", answers.iter().find(|a| a.status != 201));
    assert!(answers.iter().all(|answer| answer.text == answers[0].text));
    assert_eq!(store.count("select count(*) from orders").await, 1);
    assert_eq!(store.count("select count(*) from payments").await, 1);
    let ledger = souk_tests::Answer::of(
        platform.client.get(format!("{}/sandbox/ledger", platform.sandbox.url())).send().await.unwrap(),
    )
    .await;
    assert_eq!(ledger.text.matches("souk_payment").count(), 1, "{}", ledger.text);
    assert_consistent(&store).await;
}
