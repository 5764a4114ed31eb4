//! Same key, same answer; another request under a key, nothing at all.

use reqwest::Method;
use souk_tests::{Answer, Cart, Platform, Store, assert_consistent, card, cash, key};

/// A checkout with this header, or without any.
async fn checkout_with(store: &Store<'_>, cart: &Cart, header: Option<&str>) -> Answer {
    let mut request = store.request(Method::POST, "/api/v1/checkouts").header("cart-token", &cart.token);
    if let Some(header) = header {
        request = request.header("idempotency-key", header);
    }
    Answer::of(request.json(&card(cart)).send().await.unwrap()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checkout_needs_a_key_that_can_be_one() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1000, 5).await;
    let cart = store.fill_cart(&[(&variant, 1)]).await;
    checkout_with(&store, &cart, None).await.problem(400, "idempotency.key_required");
    let (long, longer) = ("k".repeat(255), "k".repeat(256));
    for bad in ["", "short", "fifteen-letters", "with a space in it", "ümlaut-0123456789", &longer] {
        checkout_with(&store, &cart, Some(bad)).await.problem(400, "idempotency.key_invalid");
    }
    let request = store.request(Method::POST, "/api/v1/checkouts").header("cart-token", &cart.token);
    let request = request.header("idempotency-key", key()).header("idempotency-key", key()).json(&card(&cart));
    Answer::of(request.send().await.unwrap()).await.problem(400, "idempotency.key_required");
    assert_eq!(store.count("select count(*) from orders").await, 0);
    checkout_with(&store, &cart, Some(&long)).await.expect(201);
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quoted_key_is_the_key_in_the_quotes() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1000, 5).await;
    let cart = store.fill_cart(&[(&variant, 1)]).await;
    let key = key();
    let first = store.checkout(&cart, &key, &card(&cart)).await.expect(201);
    let again = store.checkout(&cart, &format!("\"{key}\""), &card(&cart)).await.expect(201);
    again.replays(&first);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_success_is_told_again_byte_for_byte() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1000, 5).await;
    for body in [card, cash] {
        let cart = store.fill_cart(&[(&variant, 1)]).await;
        let key = key();
        let first = store.checkout(&cart, &key, &body(&cart)).await.expect(201);
        assert_eq!(first.header("idempotent-replayed"), None);
        let again = store.checkout(&cart, &key, &body(&cart)).await.expect(201);
        again.replays(&first);
    }
    assert_eq!(store.count("select count(*) from orders").await, 2);
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_is_told_again_byte_for_byte_even_when_it_would_no_longer_be_one() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1000, 2).await;
    let cart = store.fill_cart(&[(&variant, 2)]).await;
    store.adjust(&variant.id, -1).await.expect(200);
    let refused = key();
    let first = store.checkout(&cart, &refused, &card(&cart)).await.problem(409, "stock.insufficient");
    assert_eq!(Some(first.str("/request_id").as_str()), first.header("x-request-id"));
    store.adjust(&variant.id, 10).await.expect(200);
    let again = store.checkout(&cart, &refused, &card(&cart)).await.problem(409, "stock.insufficient");
    again.replays(&first);
    store.checkout(&cart, &key(), &card(&cart)).await.expect(201);
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_request_under_a_used_key_does_nothing() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1000, 5).await;
    let cart = store.fill_cart(&[(&variant, 1)]).await;
    let key = key();
    let first = store.checkout(&cart, &key, &card(&cart)).await.expect(201);
    let mut other = card(&cart);
    other["email"] = "bob@example.com".into();
    store.checkout(&cart, &key, &other).await.problem(409, "idempotency.key_reused");
    store.checkout(&cart, &key, &cash(&cart)).await.problem(409, "idempotency.key_reused");
    assert_eq!(store.count("select count(*) from orders").await, 1);
    let again = store.checkout(&cart, &key, &card(&cart)).await.expect(201);
    assert_eq!(again.text, first.text);
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_order_of_fields_does_not_make_another_request() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1000, 5).await;
    let cart = store.fill_cart(&[(&variant, 1)]).await;
    let key = key();
    let first = store.checkout(&cart, &key, &card(&cart)).await.expect(201);
    let text = card(&cart).to_string();
    let moved = format!(
        "{{\"email\":\"ann@example.com\",  {}",
        text.replacen("\"email\":\"ann@example.com\",", "", 1).trim_start_matches('{')
    );
    assert_ne!(moved, text);
    let request = store.request(Method::POST, "/api/v1/checkouts").header("cart-token", &cart.token);
    let request = request.header("idempotency-key", &key).header("content-type", "application/json").body(moved);
    assert_eq!(Answer::of(request.send().await.unwrap()).await.expect(201).text, first.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_form_leaves_its_key_free() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1000, 5).await;
    let cart = store.fill_cart(&[(&variant, 1)]).await;
    let key = key();
    let mut bad = card(&cart);
    bad["email"] = "nobody".into();
    store.checkout(&cart, &key, &bad).await.problem(422, "checkout.invalid");
    assert_eq!(store.count("select count(*) from idempotency_keys").await, 0);
    let good = store.checkout(&cart, &key, &card(&cart)).await.expect(201);
    assert_eq!(good.header("idempotent-replayed"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_day_a_key_is_new_and_the_cart_still_bought_once() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1000, 5).await;
    let cart = store.fill_cart(&[(&variant, 1)]).await;
    let key = key();
    let first = store.checkout(&cart, &key, &cash(&cart)).await.expect(201);
    store.let_pass(24 * 60 - 1).await;
    assert_eq!(store.checkout(&cart, &key, &cash(&cart)).await.expect(201).text, first.text);
    store.let_pass(2).await;
    let late = store.checkout(&cart, &key, &cash(&cart)).await.problem(409, "cart.completed");
    assert_eq!(late.header("idempotent-replayed"), None);
    assert_eq!(store.count("select count(*) from orders").await, 1);
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_worker_forgets_keys_that_have_expired_and_no_others() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1000, 5).await;
    for _ in 0..2 {
        let cart = store.fill_cart(&[(&variant, 1)]).await;
        store.checkout(&cart, &key(), &cash(&cart)).await.expect(201);
        platform.worker().sweep().await.unwrap();
        assert_eq!(store.count("select count(*) from idempotency_keys").await, 1);
        store.let_pass(24 * 60 + 1).await;
        platform.worker().sweep().await.unwrap();
        assert_eq!(store.count("select count(*) from idempotency_keys").await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_one_store_s_and_one_cart_s_own() {
    let platform = Platform::start().await;
    let (one, two) = (platform.open_store().await, platform.open_store().await);
    let key = key();
    for store in [&one, &two] {
        let variant = store.sell(1000, 5).await;
        for number in [1001, 1002] {
            let cart = store.fill_cart(&[(&variant, 1)]).await;
            let answer = store.checkout(&cart, &key, &card(&cart)).await.expect(201);
            assert_eq!((answer.int("/order/number"), answer.header("idempotent-replayed")), (number, None));
        }
        assert_consistent(store).await;
    }
}
