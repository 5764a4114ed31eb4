//! The guarantees that a store gives, one test for each, under the name by which people ask for it.

use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use souk_tests::{Answer, Bought, News, Platform, Store, Variant, assert_consistent, card, cash, key};
use sqlx::Row;

/// Sends a staff request that needs a key.
async fn keyed(store: &Store<'_>, path: &str, body: Value) -> Answer {
    let request = store.request(Method::POST, &format!("/api/v1/admin{path}")).bearer_auth(&store.token);
    Answer::of(request.header("idempotency-key", key()).json(&body).send().await.unwrap()).await
}

async fn step(store: &Store<'_>, bought: &Bought, verb: &str) -> Answer {
    let body = if verb == "cancel" { json!({ "reason": "out of season" }) } else { json!({}) };
    keyed(store, &format!("/orders/{}/{verb}", bought.order), body).await
}

/// Tries to change a cart in every way there is.
async fn edits(store: &Store<'_>, bought: &Bought, variant: &Variant) -> Vec<Answer> {
    let cart = format!("/api/v1/carts/{}", bought.cart.id);
    let item = store.with_cart(&bought.cart, Method::GET, &cart, None).await.expect(200).str("/items/0/id");
    let line = json!({ "variant_id": variant.id, "quantity": 1 });
    let send = async |method, path: String, body| store.with_cart(&bought.cart, method, &path, body).await;
    vec![
        send(Method::POST, format!("{cart}/items"), Some(line)).await,
        send(Method::PATCH, format!("{cart}/items/{item}"), Some(json!({ "quantity": 2 }))).await,
        send(Method::DELETE, format!("{cart}/items/{item}"), None).await,
        send(Method::POST, format!("{cart}/promo"), Some(json!({ "code": "SUMMER" }))).await,
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn cart_001_a_completed_cart_accepts_no_items() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 5).await;
    let bought = store.buy(&[(&variant, 1)]).await;
    let path = format!("/api/v1/carts/{}/items", bought.cart.id);
    let line = json!({ "variant_id": variant.id, "quantity": 1 });
    store.with_cart(&bought.cart, Method::POST, &path, Some(line)).await.problem(409, "cart.completed");
    assert_eq!(store.count("select sum(quantity) from cart_items").await, 1);
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cart_002_an_empty_cart_cannot_be_bought() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let cart = store.fill_cart(&[]).await;
    let refused = store.checkout(&cart, &key(), &card(&cart)).await.expect(422);
    assert_eq!(refused.errors(), [("cart_id".to_owned(), "ITEMS_REQUIRED".to_owned())]);
    assert_eq!(store.count("select count(*) from orders").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn cart_003_a_completed_cart_never_changes() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 5).await;
    let bought = store.buy(&[(&variant, 1)]).await;
    let content = "select count(*)::bigint * 1000 + sum(quantity) from cart_items";
    let before = store.count(content).await;
    for refused in edits(&store, &bought, &variant).await {
        refused.problem(409, "cart.completed");
    }
    store.checkout(&bought.cart, &key(), &card(&bought.cart)).await.problem(409, "cart.completed");
    assert_eq!(store.count(content).await, before);
    assert_eq!(
        store.count("select count(*) from carts where status = 'completed' and completed_at is not null").await,
        1
    );
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stock_001_what_is_available_is_never_negative() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 10).await;
    let carts = join_all((0..50).map(async |_| store.fill_cart(&[(&variant, 1)]).await)).await;
    let answers = join_all(carts.iter().map(async |cart| store.checkout(cart, &key(), &cash(cart)).await)).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 10);
    assert_eq!(answers.iter().filter(|answer| answer.code() == "stock.insufficient").count(), 40);
    assert_eq!(store.stock(&variant.id).await, (10, 10));
    store.adjust(&variant.id, -1).await.problem(409, "stock.below_reserved");
    // Nor by any other way: the table itself refuses.
    for wrong in ["reserved = on_hand + 1", "on_hand = -1", "reserved = -1"] {
        let refused = store.refuses(&format!("update stock_levels set {wrong}")).await;
        assert!(refused.contains("check constraint"), "{wrong}: {refused}");
    }
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stock_002_an_order_gets_all_of_its_goods_or_none() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let (plenty, scarce) = (store.sell(1999, 10).await, store.sell(500, 3).await);
    let cart = store.fill_cart(&[(&plenty, 2), (&scarce, 3)]).await;
    store.adjust(&scarce.id, -1).await.expect(200);
    store.checkout(&cart, &key(), &cash(&cart)).await.problem(409, "stock.insufficient");
    assert_eq!((store.stock(&plenty.id).await, store.stock(&scarce.id).await), ((10, 0), (2, 0)));
    for table in ["orders", "stock_reservations", "payments", "checkouts"] {
        assert_eq!(store.count(&format!("select count(*) from {table}")).await, 0, "{table}");
    }
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stock_003_no_more_is_given_back_than_was_set_aside() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 5).await;
    let bought = store.order(&[(&variant, 3)]).await;
    store.let_pass(20).await;
    // The shopper calls it off while the sweeper ends it, several times over.
    let calls = join_all((0..5).map(async |_| store.cancel(&bought, &key()).await));
    let (_, ()) = futures::join!(calls, platform.work());
    platform.work().await;
    assert_eq!(store.stock(&variant.id).await, (5, 0));
    assert_eq!(store.count("select -sum(delta_reserved) from stock_movements where delta_reserved < 0").await, 3);
    let refused = store.refuses("update stock_reservations set released_quantity = quantity + 1").await;
    assert!(refused.contains("stock_reservations_parts_hold"), "{refused}");
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stock_004_every_movement_is_written_down_with_its_reason_and_who_caused_it() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 10).await;
    let shipped = store.buy(&[(&variant, 2)]).await;
    step(&store, &shipped, "pack").await.expect(200);
    step(&store, &shipped, "ship").await.expect(200);
    let given_up = store.order(&[(&variant, 3)]).await;
    // Or the provider's own word of it may be here first.
    platform.deafen();
    store.cancel(&given_up, &key()).await.expect(200);
    let rows = store
        .rows("select delta_on_hand, delta_reserved, reason, reference_type, actor ->> 'kind' from stock_movements order by id")
        .await;
    let seen: Vec<(i32, i32, String, Option<String>)> =
        rows.iter().map(|row| (row.get(0), row.get(1), row.get(3), row.get(4))).collect();
    let expected = [
        (10, 0, "adjustment", "staff"),
        (0, 2, "order", "shopper"),
        (-2, -2, "order", "staff"),
        (0, 3, "order", "shopper"),
        (0, -3, "order", "shopper"),
    ];
    let expected: Vec<_> =
        expected.map(|(on_hand, reserved, of, who)| (on_hand, reserved, of.to_owned(), Some(who.to_owned()))).to_vec();
    assert_eq!(seen, expected);
    assert!(rows.iter().all(|row| !row.get::<String, _>(2).is_empty()));
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn order_001_an_order_is_made_only_of_goods_that_are_there() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 4).await;
    let cart = store.fill_cart(&[(&variant, 4)]).await;
    let other = store.fill_cart(&[(&variant, 1)]).await;
    store.checkout(&other, &key(), &cash(&other)).await.expect(201);
    let refused = store.checkout(&cart, &key(), &cash(&cart)).await.problem(409, "stock.insufficient");
    assert_eq!((refused.int("/errors/0/requested"), refused.int("/errors/0/available")), (4, 3));
    assert_eq!(store.count("select count(*) from orders").await, 1);
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn order_002_no_order_goes_back() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 5).await;
    let bought = store.buy(&[(&variant, 1)]).await;
    let mut passed = Vec::new();
    for verb in ["pack", "ship", "deliver"] {
        step(&store, &bought, verb).await.expect(200);
        passed.push(verb);
        for back in ["confirm", "cancel"].iter().chain(&passed) {
            let refused = step(&store, &bought, back).await;
            assert_eq!(refused.status, 409, "{back} after {verb}: {}", refused.text);
        }
    }
    assert_eq!(store.see(&bought).await.str("/status"), "delivered");
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn order_003_what_has_ended_stays_ended() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 5).await;
    let cancelled = store.order(&[(&variant, 1)]).await;
    store.cancel(&cancelled, &key()).await.expect(200);
    let failed = store.order(&[(&variant, 1)]).await;
    store.let_pass(20).await;
    platform.work().await;
    for (ended, status) in [(&cancelled, "cancelled"), (&failed, "failed")] {
        for verb in ["confirm", "pack", "ship", "deliver", "fulfil", "cancel", "approve", "capture"] {
            let refused = step(&store, ended, verb).await;
            assert!((400..500).contains(&refused.status), "{verb} of {status}: {}", refused.text);
        }
        assert_eq!(store.see(ended).await.str("/status"), status);
    }
    assert_eq!(store.stock(&variant.id).await, (5, 0));
    assert_consistent(&store).await;
}

async fn refund(store: &Store<'_>, bought: &Bought, amount_minor: i64) -> Answer {
    let body = json!({ "amount_minor": amount_minor, "reason": "asked for" });
    keyed(store, &format!("/orders/{}/refunds", bought.order), body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn order_004_no_more_is_refunded_than_the_order_cost() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1000, 5).await;
    let bought = store.buy(&[(&variant, 1)]).await;
    refund(&store, &bought, 1001).await.problem(409, "refund.exceeds_rest");
    refund(&store, &bought, 600).await.expect(201);
    refund(&store, &bought, 401).await.problem(409, "refund.exceeds_rest");
    refund(&store, &bought, 400).await.expect(201);
    platform.work().await;
    assert_eq!(store.see(&bought).await.str("/status"), "refunded");
    let refused = store.refuses("update orders set refunded_minor = total_minor + 1").await;
    assert!(refused.contains("check constraint"), "{refused}");
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn order_005_only_the_provider_says_that_an_order_is_paid() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    platform.deafen();
    let variant = store.sell(1999, 5).await;
    let bought = store.order(&[(&variant, 1)]).await;
    let order = format!("/api/v1/orders/{}", bought.order);
    for (path, body) in [(format!("{order}/pay"), json!({})), (order.clone(), json!({ "status": "paid" }))] {
        for method in [Method::POST, Method::PATCH] {
            let request = store.request(method, &path).header("order-token", &bought.order_token).json(&body);
            let answer = Answer::of(request.send().await.unwrap()).await;
            assert!(matches!(answer.status, 404 | 405), "{path}: {}", answer.text);
        }
    }
    for verb in ["confirm", "pack", "mark-paid", "capture"] {
        let refused = step(&store, &bought, verb).await;
        assert!((400..500).contains(&refused.status), "{verb}: {}", refused.text);
    }
    let news = News::of(&store, &bought, 1999, "succeeded", "succeeded");
    store.hear_raw(&news.text(), "t=1,v1=00").await.problem(400, "webhook.invalid_signature");
    assert_eq!(store.see(&bought).await.str("/status"), "awaiting_payment");
    store.hear(&news).await.expect(200);
    assert_eq!(store.see(&bought).await.str("/status"), "paid");
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pay_001_an_order_has_one_live_payment() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 5).await;
    let cart = store.fill_cart(&[(&variant, 1)]).await;
    let body = card(&cart);
    let tabs = join_all((0..20).map(async |_| store.checkout(&cart, &key(), &body).await)).await;
    assert!(tabs.iter().all(|answer| matches!(answer.status, 200 | 201 | 409)), "{tabs:?}");
    assert_eq!(platform.intents().await.len(), 1);
    assert_eq!(store.count("select count(*) from payments").await, 1);
    let second =
        "insert into payments (id, order_id, provider, status, attempt, amount_minor, currency, provider_key, version)
        select gen_random_uuid(), order_id, 'stripe', 'created', 2, amount_minor, currency, 'another', 1 from payments";
    assert!(store.refuses(second).await.contains("payments_one_live"));
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pay_002_what_is_charged_is_what_was_agreed() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 5).await;
    let bought = store.order(&[(&variant, 2)]).await;
    store.admin_patch(&format!("/variants/{}", variant.id), json!({ "price_minor": 9900 })).await.expect(200);
    store.confirm(&bought, "pm_card_visa").await.expect(200);
    let paid = store.until_status(&bought, "paid").await;
    assert_eq!(paid.int("/total_minor"), 3998);
    assert_eq!(platform.intents().await[0]["amount_received"], 3998);
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pay_003_a_payment_is_confirmed_once() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 5).await;
    let bought = store.buy(&[(&variant, 1)]).await;
    // The provider's word again, under other names, at once.
    let again = join_all((0..10).map(async |n| {
        let news = News::of(&store, &bought, 1999, "succeeded", "succeeded").with("/id", format!("evt_again_{n}"));
        store.hear(&news).await
    }))
    .await;
    assert!(again.iter().all(|answer| answer.status == 200), "{again:?}");
    platform.work().await;
    assert_eq!(store.count("select sum(captured_minor)::bigint from payments").await, 1999);
    assert_eq!(
        store.count("select count(*) from events where event_type in ('order.paid', 'payment.succeeded')").await,
        2
    );
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pay_004_the_same_key_is_the_same_payment() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 5).await;
    let cart = store.fill_cart(&[(&variant, 1)]).await;
    let (once, body) = (key(), card(&cart));
    let first = store.checkout(&cart, &once, &body).await.expect(201);
    for _ in 0..3 {
        let again = store.checkout(&cart, &once, &body).await.expect(201);
        again.replays(&first);
        assert_eq!(again.str("/payment/id"), first.str("/payment/id"));
    }
    assert_eq!(platform.intents().await.len(), 1);
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ref_001_only_what_was_paid_can_be_refunded() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1000, 9).await;
    let waiting = store.order(&[(&variant, 1)]).await;
    let ended = store.order(&[(&variant, 1)]).await;
    store.cancel(&ended, &key()).await.expect(200);
    for order in [&waiting, &ended] {
        let refused = refund(&store, order, 100).await;
        assert_eq!(refused.status, 409, "{}", refused.text);
    }
    let gone = store.buy(&[(&variant, 1)]).await;
    refund(&store, &gone, 1000).await.expect(201);
    platform.work().await;
    let refused = refund(&store, &gone, 1).await;
    assert_eq!(refused.status, 409, "{}", refused.text);
    assert_eq!(store.count("select count(*) from refunds").await, 1);
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ref_002_a_refund_is_more_than_nothing() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1000, 9).await;
    let bought = store.buy(&[(&variant, 1)]).await;
    for amount in [0, -1, i64::MIN] {
        assert_eq!(refund(&store, &bought, amount).await.status, 422, "{amount}");
    }
    let path = format!("/orders/{}/refunds", bought.order);
    for body in [
        json!({ "reason": "neither" }),
        json!({ "lines": [], "reason": "no lines" }),
        json!({ "amount_minor": 1.5, "reason": "a fraction" }),
        json!({ "amount_minor": "1", "reason": "a text" }),
    ] {
        let refused = keyed(&store, &path, body).await;
        assert_eq!(refused.status, 422, "{}", refused.text);
    }
    assert_eq!(store.count("select count(*) from refunds").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn ref_003_refunds_together_never_exceed_what_is_left() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1000, 9).await;
    let bought = store.buy(&[(&variant, 1)]).await;
    let answers = join_all((0..50).map(|_| refund(&store, &bought, 600))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1, "{answers:?}");
    assert_eq!(answers.iter().filter(|answer| answer.code() == "refund.exceeds_rest").count(), 49);
    platform.work().await;
    assert_eq!(store.count("select refunded_minor from payments").await, 600);
    let refused = store.refuses("update payments set refunded_minor = captured_minor + 1").await;
    assert!(refused.contains("payments_refunds_hold"), "{refused}");
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ref_004_goods_come_back_only_after_the_money_went() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1000, 9).await;
    let bought = store.buy(&[(&variant, 2)]).await;
    step(&store, &bought, "pack").await.expect(200);
    step(&store, &bought, "ship").await.expect(200);
    assert_eq!(store.stock(&variant.id).await, (7, 0));
    let item = store.see(&bought).await.str("/items/0/id");
    let body = json!({ "lines": [{ "order_item_id": item, "quantity": 1, "restock": true }], "reason": "came back" });
    keyed(&store, &format!("/orders/{}/refunds", bought.order), body).await.expect(201);
    // Approved, and not yet done.
    assert_eq!(store.stock(&variant.id).await, (7, 0));
    platform.work().await;
    assert_eq!(store.count("select count(*) from refunds where status = 'succeeded'").await, 1);
    assert_eq!(store.stock(&variant.id).await, (8, 0));
    assert_eq!(store.count("select count(*) from stock_movements where reference_type = 'refund'").await, 1);
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ref_005_who_agreed_to_a_refund_is_on_record() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1000, 9).await;
    let bought = store.buy(&[(&variant, 1)]).await;
    let path = format!("/api/v1/orders/{}/refund-requests", bought.order);
    let request = store.request(Method::POST, &path).header("order-token", &bought.order_token);
    let request = request.header("idempotency-key", key()).json(&json!({ "amount_minor": 500, "reason": "broken" }));
    let asked = Answer::of(request.send().await.unwrap()).await.expect(201);
    assert_eq!(asked.str("/status"), "requested");
    let id = asked.str("/id");
    store.admin_post(&format!("/refunds/{id}/approve"), json!({})).await.expect(200);
    let rows = store
        .rows("select requested_by ->> 'kind', decided_by ->> 'kind', decided_by ->> 'id', decided_at is not null from refunds")
        .await;
    assert_eq!(rows[0].get::<String, _>(0), "shopper");
    assert_eq!(rows[0].get::<String, _>(1), "staff");
    assert!(!rows[0].get::<String, _>(2).is_empty() && rows[0].get::<bool, _>(3));
    let noted = "select count(*) from activity where entity_id = '{}' and action like 'refund.%'".replace("{}", &id);
    assert!(store.count(&noted).await >= 1);
    platform.work().await;
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn idem_001_the_same_key_has_the_same_result() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1000, 9).await;
    let cart = store.fill_cart(&[(&variant, 1)]).await;
    let (once, body) = (key(), cash(&cart));
    let first = store.checkout(&cart, &once, &body).await.expect(201);
    let again = join_all((0..20).map(async |_| store.checkout(&cart, &once, &body).await)).await;
    again.iter().for_each(|answer| answer.replays(&first));
    assert_eq!(store.count("select count(*) from orders").await, 1);
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn idem_002_another_request_under_the_same_key_is_a_conflict() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1000, 9).await;
    let cart = store.fill_cart(&[(&variant, 1)]).await;
    let once = key();
    let first = store.checkout(&cart, &once, &cash(&cart)).await.expect(201);
    let mut other = cash(&cart);
    other["email"] = "somebody.else@example.com".into();
    store.checkout(&cart, &once, &other).await.problem(409, "idempotency.key_reused");
    store.checkout(&cart, &once, &cash(&cart)).await.expect(201).replays(&first);
    assert_eq!(store.count("select count(*) from orders").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn idem_003_a_key_that_has_expired_is_a_new_one() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1000, 9).await;
    let cart = store.fill_cart(&[(&variant, 1)]).await;
    let (once, body) = (key(), card(&cart));
    let first = store.checkout(&cart, &once, &body).await.expect(201);
    let bought = Store::bought(cart.clone(), &first);
    store.cancel(&bought, &key()).await.expect(200);
    store.let_pass(25 * 60).await;
    let second = store.checkout(&cart, &once, &body).await.expect(201);
    assert_ne!(second.str("/order/id"), first.str("/order/id"));
    assert_eq!(store.count("select count(*) from orders").await, 2);
    assert_consistent(&store).await;
}
