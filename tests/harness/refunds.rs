//! Refunds: a merchant's side of them, and the provider's.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{Answer, Bought, Platform, Store, key};

impl Store<'_> {
    /// Asks for a refund as the owner, under a new key.
    pub async fn refund(&self, bought: &Bought, body: Value) -> Answer {
        self.refund_as(&self.token, bought, &key(), body).await
    }

    /// Asks for a refund as anybody of the staff, under a key.
    pub async fn refund_as(&self, token: &str, bought: &Bought, key: &str, body: Value) -> Answer {
        let path = format!("/api/v1/admin/orders/{}/refunds", bought.order);
        let request = self.request(Method::POST, &path).bearer_auth(token).header("idempotency-key", key);
        Answer::of(request.json(&body).send().await.unwrap()).await
    }

    /// Asks for a refund as the shopper, under a new key.
    pub async fn ask_refund(&self, bought: &Bought, body: Value) -> Answer {
        let path = format!("/api/v1/orders/{}/refund-requests", bought.order);
        let request = self.request(Method::POST, &path).header("order-token", &bought.order_token);
        Answer::of(request.header("idempotency-key", key()).json(&body).send().await.unwrap()).await
    }

    /// An act on a refund, by anybody of the staff.
    pub async fn act_on_refund(&self, token: &str, refund: &str, act: &str, body: Option<Value>) -> Answer {
        let request = self.request(Method::POST, &format!("/api/v1/admin/refunds/{refund}/{act}")).bearer_auth(token);
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        Answer::of(request.send().await.unwrap()).await
    }

    /// A refund, as staff sees it.
    pub async fn see_refund(&self, refund: &str) -> Answer {
        self.admin_get(&format!("/refunds/{refund}")).await.expect(200)
    }

    /// The id of the order's line of a variant.
    pub async fn line_of(&self, bought: &Bought, variant: &str) -> String {
        use sqlx::Row;
        let query = format!(
            "select id::text from order_items where order_id = '{}' and variant_id = '{variant}'",
            bought.order
        );
        self.rows(&query).await[0].get(0)
    }

    /// Somebody else of the staff: the owner of another store, with a role here. Returns the access token.
    pub async fn hire(&self, role: &str) -> String {
        let other = self.platform.open_store().await;
        self.tamper(&format!(
            "insert into landlord.memberships (account_id, tenant_id, role)
             select id, '{}', '{role}' from landlord.accounts where email = '{}'",
            self.id, other.email
        ))
        .await;
        other.token
    }
}

impl Platform {
    /// All refunds that there are at the provider.
    pub async fn refunds_there(&self) -> Vec<Value> {
        let url = format!("{}/sandbox/ledger", self.sandbox.url());
        let ledger = Answer::of(self.client.get(url).send().await.unwrap()).await.expect(200);
        ledger.body["refunds"].as_array().unwrap().clone()
    }

    /// Makes the provider fail so many times, when it is asked to give money back.
    pub async fn spoil_refunds(&self, fault: &str, times: u64) {
        self.spoil(json!({ "method": "POST", "path_prefix": "/v1/refunds", "fault": fault, "times": times })).await;
    }

    /// Ends a refund at the provider: `fail` or `succeed`.
    pub async fn end_refund(&self, provider_ref: &str, how: &str) {
        let url = format!("{}/sandbox/refunds/{provider_ref}/{how}", self.sandbox.url());
        Answer::of(self.client.post(url).send().await.unwrap()).await.expect(200);
    }

    /// Gives money back at the provider itself, as somebody does in its dashboard.
    pub async fn refund_there(&self, intent: &str, amount_minor: i64) -> Answer {
        let request = self.client.post(format!("{}/v1/refunds", self.sandbox.url()));
        let request = request.bearer_auth("sk_test_souk_tests_0123456789");
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let form = format!("payment_intent={intent}&amount={amount_minor}");
        Answer::of(request.body(form).send().await.unwrap()).await
    }
}
