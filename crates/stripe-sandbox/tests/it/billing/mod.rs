//! Billing: what is sold, subscribed to, invoiced and paid.

mod accounts;
mod changes;
mod checkout;
mod clock;
mod failures;
mod meters;
mod portal;
mod refusals;
mod typed;

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::harness::{KEY, Receiver, Rig};

pub const DAY: i64 = 24 * 60 * 60;
/// 1 January 2026, 12:00.
pub const START: i64 = 1_767_268_800;

/// A sandbox with two plans, and somebody who hears of everything about billing.
pub struct Shop {
    pub rig: Rig,
    pub basic: String,
    pub pro: String,
    pub heard: Receiver,
}

impl Shop {
    pub async fn start() -> Self {
        let heard = Receiver::start().await;
        let rig = Rig::start().await;
        let hook = json!({ "url": heard.url, "secret": crate::harness::WEBHOOK_SECRET });
        rig.http.post(rig.url("/sandbox/billing_webhook")).json(&hook).send().await.unwrap();
        let mut shop = Self { rig, basic: String::new(), pro: String::new(), heard };
        shop.basic = shop.plan("Basic", 1000, &[]).await;
        shop.pro = shop.plan("Pro", 3000, &[]).await;
        shop
    }

    pub async fn plan(&self, name: &str, amount: i64, more: &[(&str, &str)]) -> String {
        let product = self.made("/v1/products", &[("name", name)]).await;
        let amount = amount.to_string();
        let mut form = vec![("product", id(&product)), ("currency", "eur"), ("unit_amount", amount.as_str())];
        if more.is_empty() {
            form.push(("recurring[interval]", "month"));
        }
        form.extend_from_slice(more);
        id(&self.made("/v1/prices", &form).await).to_owned()
    }

    /// Posts what must be accepted.
    pub async fn made(&self, path: &str, form: &[(&str, &str)]) -> Value {
        let (status, body) = self.rig.post(path, form).await;
        assert_eq!(status, StatusCode::OK, "{path} {form:?}: {body}");
        body
    }

    pub async fn delete(&self, path: &str) -> Value {
        self.rig.http.delete(self.rig.url(path)).bearer_auth(KEY).send().await.unwrap().json().await.unwrap()
    }

    pub async fn get(&self, path: &str) -> Value {
        self.rig.get(path).await
    }

    pub async fn control(&self, path: &str, body: Value) -> Value {
        let answer = self.rig.http.post(self.rig.url(path)).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        answer.json().await.unwrap()
    }

    pub async fn clock(&self, frozen_time: i64) -> String {
        let form = [("frozen_time", frozen_time.to_string())];
        let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        id(&self.made("/v1/test_helpers/test_clocks", &form).await).to_owned()
    }

    /// Advances the clock and waits until it is ready.
    pub async fn advance(&self, clock: &str, to: i64) {
        let path = format!("/v1/test_helpers/test_clocks/{clock}");
        let advancing = self.made(&format!("{path}/advance"), &[("frozen_time", &to.to_string())]).await;
        assert_eq!(advancing["status"], "advancing");
        for _ in 0..400 {
            let now = self.get(&path).await;
            if now["status"] == "ready" {
                assert_eq!(now["frozen_time"], to);
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        panic!("the clock does not become ready");
    }

    /// A customer on a clock with a card that stands for it.
    pub async fn customer(&self, clock: Option<&str>, card: &str) -> String {
        let mut form = vec![("email", "owner@shop.example"), ("name", "Owner")];
        form.extend(clock.map(|clock| ("test_clock", clock)));
        let customer = self.made("/v1/customers", &form).await;
        self.give_card(id(&customer), card).await;
        id(&customer).to_owned()
    }

    pub async fn give_card(&self, customer: &str, card: &str) -> String {
        let method = self.made(&format!("/v1/payment_methods/{card}/attach"), &[("customer", customer)]).await;
        let form = [("invoice_settings[default_payment_method]", id(&method))];
        self.made(&format!("/v1/customers/{customer}"), &form).await;
        id(&method).to_owned()
    }

    pub async fn subscribe(&self, customer: &str, price: &str, more: &[(&str, &str)]) -> Value {
        let mut form = vec![("customer", customer), ("items[0][price]", price)];
        form.extend_from_slice(more);
        self.made("/v1/subscriptions", &form).await
    }

    pub async fn subscription(&self, id: &str) -> Value {
        self.get(&format!("/v1/subscriptions/{id}")).await
    }

    pub async fn invoices(&self, subscription: &str) -> Vec<Value> {
        let list = self.get(&format!("/v1/invoices?subscription={subscription}&limit=100")).await;
        list["data"].as_array().unwrap().iter().rev().cloned().collect()
    }

    /// The types of the events so far that are not about the catalogue, oldest first.
    pub async fn events(&self) -> Vec<String> {
        let list = self.get("/v1/events?limit=100").await;
        let kinds =
            list["data"].as_array().unwrap().iter().rev().map(|event| event["type"].as_str().unwrap().to_owned());
        kinds.filter(|kind| !kind.starts_with("product.") && !kind.starts_with("price.")).collect()
    }
}

pub fn id(object: &Value) -> &str {
    object["id"].as_str().unwrap_or_else(|| panic!("no id in {object}"))
}

/// What an invoice must be like whatever happened to it.
pub fn adds_up(invoice: &Value) {
    let number = |name: &str| invoice[name].as_i64().unwrap_or_else(|| panic!("{name} in {invoice}"));
    let lines = invoice["lines"]["data"].as_array().unwrap();
    assert_eq!(lines.iter().map(|line| line["amount"].as_i64().unwrap()).sum::<i64>(), number("total"), "{invoice}");
    assert_eq!(number("amount_due") - number("amount_paid"), number("amount_remaining"), "{invoice}");
    if invoice["ending_balance"].is_i64() {
        let moved = number("ending_balance") - number("starting_balance");
        assert_eq!(number("total"), number("amount_due") + moved, "{invoice}");
    }
}
