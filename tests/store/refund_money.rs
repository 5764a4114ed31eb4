//! Money goes back by line or by amount: to the cent, and never more than came.

use futures::future::join_all;
use serde_json::{Value, json};
use souk_tests::{Bought, Platform, Store, assert_consistent, cash, key};

/// Makes the one line of a paid order share a discount and a tax, as if it had been bought so.
async fn reprice(store: &Store<'_>, bought: &Bought, discount: i64, tax: i64) {
    let order = &bought.order;
    store
        .tamper(&format!(
            "update order_items set discount_minor = {discount}, tax_minor = {tax} where order_id = '{order}'"
        ))
        .await;
    store
        .tamper(&format!(
            "update orders set discount_minor = {discount}, tax_minor = {tax},
                               total_minor = total_minor - {discount} + {tax} where id = '{order}'"
        ))
        .await;
    store
        .tamper(&format!(
            "update payments set captured_minor = captured_minor - {discount} + {tax},
                                 amount_minor = amount_minor - {discount} + {tax} where order_id = '{order}'"
        ))
        .await;
}

async fn there(platform: &Platform) -> i64 {
    let refunds = platform.refunds_there().await;
    refunds.iter().filter(|refund| refund["status"] != "failed").map(|refund| refund["amount"].as_i64().unwrap()).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_amount_goes_back_in_parts_until_nothing_is_left() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 5).await;
    let bought = store.buy(&[(&variant, 2)]).await;

    let first = store.refund(&bought, json!({ "amount_minor": 1000, "reason": "scratched" })).await.expect(201);
    assert_eq!((first.str("/status"), first.int("/amount_minor")), ("approved".into(), 1000));
    platform.work().await;
    let first = store.see_refund(&first.str("/id")).await;
    assert_eq!(first.str("/status"), "succeeded");
    assert_eq!(platform.refunds_there().await[0]["id"].as_str(), Some(first.str("/provider_ref").as_str()));
    assert_eq!(store.see(&bought).await.str("/status"), "partially_refunded");
    assert_eq!(store.stock(&variant.id).await, (5, 2), "money alone moves no goods");
    assert_eq!(store.count("select sum(refunded_quantity) from order_items").await, 0);

    let more = store.refund(&bought, json!({ "amount_minor": 2999, "reason": "more" })).await;
    assert_eq!(more.problem(409, "refund.exceeds_rest").int("/rest_minor"), 2998);
    store.refund(&bought, json!({ "amount_minor": 2998, "reason": "the rest" })).await.expect(201);
    platform.work().await;
    assert_eq!(store.see(&bought).await.str("/status"), "refunded");
    assert_eq!(store.stock(&variant.id).await, (5, 0), "nothing of it will leave any more");
    let nothing = store.refund(&bought, json!({ "amount_minor": 1, "reason": "again" })).await;
    assert_eq!(nothing.problem(409, "refund.exceeds_rest").int("/rest_minor"), 0);
    assert_eq!(there(&platform).await, 3998);
    let list = store.admin_get("/refunds?status=succeeded").await.expect(200);
    assert_eq!(list.body["data"].as_array().unwrap().len(), 2);
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_is_refunded_to_the_cent_in_whatever_steps() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1000, 100).await;
    let total = 3000 - 1000 + 190;
    for steps in [vec![1, 1, 1], vec![1, 2], vec![2, 1], vec![3]] {
        let bought = store.buy(&[(&variant, 3)]).await;
        reprice(&store, &bought, 1000, 190).await;
        let line = store.line_of(&bought, &variant.id).await;
        let mut sum = 0;
        for quantity in &steps {
            let body =
                json!({ "lines": [{ "order_item_id": line, "quantity": quantity, "restock": false }], "reason": "x" });
            let preview = store.admin_post(&format!("/orders/{}/refunds/preview", bought.order), body.clone()).await;
            let preview = preview.expect(200);
            let made = store.refund(&bought, body).await.expect(201);
            assert_eq!(preview.int("/amount_minor"), made.int("/amount_minor"));
            sum += made.int("/amount_minor");
            assert_eq!(preview.int("/rest_minor"), total - sum);
            platform.work().await;
        }
        assert_eq!(sum, total, "{steps:?}");
        assert_eq!(store.see(&bought).await.str("/status"), "refunded", "{steps:?}");
        let again = json!({ "lines": [{ "order_item_id": line, "quantity": 1 }], "reason": "x" });
        let again = store.refund(&bought, again).await.problem(409, "refund.exceeds_rest");
        assert_eq!((again.str("/errors/0/code"), again.int("/errors/0/left")), ("QUANTITY_EXCEEDS_REST".into(), 0));
    }
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_at_once_no_more_goes_back_than_came() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1000, 5).await;
    let bought = store.buy(&[(&variant, 1)]).await;
    let ask = async || store.refund(&bought, json!({ "amount_minor": 600, "reason": "most of it" })).await;
    let answers = join_all((0..50).map(async |_| ask().await)).await;
    let made = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(made, 1);
    for answer in answers.into_iter().filter(|answer| answer.status != 201) {
        assert_eq!(answer.problem(409, "refund.exceeds_rest").int("/rest_minor"), 400);
    }
    platform.work().await;
    assert_eq!(there(&platform).await, 600);
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_is_the_same_refund() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1000, 5).await;
    let bought = store.buy(&[(&variant, 1)]).await;
    let key = key();
    let ask = async |amount: i64| {
        let body = json!({ "amount_minor": amount, "reason": "x" });
        store.refund_as(&store.token, &bought, &key, body).await
    };
    let answers = join_all((0..10).map(async |_| ask(300).await)).await;
    let first = answers[0].str("/id");
    assert!(answers.iter().all(|answer| answer.status == 201 && answer.str("/id") == first));
    ask(301).await.problem(409, "idempotency.key_reused");
    platform.work().await;
    assert_eq!(ask(300).await.expect(201).str("/status"), "approved", "told as it was told first");
    assert_eq!(there(&platform).await, 300);
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_is_wrong_is_said_at_once_and_unpaid_orders_have_nothing() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1000, 9).await;
    let unpaid = store.order(&[(&variant, 1)]).await;
    let ask = |amount: i64| json!({ "amount_minor": amount, "reason": "x" });
    let refused = store.refund(&unpaid, ask(1)).await.problem(409, "refund.nothing_captured");
    assert_eq!(refused.str("/stage"), "awaiting_payment");

    let bought = store.buy(&[(&variant, 1)]).await;
    let line = store.line_of(&bought, &variant.id).await;
    let foreign = store.line_of(&unpaid, &variant.id).await;
    let wrong = json!({
        "lines": [{ "order_item_id": foreign, "quantity": 1 }, { "order_item_id": line, "quantity": 2 }],
        "amount_minor": 5, "reason": "",
    });
    let wrong = store.refund(&bought, wrong).await.problem(422, "request.invalid");
    let fields: Vec<_> =
        wrong.body["errors"].as_array().unwrap().iter().map(|error| error["field"].as_str().unwrap()).collect();
    assert_eq!(fields, ["reason", "amount_minor", "lines[0].order_item_id", "lines[1].quantity"]);
    for body in [json!({ "reason": "x" }), ask(0), ask(-1), json!({ "amount_minor": 1, "reason": "x", "to": "me" })] {
        store.refund(&bought, body).await.problem(422, "request.invalid");
    }
    assert_eq!(store.count("select count(*) from refunds").await, 0);
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cash_is_given_back_by_hand() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1000, 9).await;
    let cart = store.fill_cart(&[(&variant, 1)]).await;
    let answer = store.checkout(&cart, &key(), &cash(&cart)).await.expect(201);
    let bought = Store::bought(cart, &answer);
    let body = json!({ "amount_minor": 400, "reason": "late" });
    store.refund(&bought, body.clone()).await.problem(409, "refund.nothing_captured");
    // The carrier brought the money.
    let paid = format!(
        "update payments set status = 'succeeded', captured_minor = amount_minor where id = '{}'",
        bought.payment
    );
    store.tamper(&paid).await;
    let made = store.refund(&bought, body).await.expect(201);
    let id = made.str("/id");
    platform.work().await;
    assert_eq!(store.see_refund(&id).await.str("/status"), "approved", "nobody but a person gives cash back");
    let settle = async |reference: Value| store.act_on_refund(&store.token, &id, "settle", Some(reference)).await;
    settle(json!({ "reference": "" })).await.problem(422, "request.invalid");
    let settled = settle(json!({ "reference": "receipt 7" })).await.expect(200);
    assert_eq!((settled.str("/status"), settled.str("/reference")), ("succeeded".into(), "receipt 7".into()));
    settle(json!({ "reference": "receipt 8" })).await.problem(409, "refund.wrong_status");
    assert_eq!(store.see(&bought).await.str("/status"), "partially_refunded");
    assert_eq!(platform.refunds_there().await.len(), 0);
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_with_discount_tax_and_shipping_goes_back_whole_in_parts() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let promotion = json!({ "title": "Off", "kind": "percent", "percent": 12.5 });
    store.admin_post("/promotions", promotion).await.expect(201);
    let tax = json!({ "title": "VAT", "country": "DE", "percent": 19, "inclusive": false });
    store.admin_post("/tax-rates", tax).await.expect(201);
    let way = json!({ "code": "standard", "title": "Standard", "zones": [{ "price_minor": 490 }] });
    store.admin_post("/shipping-methods", way).await.expect(201);
    let (one, other) = (store.sell(1999, 50).await, store.sell(333, 50).await);
    let bought = store.buy(&[(&one, 3), (&other, 7)]).await;
    let seen = store.see(&bought).await;
    let total = seen.int("/total_minor");
    assert!(seen.int("/discount_minor") > 0 && seen.int("/tax_minor") > 0 && seen.int("/shipping_minor") == 490);
    let (one, other) = (store.line_of(&bought, &one.id).await, store.line_of(&bought, &other.id).await);
    let line = |item: &str, quantity: i64| json!({ "order_item_id": item, "quantity": quantity });
    let mut sum = 0;
    for body in [
        json!({ "lines": [line(&one, 1), line(&other, 2)], "reason": "x" }),
        json!({ "shipping": true, "reason": "x" }),
        json!({ "lines": [line(&other, 4)], "reason": "x" }),
        json!({ "lines": [line(&one, 2), line(&other, 1)], "reason": "x" }),
    ] {
        sum += store.refund(&bought, body).await.expect(201).int("/amount_minor");
        platform.work().await;
    }
    assert_eq!(sum, total);
    let again = store.refund(&bought, json!({ "shipping": true, "reason": "x" })).await;
    assert_eq!(again.problem(409, "refund.exceeds_rest").str("/errors/0/code"), "SHIPPING_REFUNDED");
    assert_eq!(there(&platform).await, total);
    assert_eq!(store.see(&bought).await.str("/status"), "refunded");
    assert_consistent(&store).await;
}
