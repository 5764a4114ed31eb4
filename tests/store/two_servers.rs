//! Two servers on one database.

use std::collections::BTreeSet;

use futures::future::join_all;
use reqwest::Method;
use souk_tests::{Answer, Platform, assert_consistent, cash, key};

#[tokio::test(flavor = "multi_thread")]
async fn of_200_checkouts_over_two_servers_150_get_the_150_units_and_numbers_without_gaps() {
    let (first, second) = (Platform::start().await, Platform::start().await);
    let store = first.open_store().await;
    let variant = store.sell(500, 150).await;
    let carts = join_all((0..200).map(async |_| store.fill_cart(&[(&variant, 1)]).await)).await;
    let buy = async |n: usize| {
        let (server, cart) = (if n.is_multiple_of(2) { &first } else { &second }, &carts[n]);
        let request = server.request(Method::POST, &store.host(), "/api/v1/checkouts");
        let request = request.header("cart-token", &cart.token).header("idempotency-key", key());
        Answer::of(request.json(&cash(cart)).send().await.unwrap()).await
    };
    let answers = join_all((0..200).map(buy)).await;

    let numbers = |server: usize| -> BTreeSet<i64> {
        let of_server = answers.iter().skip(server).step_by(2);
        of_server.filter(|answer| answer.status == 201).map(|answer| answer.int("/order/number")).collect()
    };
    let (of_first, of_second) = (numbers(0), numbers(1));
    assert!(!of_first.is_empty() && !of_second.is_empty(), "one server had all: {of_first:?} {of_second:?}");
    let all: Vec<i64> = of_first.union(&of_second).copied().collect();
    assert_eq!(all, (1001..1151).collect::<Vec<_>>());
    for refused in answers.into_iter().filter(|answer| answer.status != 201) {
        refused.problem(409, "stock.insufficient");
    }
    assert_eq!(store.stock(&variant.id).await, (150, 150));
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_price_changed_through_one_server_is_charged_by_the_other_at_once() {
    let (first, second) = (Platform::start().await, Platform::start().await);
    let store = first.open_store().await;
    let variant = store.sell(500, 100).await;
    let buy = async || {
        let cart = store.fill_cart(&[(&variant, 1)]).await;
        let request = second.request(Method::POST, &store.host(), "/api/v1/checkouts");
        let request = request.header("cart-token", &cart.token).header("idempotency-key", key());
        let answer = Answer::of(request.json(&cash(&cart)).send().await.unwrap()).await.expect(201);
        answer.int("/order/total_minor")
    };
    for price in [500, 700, 650] {
        let change = serde_json::json!({ "price_minor": price });
        store.admin_patch(&format!("/variants/{}", variant.id), change).await.expect(200);
        assert_eq!((buy().await, buy().await), (price, price));
    }
    assert_consistent(&store).await;
}
