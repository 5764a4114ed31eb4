//! A purchase that was cut short goes on where it stopped.

use futures::future::join_all;
use souk_tests::{Platform, Store, Wire, assert_consistent, card, cash, key, settings};

#[tokio::test(flavor = "multi_thread")]
async fn what_the_provider_failed_goes_on_under_the_same_key() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1000, 5).await;
    let cart = store.fill_cart(&[(&variant, 1)]).await;
    let key = key();
    platform.spoil_creation("drop_request", 3).await;
    let failed = store.checkout(&cart, &key, &card(&cart)).await.problem(503, "payment.provider_unavailable");
    assert!(failed.header("retry-after").is_some());
    assert_eq!(store.stock(&variant.id).await, (5, 1), "what is undecided stays held");
    platform.heal().await;
    let answer = store.checkout(&cart, &key, &card(&cart)).await.expect(201);
    assert_eq!(answer.header("idempotent-replayed"), None);
    let again = store.checkout(&cart, &key, &card(&cart)).await.expect(201);
    again.replays(&answer);
    assert_eq!(store.count("select count(*) from orders").await, 1);
    assert_eq!(store.count("select count(*) from payments").await, 1);
    assert_eq!(platform.intents().await.len(), 1);
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_reply_does_not_make_a_second_payment() {
    let mut settings = settings();
    settings.set("SOUK__STRIPE__ATTEMPTS", "1");
    let platform = Platform::start_with(settings).await;
    let store = platform.open_store().await;
    let variant = store.sell(1000, 5).await;
    let cart = store.fill_cart(&[(&variant, 1)]).await;
    let key = key();
    platform.spoil_creation("drop_reply", 1).await;
    store.checkout(&cart, &key, &card(&cart)).await.problem(503, "payment.provider_unavailable");
    assert_eq!(platform.intents().await.len(), 1);
    platform.heal().await;
    let answer = store.checkout(&cart, &key, &card(&cart)).await.expect(201);
    assert_eq!(platform.intents().await.len(), 1);
    let bought = Store::bought(cart, &answer);
    store.confirm(&bought, "pm_card_visa").await.expect(200);
    store.until_status(&bought, "paid").await;
    assert_consistent(&store).await;
}

/// As a process leaves it that died after its first transaction: the order exists, nobody has heard of a payment.
async fn died_after_the_order(platform: &Platform, store: &Store<'_>, lease: &str) {
    platform.heal().await;
    store
        .tamper(&format!(
            "update idempotency_keys set leased_until = now() + interval '{lease}';
             update payments set status = 'created'"
        ))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_process_keeps_its_key_until_its_lease_ends() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1000, 5).await;
    let cart = store.fill_cart(&[(&variant, 1)]).await;
    let key = key();
    platform.spoil_creation("drop_request", 3).await;
    store.checkout(&cart, &key, &card(&cart)).await.expect(503);
    died_after_the_order(&platform, &store, "30 seconds").await;
    let busy = store.checkout(&cart, &key, &card(&cart)).await.problem(409, "idempotency.in_progress");
    assert_eq!(busy.header("retry-after"), Some("1"));
    assert_eq!(platform.intents().await.len(), 0);
    store.let_pass(1).await;
    let body = card(&cart);
    let answers = join_all((0..10).map(|_| store.checkout(&cart, &key, &body))).await;
    assert!(answers.iter().all(|answer| answer.status == 201), "{answers:?}");
    assert!(answers.iter().all(|answer| answer.text == answers[0].text));
    assert_eq!(store.count("select count(*) from orders").await, 1);
    assert_eq!(platform.intents().await.len(), 1);
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_worker_finishes_what_nobody_comes_back_for() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1000, 5).await;
    let cart = store.fill_cart(&[(&variant, 1)]).await;
    let key = key();
    platform.spoil_creation("drop_request", 3).await;
    store.checkout(&cart, &key, &card(&cart)).await.expect(503);
    died_after_the_order(&platform, &store, "30 seconds").await;
    store.let_pass(1).await;
    platform.work().await;
    assert_eq!(platform.intents().await.len(), 1);
    let answer = store.checkout(&cart, &key, &card(&cart)).await.expect(201);
    assert!(answer.str("/payment/client_secret").starts_with("pi_"), "{}", answer.text);
    assert_eq!(platform.intents().await.len(), 1);
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_tab_finishes_what_the_first_one_started() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1000, 5).await;
    let cart = store.fill_cart(&[(&variant, 1)]).await;
    platform.spoil_creation("drop_request", 3).await;
    store.checkout(&cart, &key(), &card(&cart)).await.expect(503);
    platform.heal().await;
    let answer = store.checkout(&cart, &key(), &card(&cart)).await.expect(200);
    assert!(answer.str("/payment/client_secret").starts_with("pi_"), "{}", answer.text);
    assert_eq!(store.count("select count(*) from orders").await, 1);
    assert_eq!(platform.intents().await.len(), 1);
    assert_consistent(&store).await;
}

/// A platform that never hears how the commit of its next order went.
async fn lossy() -> (Platform, Wire) {
    let mut settings = settings();
    let wire = Wire::lay(&mut settings, "insert into orders (").await;
    (Platform::start_with(settings).await, wire)
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_answer_to_a_commit_is_lost_the_key_says_that_the_goods_were_bought() {
    let (platform, wire) = lossy().await;
    let store = platform.open_store().await;
    let variant = store.sell(1000, 5).await;
    let cart = store.fill_cart(&[(&variant, 1)]).await;
    let key = key();
    wire.arm();
    store.checkout(&cart, &key, &cash(&cart)).await.expect(503);
    assert!(wire.is_cut(), "nothing was lost");
    assert_eq!(store.count("select count(*) from orders").await, 1, "it was committed");
    let answer = store.checkout(&cart, &key, &cash(&cart)).await.expect(201);
    assert_eq!(answer.header("idempotent-replayed"), Some("true"));
    assert_eq!(store.count("select count(*) from orders").await, 1);
    assert_eq!(store.stock(&variant.id).await, (5, 1));
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_answer_to_a_commit_is_lost_the_key_goes_on_to_the_one_payment() {
    let (platform, wire) = lossy().await;
    let store = platform.open_store().await;
    let variant = store.sell(1000, 5).await;
    let cart = store.fill_cart(&[(&variant, 1)]).await;
    let key = key();
    wire.arm();
    store.checkout(&cart, &key, &card(&cart)).await.expect(503);
    assert!(wire.is_cut(), "nothing was lost");
    assert_eq!(platform.intents().await.len(), 0, "the provider is asked for what is known to be committed");
    store.let_pass(1).await;
    let answer = store.checkout(&cart, &key, &card(&cart)).await.expect(201);
    assert!(answer.str("/payment/client_secret").starts_with("pi_"), "{}", answer.text);
    assert_eq!(store.count("select count(*) from orders").await, 1);
    assert_eq!(store.count("select count(*) from payments").await, 1);
    assert_eq!(platform.intents().await.len(), 1);
    assert_eq!(store.stock(&variant.id).await, (5, 1));
    assert_consistent(&store).await;
}
