//! A shopper's side of a store.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{Answer, Store, Variant, key};

/// A cart and the secret that proves it is ours.
#[derive(Debug, Clone)]
pub struct Cart {
    pub id: String,
    pub token: String,
}

/// A purchase as its checkout answered it.
#[derive(Debug, Clone)]
pub struct Bought {
    pub cart: Cart,
    pub checkout: String,
    pub order: String,
    pub number: i64,
    pub order_token: String,
    pub payment: String,
    pub client_secret: Option<String>,
}

impl Bought {
    /// The id of the payment intent at the provider.
    pub fn intent(&self) -> String {
        self.client_secret.as_ref().unwrap().split("_secret").next().unwrap().to_owned()
    }
}

/// A checkout's body that pays by card.
pub fn card(cart: &Cart) -> Value {
    json!({
        "cart_id": cart.id, "email": "ann@example.com", "phone": "+49 30 1234567",
        "shipping_address": {
            "recipient_name": "Ann", "phone": "+49 30 1234567", "line1": "Street 1", "city": "Berlin",
            "postal_code": "10115", "country": "DE",
        },
        "payment_method": "card",
    })
}

/// A checkout's body that pays on delivery.
pub fn cash(cart: &Cart) -> Value {
    let mut body = card(cart);
    body["payment_method"] = "cod".into();
    body
}

impl Store<'_> {
    /// A cart with these in it.
    pub async fn fill_cart(&self, lines: &[(&Variant, i64)]) -> Cart {
        let items: Vec<Value> =
            lines.iter().map(|(variant, quantity)| json!({ "variant_id": variant.id, "quantity": quantity })).collect();
        let request = self.request(Method::POST, "/api/v1/carts").json(&json!({ "items": items }));
        let cart = Answer::of(request.send().await.unwrap()).await.expect(201);
        Cart { id: cart.str("/id"), token: cart.str("/token") }
    }

    /// Sends a request with the cart's secret.
    pub async fn with_cart(&self, cart: &Cart, method: Method, path: &str, body: Option<Value>) -> Answer {
        let request = self.request(method, path).header("cart-token", &cart.token);
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        Answer::of(request.send().await.unwrap()).await
    }

    /// Starts a checkout under a key.
    pub async fn checkout(&self, cart: &Cart, key: &str, body: &Value) -> Answer {
        let request = self.request(Method::POST, "/api/v1/checkouts");
        let request = request.header("cart-token", &cart.token).header("idempotency-key", key).json(body);
        Answer::of(request.send().await.unwrap()).await
    }

    /// Fills a cart and checks out by card; not paid yet.
    pub async fn order(&self, lines: &[(&Variant, i64)]) -> Bought {
        let cart = self.fill_cart(lines).await;
        let answer = self.checkout(&cart, &key(), &card(&cart)).await.expect(201);
        Self::bought(cart, &answer)
    }

    /// Reads the answer to a checkout.
    pub fn bought(cart: Cart, answer: &Answer) -> Bought {
        Bought {
            cart,
            checkout: answer.str("/checkout/id"),
            order: answer.str("/order/id"),
            number: answer.int("/order/number"),
            order_token: answer.str("/order/token"),
            payment: answer.str("/payment/id"),
            client_secret: answer.body.pointer("/payment/client_secret").and_then(Value::as_str).map(str::to_owned),
        }
    }

    /// Calls a purchase off under a key.
    pub async fn cancel(&self, bought: &Bought, key: &str) -> Answer {
        let path = format!("/api/v1/checkouts/{}/cancel", bought.checkout);
        let request = self.request(Method::POST, &path).header("cart-token", &bought.cart.token);
        Answer::of(request.header("idempotency-key", key).send().await.unwrap()).await
    }

    /// Pays an order in another way, under a key.
    pub async fn pay_otherwise(&self, bought: &Bought, key: &str, method: &str) -> Answer {
        let request = self.request(Method::POST, &format!("/api/v1/orders/{}/payments", bought.order));
        let request = request.header("order-token", &bought.order_token).header("idempotency-key", key);
        Answer::of(request.json(&json!({ "payment_method": method })).send().await.unwrap()).await
    }

    /// Waits until the checkout shows this status of its payment.
    pub async fn until_payment(&self, bought: &Bought, status: &str) -> Answer {
        for _ in 0..250 {
            let seen = self.see_checkout(bought).await;
            if seen.body.pointer("/payment/status").is_some_and(|found| found == status) {
                return seen;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        panic!("the payment did not become {status}: {}", self.see_checkout(bought).await.text);
    }

    /// The checkout, as its shopper sees it.
    pub async fn see_checkout(&self, bought: &Bought) -> Answer {
        self.with_cart(&bought.cart, Method::GET, &format!("/api/v1/checkouts/{}", bought.checkout), None).await
    }

    /// Confirms the payment at the provider, as a browser would.
    pub async fn confirm(&self, bought: &Bought, payment_method: &str) -> Answer {
        let url = format!("{}/v1/payment_intents/{}/confirm", self.platform.sandbox.url(), bought.intent());
        let secret = bought.client_secret.as_ref().unwrap();
        let form = format!(
            "key=pk_test_souk_tests_0123456789&client_secret={secret}&payment_method={payment_method}\
             &return_url=https%3A%2F%2Fexample.com"
        );
        let request = self.platform.client.post(url).header("content-type", "application/x-www-form-urlencoded");
        Answer::of(request.body(form).send().await.unwrap()).await
    }

    /// Waits until the order has this status.
    #[track_caller]
    pub fn until_status<'s>(&'s self, bought: &'s Bought, status: &'s str) -> impl Future<Output = Answer> + 's {
        let caller = std::panic::Location::caller();
        async move {
            let mut last = self.see(bought).await;
            for _ in 0..250 {
                if last.body["status"] == status {
                    return last;
                }
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                last = self.see(bought).await;
            }
            panic!("{caller}: the order did not become {status}: {}", last.text);
        }
    }

    /// The order, as its shopper sees it.
    pub async fn see(&self, bought: &Bought) -> Answer {
        let request = self.request(Method::GET, &format!("/api/v1/orders/{}", bought.order));
        Answer::of(request.header("order-token", &bought.order_token).send().await.unwrap()).await
    }

    /// Buys and pays by card; the order is paid when this returns.
    pub async fn buy(&self, lines: &[(&Variant, i64)]) -> Bought {
        let bought = self.order(lines).await;
        self.confirm(&bought, "pm_card_visa").await.expect(200);
        self.until_status(&bought, "paid").await;
        bought
    }
}
