//! A store's staff: what it does with orders, and members of other roles.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{Answer, Bought, Store, Variant, cash, key};

/// A member of a store's staff.
#[derive(Debug, Clone)]
pub struct Member {
    pub token: String,
    pub account: String,
}

impl Store<'_> {
    /// Somebody with this role in the store.
    pub async fn member(&self, role: &str) -> Member {
        use sqlx::Row;
        let other = self.platform.open_store().await;
        let rows = self
            .rows(&format!(
                "insert into landlord.memberships (account_id, tenant_id, role)
                 select id, '{}', '{role}' from landlord.accounts where email = '{}' returning account_id::text",
                self.id, other.email
            ))
            .await;
        Member { token: other.token, account: rows[0].get(0) }
    }

    /// Any request as that member.
    pub async fn admin_as(&self, member: &Member, method: Method, path: &str, body: Option<Value>) -> Answer {
        let request = self.request(method, &format!("/api/v1/admin{path}")).bearer_auth(&member.token);
        let request = request.header("idempotency-key", key());
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        Answer::of(request.send().await.unwrap()).await
    }

    /// What the owner does with an order, under a key of its own.
    pub async fn act(&self, order: &Bought, verb: &str, body: Value) -> Answer {
        self.act_with(order, verb, body, &key()).await
    }

    /// What the owner does with an order, under this key.
    pub async fn act_with(&self, order: &Bought, verb: &str, body: Value, key: &str) -> Answer {
        let request = self.request(Method::POST, &format!("/api/v1/admin/orders/{}/{verb}", order.order));
        let request = request.bearer_auth(&self.token).header("idempotency-key", key).json(&body);
        Answer::of(request.send().await.unwrap()).await
    }

    /// The order, as the owner sees it.
    pub async fn detail(&self, order: &Bought) -> Answer {
        self.admin_get(&format!("/orders/{}", order.order)).await.expect(200)
    }

    /// The id of a line of the order.
    pub async fn line(&self, order: &Bought, at: usize) -> String {
        self.detail(order).await.str(&format!("/items/{at}/id"))
    }

    /// Buys, to be paid on delivery.
    pub async fn buy_cash(&self, lines: &[(&Variant, i64)]) -> Bought {
        let cart = self.fill_cart(lines).await;
        let answer = self.checkout(&cart, &key(), &cash(&cart)).await.expect(201);
        Self::bought(cart, &answer)
    }

    /// Buys by card and has it packed.
    pub async fn packed(&self, lines: &[(&Variant, i64)]) -> Bought {
        let bought = self.buy(lines).await;
        self.act(&bought, "pack", json!({})).await.expect(200);
        bought
    }
}
