//! A store under test: its merchant's side.

use kernel::id::TenantId;
use kernel::origin::Origin;
use landlord::plans::{Override, set_override};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use sqlx::postgres::PgRow;

use crate::{Answer, Platform, unique};

/// A store that this test opened.
pub struct Store<'p> {
    pub platform: &'p Platform,
    pub id: TenantId,
    pub slug: String,
    pub email: String,
    /// The owner's access token.
    pub token: String,
}

/// A variant that is for sale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    pub id: String,
    pub product: String,
    pub sku: String,
    pub price_minor: i64,
}

impl<'p> Store<'p> {
    pub(crate) fn new(platform: &'p Platform, id: TenantId, slug: String, email: String, token: String) -> Self {
        Self { platform, id, slug, email, token }
    }

    pub fn host(&self) -> String {
        format!("{}.localhost", self.slug)
    }

    /// A request to the store's host.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.platform.request(method, &self.host(), path)
    }

    /// `GET` as a shopper.
    pub async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::GET, path).send().await.unwrap()).await
    }

    /// `GET` as the owner.
    pub async fn admin_get(&self, path: &str) -> Answer {
        self.admin(Method::GET, path, None).await
    }

    /// `POST` as the owner.
    pub async fn admin_post(&self, path: &str, body: Value) -> Answer {
        self.admin(Method::POST, path, Some(body)).await
    }

    /// `PATCH` as the owner.
    pub async fn admin_patch(&self, path: &str, body: Value) -> Answer {
        self.admin(Method::PATCH, path, Some(body)).await
    }

    /// `DELETE` as the owner.
    pub async fn admin_delete(&self, path: &str) -> Answer {
        self.admin(Method::DELETE, path, None).await
    }

    /// Any request as the owner.
    pub async fn admin(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let request = self.request(method, &format!("/api/v1/admin{path}")).bearer_auth(&self.token);
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        Answer::of(request.send().await.unwrap()).await
    }

    /// `POST` as the owner under a key.
    pub async fn admin_once(&self, path: &str, key: &str, body: Option<Value>) -> Answer {
        let request = self.request(Method::POST, &format!("/api/v1/admin{path}")).bearer_auth(&self.token);
        let request = request.header("idempotency-key", key);
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        Answer::of(request.send().await.unwrap()).await
    }

    /// Puts a product with one variant up for sale.
    pub async fn sell(&self, price_minor: i64, on_hand: i64) -> Variant {
        let sku = unique("SKU");
        let product = json!({
            "title": unique("Product"), "status": "active",
            "variants": [{ "sku": sku, "price_minor": price_minor }],
        });
        let product = self.admin_post("/products", product).await.expect(201);
        let id = product.str("/variants/0/id");
        if on_hand > 0 {
            self.adjust(&id, on_hand).await.expect(200);
        }
        Variant { id, product: product.str("/id"), sku, price_minor }
    }

    /// Changes how many there are of a variant.
    pub async fn adjust(&self, variant: &str, delta: i64) -> Answer {
        self.admin_post(&format!("/variants/{variant}/stock"), json!({ "delta": delta, "reason": "test" })).await
    }

    /// (on hand, reserved) of a variant.
    pub async fn stock(&self, variant: &str) -> (i32, i32) {
        let rows =
            self.rows(&format!("select on_hand, reserved from stock_levels where variant_id = '{variant}'")).await;
        use sqlx::Row;
        (rows[0].get(0), rows[0].get(1))
    }

    /// What the database holds in this store's schema; sees everything.
    #[expect(clippy::disallowed_methods, reason = "looks at tables from outside the product")]
    pub async fn rows(&self, query: &str) -> Vec<PgRow> {
        let mut connection = self.platform.database.acquire().await.unwrap();
        let scoped = format!("set search_path to {}", self.id.schema());
        sqlx::raw_sql(AssertSqlSafe(scoped)).execute(&mut *connection).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(query.to_owned())).fetch_all(&mut *connection).await.unwrap()
    }

    /// The store as the product's own code sees it.
    pub async fn shop(&self) -> commerce::shop::Shop {
        let stores = &self.platform.souk.stores;
        let store = stores.of(self.id).await.unwrap().unwrap();
        stores.open(&store, Origin::system())
    }

    /// Has a kind of upkeep done for this store, now.
    pub async fn upkeep(&self, kind: &str) {
        let insert = format!(
            "insert into souk.jobs (tenant_id, queue, priority, kind, subject, run_at, request_id)
             values ('{id}', 'maintenance', 600, '{kind}', '{id}', now(), 'test') returning id",
            id = self.id.0
        );
        self.count(&insert).await;
        self.platform.work().await;
    }

    /// Counts its carts, as the clock does.
    pub async fn count_carts(&self) {
        self.upkeep("reports.catch_up").await;
    }

    /// A job of this store that was given up; its number.
    pub async fn dead_job(&self) -> String {
        let insert = format!(
            "insert into souk.jobs (tenant_id, queue, priority, kind, subject, run_at, attempts, dead_at, last_error, request_id)
             values ('{}', 'maintenance', 600, 'reports.catch_up', gen_random_uuid(), now(), 5, now(), 'unavailable for a test', 'test')
             returning id",
            self.id
        );
        self.count(&insert).await.to_string()
    }

    /// One number from this store's schema.
    pub async fn count(&self, query: &str) -> i64 {
        use sqlx::Row;
        self.rows(query).await[0].get(0)
    }

    /// Changes something behind the product's back, such as the time of a row.
    pub async fn tamper(&self, statement: &str) {
        self.rows(statement).await;
    }

    /// What the database says to a statement that it must refuse.
    #[expect(clippy::disallowed_methods, reason = "looks at tables from outside the product")]
    pub async fn refuses(&self, statement: &str) -> String {
        let mut connection = self.platform.database.acquire().await.unwrap();
        let scoped = format!("set search_path to {}", self.id.schema());
        sqlx::raw_sql(AssertSqlSafe(scoped)).execute(&mut *connection).await.unwrap();
        let refused = sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(&mut *connection).await;
        refused.expect_err(statement).to_string()
    }

    /// Lets something have gone wrong with an order; the error's id.
    pub async fn fault(&self, bought: &crate::Bought, category: &str, severity: &str) -> String {
        let order = &bought.order;
        self.tamper(&format!(
            "update orders set error_count = 1, open_errors = 1, last_error = 'test' where id = '{order}'"
        ))
        .await;
        let insert = format!(
            "insert into order_errors (order_id, category, severity, code, message, request_id)
             values ('{order}', '{category}', '{severity}', 'test.fault', 'Something is wrong', 'test') returning id"
        );
        self.count(&insert).await.to_string()
    }

    /// Gives the store another limit than its plan does, and lets the server know at once.
    pub async fn limit(&self, feature: &str, limit: i64) {
        let souk = &self.platform.souk;
        let to = Override { enabled: true, limit: Some(limit), expires_at: None };
        let mut tx = souk.landlord.db.begin().await.unwrap();
        set_override(&mut tx, &Origin::system(), self.id, feature, &to).await.unwrap();
        tx.commit().await.unwrap();
        souk.stores.forget(self.id).await;
    }

    /// Lets so many minutes pass for this store's checkouts, keys and jobs.
    pub async fn let_pass(&self, minutes: i32) {
        let by = format!("interval '{minutes} minutes'");
        let tenant = self.id;
        // One by one: together they would hold locks that the product takes in another order.
        for change in [
            format!("update checkouts set expires_at = expires_at - {by} where status = 'active'"),
            format!("update idempotency_keys set leased_until = leased_until - {by}, expires_at = expires_at - {by}"),
            format!(
                "update payments set created_at = created_at - {by}, updated_at = updated_at - {by},
                                     unknown_since = unknown_since - {by}, absent_since = absent_since - {by}"
            ),
            format!("update carts set expires_at = expires_at - {by}"),
            format!("update souk.jobs set run_at = run_at - {by} where tenant_id = '{tenant}'"),
        ] {
            self.tamper(&change).await;
        }
    }
}
