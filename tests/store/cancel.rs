//! A shopper calls a purchase off, or tries to.

use futures::future::join_all;
use reqwest::Method;
use serde_json::json;
use souk_tests::{Answer, Platform, assert_consistent, card, cash, key};

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_checkout_gives_its_goods_back() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 2).await;
    let bought = store.order(&[(&variant, 2)]).await;
    let cancelled = store.cancel(&bought, &key()).await.expect(200);
    assert_eq!(
        (cancelled.str("/checkout/status"), cancelled.str("/order/status")),
        ("cancelled".into(), "cancelled".into())
    );
    assert_eq!(store.stock(&variant.id).await, (2, 0));
    assert_eq!(platform.intents().await[0]["status"], "canceled");
    let path = format!("/api/v1/carts/{}/items", bought.cart.id);
    store.with_cart(&bought.cart, Method::GET, &format!("/api/v1/carts/{}", bought.cart.id), None).await.expect(200);
    let item = json!({ "variant_id": variant.id, "quantity": 1 });
    store.with_cart(&bought.cart, Method::POST, &path, Some(item)).await.problem(409, "stock.insufficient");
    let answer = store.checkout(&bought.cart, &key(), &card(&bought.cart)).await.expect(201);
    assert_eq!(answer.int("/order/number"), 1002);
    platform.work().await;
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_twice_is_cancelling_once() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 2).await;
    let bought = store.order(&[(&variant, 2)]).await;
    let key_of_one = key();
    let first = store.cancel(&bought, &key_of_one).await.expect(200);
    let again = store.cancel(&bought, &key_of_one).await.expect(200);
    again.replays(&first);
    store.cancel(&bought, &key()).await.expect(200);
    assert_eq!(store.stock(&variant.id).await, (2, 0));
    assert_eq!(store.count("select count(*) from events where event_type = 'order.cancelled'").await, 1);

    let bought = store.order(&[(&variant, 2)]).await;
    let answers = join_all((0..10).map(async |_| store.cancel(&bought, &key()).await)).await;
    assert!(answers.iter().all(|answer| answer.status == 200), "{answers:?}");
    assert_eq!(store.count("select count(*) from events where event_type = 'order.cancelled'").await, 2);
    assert_eq!(store.stock(&variant.id).await, (2, 0));
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_bought_can_no_longer_be_called_off_here() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 5).await;
    let bought = store.buy(&[(&variant, 1)]).await;
    let refused = key();
    let first = store.cancel(&bought, &refused).await.problem(409, "checkout.ended");
    assert_eq!((first.int("/status"), first.str("/checkout_status")), (409, "completed".into()));
    let again = store.cancel(&bought, &refused).await.problem(409, "checkout.ended");
    again.replays(&first);
    assert_eq!(store.see(&bought).await.str("/status"), "paid");

    let cart = store.fill_cart(&[(&variant, 1)]).await;
    let answer = store.checkout(&cart, &key(), &cash(&cart)).await.expect(201);
    let bought = souk_tests::Store::bought(cart, &answer);
    store.cancel(&bought, &key()).await.problem(409, "checkout.ended");
    assert_eq!(store.stock(&variant.id).await, (5, 2));
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn money_that_was_quicker_than_the_shopper_s_mind_pays() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    platform.deafen();
    let variant = store.sell(1999, 5).await;
    let bought = store.order(&[(&variant, 1)]).await;
    store.confirm(&bought, "pm_card_visa").await.expect(200);
    store.cancel(&bought, &key()).await.problem(409, "checkout.ended");
    assert_eq!(store.see(&bought).await.str("/status"), "paid");
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_while_the_provider_is_away_can_be_tried_again_under_the_same_key() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 5).await;
    let bought = store.order(&[(&variant, 1)]).await;
    let before = store.see_checkout(&bought).await.str("/checkout/expires_at");
    platform.spoil(json!({ "path_prefix": "/v1/payment_intents", "fault": "drop_request", "times": 3 })).await;
    let key = key();
    store.cancel(&bought, &key).await.problem(503, "payment.provider_unavailable");
    assert_eq!(store.stock(&variant.id).await, (5, 1));
    assert_eq!(store.see_checkout(&bought).await.str("/checkout/expires_at"), before, "the goods are held no shorter");
    platform.heal().await;
    store.cancel(&bought, &key).await.expect(200);
    assert_eq!(store.stock(&variant.id).await, (5, 0));
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_needs_the_cart_s_secret_and_a_key() {
    let platform = Platform::start().await;
    let (store, other) = (platform.open_store().await, platform.open_store().await);
    let variant = store.sell(1999, 5).await;
    let (mine, yours) = (store.order(&[(&variant, 1)]).await, store.order(&[(&variant, 1)]).await);
    let path = format!("/api/v1/checkouts/{}/cancel", mine.checkout);
    let request = |host: &souk_tests::Store<'_>| host.request(Method::POST, &path);
    let no_key = request(&store).header("cart-token", &mine.cart.token);
    Answer::of(no_key.send().await.unwrap()).await.problem(400, "idempotency.key_required");
    let no_token = request(&store).header("idempotency-key", key());
    Answer::of(no_token.send().await.unwrap()).await.problem(401, "cart.token_required");
    for (host, token) in [(&store, &yours.cart.token), (&other, &mine.cart.token)] {
        let foreign = request(host).header("idempotency-key", key()).header("cart-token", token);
        Answer::of(foreign.send().await.unwrap()).await.problem(404, "not_found");
    }
    assert_eq!(store.stock(&variant.id).await, (5, 2));
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cart_under_checkout_cannot_be_edited() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 5).await;
    let bought = store.order(&[(&variant, 1)]).await;
    let cart = format!("/api/v1/carts/{}", bought.cart.id);
    let seen = store.with_cart(&bought.cart, Method::GET, &cart, None).await.expect(200);
    assert_eq!(seen.str("/status"), "in_checkout");
    let item = format!("{cart}/items/{}", seen.str("/items/0/id"));
    let edits = async |code: &str| {
        let more = json!({ "variant_id": variant.id, "quantity": 1 });
        store.with_cart(&bought.cart, Method::POST, &format!("{cart}/items"), Some(more)).await.problem(409, code);
        store.with_cart(&bought.cart, Method::PATCH, &item, Some(json!({ "quantity": 2 }))).await.problem(409, code);
        store.with_cart(&bought.cart, Method::DELETE, &item, None).await.problem(409, code);
    };
    edits("cart.locked").await;
    store.confirm(&bought, "pm_card_visa").await.expect(200);
    store.until_status(&bought, "paid").await;
    edits("cart.completed").await;
    store.checkout(&bought.cart, &key(), &card(&bought.cart)).await.problem(409, "cart.completed");
    assert_consistent(&store).await;
}
