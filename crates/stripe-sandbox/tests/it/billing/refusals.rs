//! What is refused, and in which words.

use serde_json::json;

use super::{Shop, id};

/// Path, parameters, and the status, code and parameter of the refusal.
type Refused<'a> = (&'a str, &'a [(&'a str, &'a str)], u16, Option<&'a str>, Option<&'a str>);

#[tokio::test]
async fn wrong_parameters_are_named() {
    let shop = Shop::start().await;
    let customer = shop.customer(None, "pm_card_visa").await;
    let poor = shop.made("/v1/customers", &[]).await;
    let cases: &[Refused<'_>] = &[
        ("/v1/products", &[], 400, Some("parameter_missing"), Some("name")),
        ("/v1/products", &[("name", "a"), ("colour", "b")], 400, Some("parameter_unknown"), Some("colour")),
        ("/v1/prices", &[("currency", "eur"), ("unit_amount", "1")], 400, Some("parameter_missing"), Some("product")),
        ("/v1/subscriptions", &[("customer", "cus_none")], 404, Some("resource_missing"), Some("customer")),
        ("/v1/subscriptions", &[("customer", &customer)], 400, Some("parameter_missing"), Some("items")),
        (
            "/v1/subscriptions",
            &[("customer", &customer), ("items[0][price]", "price_none")],
            404,
            Some("resource_missing"),
            Some("items[0][price]"),
        ),
        (
            "/v1/subscriptions",
            &[("customer", id(&poor)), ("items[0][price]", &shop.basic)],
            400,
            Some("resource_missing"),
            None,
        ),
        (
            "/v1/subscriptions",
            &[("customer", &customer), ("items[0][price]", &shop.basic), ("trial_end", "1")],
            400,
            None,
            Some("trial_end"),
        ),
        ("/v1/invoices/in_none/pay", &[], 404, Some("resource_missing"), Some("invoice")),
        ("/v1/checkout/sessions", &[], 400, Some("parameter_missing"), Some("mode")),
        (
            "/v1/checkout/sessions",
            &[("mode", "subscription"), ("line_items[0][price]", &shop.basic), ("success_url", "http://a.example")],
            400,
            Some("parameter_missing"),
            Some("line_items[0][quantity]"),
        ),
        (
            "/v1/billing/meter_events",
            &[("event_name", "none")],
            400,
            Some("billing_meter_not_found"),
            Some("event_name"),
        ),
        ("/v1/billing_portal/sessions", &[], 400, Some("parameter_missing"), Some("customer")),
        ("/v1/accounts", &[("country", "Germany")], 400, Some("country_unsupported"), Some("country")),
        ("/v1/customers", &[("expand[]", "colour")], 400, None, Some("expand")),
    ];
    for (path, form, status, code, param) in cases {
        let (answered, body) = shop.rig.post(path, form).await;
        let error = &body["error"];
        assert_eq!(answered.as_u16(), *status, "{path} {form:?}: {body}");
        assert_eq!(error["code"].as_str(), *code, "{path} {form:?}: {body}");
        assert_eq!(error["param"].as_str(), *param, "{path} {form:?}: {body}");
    }
    assert_eq!(shop.get("/v1/subscriptions").await["data"].as_array().unwrap().len(), 0);
}

#[tokio::test]
async fn a_key_subscribes_once_even_when_the_answer_is_lost() {
    let shop = Shop::start().await;
    let customer = shop.customer(None, "pm_card_visa").await;
    shop.rig.fault(json!({ "method": "POST", "path_prefix": "/v1/subscriptions", "fault": "drop_reply" })).await;
    let body = format!("customer={customer}&items[0][price]={}", shop.basic);
    let send = || {
        let request = shop.rig.http.post(shop.rig.url("/v1/subscriptions")).bearer_auth(crate::harness::KEY);
        request.header("idempotency-key", "once").body(body.clone()).send()
    };
    assert!(send().await.is_err(), "the answer is lost");
    let again: serde_json::Value = send().await.unwrap().json().await.unwrap();
    let all = shop.get("/v1/subscriptions").await;
    assert_eq!(all["data"].as_array().unwrap().len(), 1);
    assert_eq!(all["data"][0]["id"], again["id"]);
}

#[tokio::test]
async fn lists_have_pages_and_things_are_found() {
    let shop = Shop::start().await;
    let customer = shop.customer(None, "pm_card_visa").await;
    for number in 0..3 {
        shop.subscribe(&customer, &shop.basic, &[("metadata[number]", &number.to_string())]).await;
    }
    let first = shop.get("/v1/subscriptions?limit=2").await;
    assert_eq!((first["data"].as_array().unwrap().len(), first["has_more"].as_bool()), (2, Some(true)));
    let last = id(&first["data"][1]);
    let second = shop.get(&format!("/v1/subscriptions?limit=2&starting_after={last}")).await;
    assert_eq!((second["data"].as_array().unwrap().len(), second["has_more"].as_bool()), (1, Some(false)));
    let found = shop.get("/v1/subscriptions/search?query=metadata['number']:'1'").await;
    assert_eq!(found["data"].as_array().unwrap().len(), 1);
    let keyed = shop.plan("Keyed", 5, &[("recurring[interval]", "month"), ("lookup_key", "keyed")]).await;
    let by_key = shop.get("/v1/prices?lookup_keys[]=keyed").await;
    assert_eq!(by_key["data"][0]["id"], keyed.as_str());
}

#[tokio::test]
async fn accounts_do_not_see_each_other_s_billing() {
    let shop = Shop::start().await;
    let path = shop.rig.url(&format!("/v1/prices/{}", shop.basic));
    let request = shop.rig.http.get(path).bearer_auth(crate::harness::KEY).header("stripe-account", "acct_other");
    assert_eq!(request.send().await.unwrap().status().as_u16(), 404);
}
