//! The acts of a life, each with what it must answer.

use std::time::Duration;

use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use reqwest::Method;
use serde_json::{Value, json};
use souk_tests::{Answer, Bought, Cart, News, Store, Variant, card, cash, key};

use super::model::{Line, Order, Stage};

/// How long a checkout lives when the store does not say.
const CHECKOUT_MINUTES: i32 = 15;

/// A life of a store, with its own variants and orders.
pub struct Life<'s, 'p> {
    store: &'s Store<'p>,
    rng: StdRng,
    variants: Vec<Variant>,
    /// As delivered.
    delivered: Vec<i64>,
    orders: Vec<(Bought, Order)>,
    told: Vec<String>,
}

/// A request that is sent again with the same key until its answer is definite.
struct Act {
    method: Method,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Value,
}

impl<'s, 'p> Life<'s, 'p> {
    pub async fn begin(store: &'s Store<'p>, mut rng: StdRng) -> Self {
        let (mut variants, mut delivered) = (Vec::new(), Vec::new());
        for _ in 0..3 {
            let on_hand = rng.random_range(1..8);
            variants.push(store.sell(rng.random_range(1..5000), on_hand).await);
            delivered.push(on_hand);
        }
        Self { store, rng, variants, delivered, orders: Vec::new(), told: Vec::new() }
    }

    /// Something happens.
    pub async fn act(&mut self) {
        if self.rng.random_ratio(1, 5) {
            self.pass().await;
        }
        match self.rng.random_range(0..100) {
            0..24 => self.buy().await,
            24..38 => self.confirm().await,
            38..50 => self.hear().await,
            50..56 => self.wait().await,
            56..62 => self.give_up().await,
            62..68 => self.cancel().await,
            68..75 => self.pack().await,
            75..83 => self.ship().await,
            83..88 => self.deliver().await,
            88..92 => self.refund().await,
            92..98 => self.refund_line().await,
            _ => self.work().await,
        }
    }

    fn tell(&mut self, what: String) {
        self.told.push(what);
    }

    fn wrong(&self, what: &str) -> ! {
        panic!("{what}\nafter:\n  {}", self.told.join("\n  "))
    }

    fn available(&self, variant: usize) -> i64 {
        let taken = |(_, order): &(Bought, Order)| order.reserved(variant) + order.shipped(variant);
        self.delivered[variant] - self.orders.iter().map(taken).sum::<i64>()
    }

    /// An order of any kind.
    fn any(&mut self) -> Option<usize> {
        (0..self.orders.len()).collect::<Vec<_>>().choose(&mut self.rng).copied()
    }

    /// An order that is likely to be of use.
    fn one(&mut self, fits: impl Fn(&Order) -> bool) -> Option<usize> {
        let fitting: Vec<usize> = (0..self.orders.len()).filter(|at| fits(&self.orders[*at].1)).collect();
        if self.rng.random_ratio(4, 5) { fitting.choose(&mut self.rng).copied() } else { self.any() }
    }

    /// Sends it; now and then a server dies over it first, or the provider fails, and it is sent again.
    async fn send(&mut self, act: &Act) -> Answer {
        if self.rng.random_ratio(1, 8) {
            let after = Duration::from_micros(self.rng.random_range(0..40_000));
            self.tell(format!("a server dies {after:?} into {} {}", act.method, act.path));
            // Most are threads that never come back; some are processes that are killed.
            let doomed = match self.rng.random_ratio(1, 12) {
                true => self.store.platform.doomed_process().await,
                false => self.store.platform.doomed().await,
            };
            let request = act.onto(doomed.request(self.store, act.method.clone(), &act.path));
            doomed.die_during(request, after).await;
            self.leases_end().await;
        } else if self.rng.random_ratio(1, 6) {
            let faults =
                ["drop_reply", "error_executed", "error_not_executed", "rate_limited:1", "garbage", "drop_request"];
            let fault = *faults.choose(&mut self.rng).unwrap_or(&"drop_reply");
            self.tell(format!("the provider will fail: {fault}"));
            let rule = json!({ "method": "POST", "path_prefix": "/v1/", "times": self.rng.random_range(1..5), "fault": fault });
            self.store.platform.spoil(rule).await;
        }
        for tries in 0..20 {
            let request = act.onto(self.store.request(act.method.clone(), &act.path));
            let answer = Answer::of(request.send().await.unwrap()).await;
            let again = answer.status >= 500 || answer.code() == "idempotency.in_progress";
            if !again {
                self.store.platform.heal().await;
                return answer;
            }
            self.tell(format!("  {} {}", answer.status, answer.code()));
            self.store.platform.heal().await;
            self.work().await;
            if tries > 3 {
                // Nobody is asked while the breaker is open.
                tokio::time::sleep(Duration::from_millis(400)).await;
            }
        }
        self.wrong(&format!("{} {} has no definite answer", act.method, act.path))
    }

    /// A minute passes for whoever waits or was cut short, but for no checkout.
    async fn leases_end(&self) {
        let tenant = self.store.id;
        for change in [
            "update idempotency_keys set leased_until = leased_until - interval '1 minute'".to_owned(),
            "update payments set updated_at = updated_at - interval '1 minute', absent_since = absent_since - interval '1 minute',
                    unknown_since = unknown_since - interval '1 minute'"
                .to_owned(),
            "update refunds set absent_since = absent_since - interval '1 minute'".to_owned(),
            format!("update souk.jobs set run_at = least(run_at, now()) where tenant_id = '{tenant}'"),
        ] {
            self.store.tamper(&change).await;
        }
    }

    /// The worker does all there is, and asks the provider about every payment that is not decided.
    async fn work(&mut self) {
        self.leases_end().await;
        self.store.platform.work().await;
        self.orders.iter_mut().for_each(|(_, order)| order.hear());
    }

    async fn buy(&mut self) {
        let mut chosen: Vec<usize> = (0..self.variants.len()).collect();
        chosen.shuffle(&mut self.rng);
        chosen.truncate(self.rng.random_range(1..=3));
        let wanted: Vec<(usize, i64)> =
            chosen.into_iter().map(|variant| (variant, self.rng.random_range(1..=2))).collect();
        if wanted.iter().any(|(variant, quantity)| self.available(*variant) < *quantity) {
            return;
        }
        let lines: Vec<(&Variant, i64)> =
            wanted.iter().map(|(at, quantity)| (&self.variants[*at], *quantity)).collect();
        let cart = self.store.fill_cart(&lines).await;
        let by_card = self.rng.random_ratio(3, 4);
        let body = if by_card { card(&cart) } else { cash(&cart) };
        let total = wanted.iter().map(|(at, quantity)| self.variants[*at].price_minor * quantity).sum();
        self.tell(format!("buy {wanted:?} for {total}, card: {by_card}"));
        let act = Act {
            method: Method::POST,
            path: "/api/v1/checkouts".into(),
            headers: vec![("cart-token", cart.token.clone()), ("idempotency-key", key())],
            body,
        };
        let answer = self.send(&act).await;
        if !matches!(answer.status, 200 | 201) {
            self.wrong(&format!("a purchase of what is there was refused: {}", answer.text));
        }
        self.bought(cart, &wanted, by_card, total, &answer);
    }

    fn bought(&mut self, cart: Cart, wanted: &[(usize, i64)], by_card: bool, total_minor: i64, answer: &Answer) {
        let items = answer.body["order"]["items"].as_array().cloned().unwrap_or_default();
        let lines = wanted.iter().map(|(variant, quantity)| {
            let id = &self.variants[*variant].id;
            let item = items.iter().find(|item| item["variant_id"] == id.as_str());
            let item = item.and_then(|item| item["id"].as_str()).unwrap_or_default().to_owned();
            let (variant, quantity, price_minor) = (*variant, *quantity, self.variants[*variant].price_minor);
            Line { item, variant, quantity, price_minor, shipped: 0, refunded: 0, released: 0, returned: 0 }
        });
        let order = Order {
            card: by_card,
            lines: lines.collect(),
            total_minor,
            stage: if by_card { Stage::Waiting } else { Stage::Confirmed },
            charged: false,
            refunds_minor: 0,
            age: 0,
        };
        if answer.int("/order/total_minor") != total_minor {
            self.wrong(&format!("the total is wrong: {}", answer.text));
        }
        self.orders.push((Store::bought(cart, answer), order));
    }

    /// The shopper pays at the provider, or tries to.
    async fn confirm(&mut self) {
        let Some(at) = self.one(|order| order.card && order.stage == Stage::Waiting && !order.charged) else { return };
        if self.orders[at].0.client_secret.is_none() {
            return;
        }
        let good = self.rng.random_ratio(3, 4);
        let method = if good { "pm_card_visa" } else { "pm_card_visa_chargeDeclined" };
        let answer = self.store.confirm(&self.orders[at].0, method).await;
        self.tell(format!("order {at} is confirmed with {method}: {}", answer.status));
        let order = &mut self.orders[at].1;
        let open = order.card && !order.charged && order.stage == Stage::Waiting;
        if (answer.status == 200) != (open && good) && !order.charged {
            self.wrong(&format!("the provider's answer does not fit: {}", answer.text));
        }
        self.orders[at].1.charged |= answer.status == 200 && open;
    }

    /// Some messages of the provider about an order come: any of them, in any order, some twice.
    async fn hear(&mut self) {
        let Some(at) = self.one(|order| order.card && order.stage == Stage::Waiting) else { return };
        if self.orders[at].0.client_secret.is_none() {
            return;
        }
        let mut messages = self.messages(&self.orders[at].0.intent()).await;
        messages.extend(messages.clone());
        messages.shuffle(&mut self.rng);
        messages.truncate(self.rng.random_range(1..=4));
        for message in messages {
            let kind = message["type"].as_str().unwrap_or_default().to_owned();
            self.tell(format!("order {at}: {kind} is heard"));
            self.store.hear(&News(message)).await.expect(200);
            if kind == "payment_intent.succeeded" {
                self.orders[at].1.hear();
            }
        }
    }

    /// All that the provider would tell about an intent.
    async fn messages(&self, intent: &str) -> Vec<Value> {
        let platform = self.store.platform;
        let url = format!("{}/v1/events?limit=100", platform.sandbox.url());
        let request = platform.client.get(url).bearer_auth("sk_test_souk_tests_0123456789");
        let events: Value = request.send().await.unwrap().json().await.unwrap();
        let events = events["data"].as_array().cloned().unwrap_or_default();
        events.into_iter().filter(|event| event["data"]["object"]["id"] == intent).collect()
    }

    /// Some minutes pass; what is overdue then ends.
    async fn pass(&mut self) {
        let minutes = *[5, 10].choose(&mut self.rng).unwrap_or(&5);
        self.tell(format!("{minutes} minutes pass"));
        self.store.let_pass(minutes).await;
        self.orders.iter_mut().for_each(|(_, order)| order.age += minutes);
        let overdue = |order: &Order| order.stage == Stage::Waiting && order.age >= CHECKOUT_MINUTES;
        if self.orders.iter().any(|(_, order)| overdue(order)) {
            self.work().await;
            let overdue = self.orders.iter_mut().filter(|(_, order)| overdue(order));
            overdue.for_each(|(_, order)| order.call_off(Stage::Failed));
        }
    }

    /// So much time passes that every purchase is decided.
    async fn wait(&mut self) {
        self.tell("twenty minutes pass".into());
        self.store.let_pass(20).await;
        self.store.platform.work().await;
        self.orders.iter_mut().for_each(|(_, order)| order.call_off(Stage::Failed));
    }

    /// The shopper calls the purchase off.
    async fn give_up(&mut self) {
        let Some(at) = self.one(|order| order.stage == Stage::Waiting) else { return };
        let (bought, order) = &self.orders[at];
        let expected = match order.stage {
            Stage::Waiting if !order.charged => 200,
            Stage::Cancelled | Stage::Failed if order.card => 200,
            Stage::Waiting
            | Stage::Paid
            | Stage::Confirmed
            | Stage::Packed
            | Stage::Shipped
            | Stage::Delivered
            | Stage::Cancelled
            | Stage::Failed => 409,
        };
        let act = Act {
            method: Method::POST,
            path: format!("/api/v1/checkouts/{}/cancel", bought.checkout),
            headers: vec![("cart-token", bought.cart.token.clone()), ("idempotency-key", key())],
            body: json!({}),
        };
        self.tell(format!("order {at} is given up by its shopper"));
        let ended = matches!(self.orders[at].1.stage, Stage::Cancelled | Stage::Failed);
        let answer = self.send(&act).await;
        self.orders[at].1.call_off(Stage::Cancelled);
        // What ended otherwise may be told so: 200 or 409, but nothing moves.
        if answer.status != expected && !ended {
            self.wrong(&format!("order {at}: {expected} was expected, not {}", answer.text));
        }
    }

    fn by_staff(&self, at: usize, verb: &str, body: Value) -> Act {
        Act {
            method: Method::POST,
            path: format!("/api/v1/admin/orders/{}/{verb}", self.orders[at].0.order),
            headers: vec![("authorization", format!("Bearer {}", self.store.token)), ("idempotency-key", key())],
            body,
        }
    }

    /// Staff does something; it must succeed exactly when the model says so.
    async fn staff(&mut self, at: usize, verb: &str, body: Value, allowed: bool) -> bool {
        self.tell(format!("order {at}: staff wants to {verb} {body}"));
        let act = self.by_staff(at, verb, body);
        let answer = self.send(&act).await;
        let done = matches!(answer.status, 200 | 201);
        if done != allowed || (!done && answer.status != 409) {
            self.wrong(&format!("order {at}: {verb} should be allowed: {allowed}; {} {}", answer.status, answer.text));
        }
        done
    }

    async fn cancel(&mut self) {
        let Some(at) = self.one(Order::cancellable) else { return };
        if matches!(self.orders[at].1.stage, Stage::Cancelled | Stage::Failed) || self.refunded(at) {
            return;
        }
        // What turns out to be paid over there is cancelled all the same, and its money goes back.
        let allowed = self.orders[at].1.cancellable();
        if self.staff(at, "cancel", json!({ "reason": "out of season" }), allowed).await {
            self.orders[at].1.cancel();
        }
    }

    async fn pack(&mut self) {
        let Some(at) = self.one(|order| matches!(order.stage, Stage::Paid | Stage::Confirmed)) else { return };
        let allowed = matches!(self.orders[at].1.stage, Stage::Paid | Stage::Confirmed) && !self.refunded(at);
        if self.orders[at].1.stage == Stage::Packed || self.refunded(at) {
            return;
        }
        if self.staff(at, "pack", json!({}), allowed).await {
            self.orders[at].1.stage = Stage::Packed;
        }
    }

    /// Has all of the money been asked back? Whether such an order may go on is not for the model to say.
    fn refunded(&self, at: usize) -> bool {
        let order = &self.orders[at].1;
        order.refunds_minor == order.total_minor
    }

    async fn ship(&mut self) {
        let Some(at) = self.one(|order| order.stage == Stage::Packed) else { return };
        if self.refunded(at) {
            return;
        }
        let allowed = self.orders[at].1.shippable();
        let open: Vec<usize> = (0..self.orders[at].1.lines.len()).filter(|n| self.open(at, *n) > 0).collect();
        let some = self.rng.random_ratio(1, 2);
        let part = open.choose(&mut self.rng).copied().filter(|_| some);
        let body = match part {
            None => json!({ "carrier": "Post", "tracking_number": "RR123456785DE" }),
            Some(n) => json!({ "items": [{ "order_item_id": self.orders[at].1.lines[n].item, "quantity": 1 }] }),
        };
        if self.staff(at, "ship", body, allowed).await {
            let order = &mut self.orders[at].1;
            match part {
                None => order.lines.iter_mut().for_each(|line| line.shipped += line.open()),
                Some(n) => order.lines[n].shipped += 1,
            }
            if order.all_shipped() {
                order.stage = Stage::Shipped;
            }
        }
    }

    fn open(&self, at: usize, n: usize) -> i64 {
        self.orders[at].1.lines[n].open()
    }

    async fn deliver(&mut self) {
        let Some(at) = self.one(|order| order.stage == Stage::Shipped) else { return };
        if matches!(self.orders[at].1.stage, Stage::Delivered | Stage::Packed) || self.refunded(at) {
            return;
        }
        let allowed = self.orders[at].1.stage == Stage::Shipped;
        if self.staff(at, "deliver", json!({}), allowed).await {
            self.orders[at].1.stage = Stage::Delivered;
        }
    }

    async fn refund(&mut self) {
        let Some(at) = self.one(|order| order.card && order.rest_minor() > 0) else { return };
        if !self.orders[at].1.card {
            return;
        }
        let rest = self.orders[at].1.rest_minor();
        let amount = self.rng.random_range(1..=self.orders[at].1.total_minor);
        let body = json!({ "amount_minor": amount, "reason": "did not fit" });
        if self.staff(at, "refunds", body, amount <= rest).await {
            self.orders[at].1.refunds_minor += amount;
            self.until_refunded(at).await;
        }
    }

    /// Some of a line is asked back, and perhaps sent back.
    async fn refund_line(&mut self) {
        let Some(at) = self.one(|order| order.card && order.rest_minor() > 0) else { return };
        if !self.orders[at].1.card {
            return;
        }
        let n = self.rng.random_range(0..self.orders[at].1.lines.len());
        let order = &self.orders[at].1;
        let (rest, line) = (order.rest_minor(), order.lines[n].clone());
        let (quantity, restock) = (self.rng.random_range(1..=line.quantity), self.rng.random_ratio(2, 3));
        let lines = json!([{ "order_item_id": line.item, "quantity": quantity, "restock": restock }]);
        let allowed = quantity <= line.quantity - line.refunded && quantity * line.price_minor <= rest;
        if self.staff(at, "refunds", json!({ "lines": lines, "reason": "too small" }), allowed).await {
            self.orders[at].1.refund_line(n, quantity, restock);
            self.until_refunded(at).await;
        }
    }

    /// The money goes back, though the provider may fail over it.
    async fn until_refunded(&mut self, at: usize) {
        if self.rng.random_ratio(1, 4) {
            let faults = ["drop_reply", "error_executed", "error_not_executed", "rate_limited:1", "drop_request"];
            let fault = *faults.choose(&mut self.rng).unwrap_or(&"drop_reply");
            self.tell(format!("the provider will fail over a refund: {fault}"));
            self.store.platform.spoil_refunds(fault, self.rng.random_range(1..4)).await;
            self.work().await;
            self.store.platform.heal().await;
        }
        let order = &self.orders[at].0.order;
        let open =
            format!("select count(*) from refunds where order_id = '{order}' and status in ('approved', 'processing')");
        for tries in 0..60 {
            self.work().await;
            if self.store.count(&open).await == 0 {
                return;
            }
            if tries > 3 {
                // Nobody is asked while the breaker is open.
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
        self.wrong(&format!("the money of order {at} does not go back"));
    }

    /// Whatever is open is decided; then the store and the provider are compared with the model.
    pub async fn end(&mut self) {
        self.store.platform.heal().await;
        for _ in 0..3 {
            self.wait().await;
        }
        let intents = self.store.platform.intents().await;
        for at in 0..self.orders.len() {
            let seen = self.store.see(&self.orders[at].0).await.expect(200);
            let (bought, order) = &self.orders[at];
            if seen.str("/status") != order.status() {
                self.wrong(&format!("order {at} should be {}, and is {}", order.status(), seen.text));
            }
            if !order.card {
                continue;
            }
            let of_order: Vec<&Value> =
                intents.iter().filter(|intent| intent["metadata"]["souk_order"] == bought.order.as_str()).collect();
            let received: i64 = of_order.iter().filter_map(|intent| intent["amount_received"].as_i64()).sum();
            let charged = if order.charged { order.total_minor } else { 0 };
            if received != charged {
                self.wrong(&format!("order {at}: the provider has {received}, not {charged}"));
            }
            let back = self.given_back(&of_order).await;
            if back != order.refunds_minor {
                self.wrong(&format!("order {at}: the provider gave {back} back, not {}", order.refunds_minor));
            }
        }
        for (n, variant) in self.variants.iter().enumerate() {
            let shipped: i64 = self.orders.iter().map(|(_, order)| order.shipped(n)).sum();
            let reserved: i64 = self.orders.iter().map(|(_, order)| order.reserved(n)).sum();
            let (on_hand, held) = self.store.stock(&variant.id).await;
            if (i64::from(on_hand), i64::from(held)) != (self.delivered[n] - shipped, reserved) {
                let expected = (self.delivered[n] - shipped, reserved);
                self.wrong(&format!("variant {n} should be at {expected:?}, and is at {:?}", (on_hand, held)));
            }
        }
    }

    /// What the provider gave back of these intents.
    async fn given_back(&self, intents: &[&Value]) -> i64 {
        let platform = self.store.platform;
        let mut sum = 0;
        for intent in intents {
            let id = intent["id"].as_str().unwrap_or_default();
            let url = format!("{}/v1/refunds?payment_intent={id}&limit=100", platform.sandbox.url());
            let request = platform.client.get(url).bearer_auth("sk_test_souk_tests_0123456789");
            let refunds: Value = request.send().await.unwrap().json().await.unwrap();
            let refunds = refunds["data"].as_array().cloned().unwrap_or_default();
            let done = refunds.iter().filter(|refund| refund["status"] == "succeeded");
            sum += done.filter_map(|refund| refund["amount"].as_i64()).sum::<i64>();
        }
        sum
    }
}

impl Act {
    fn onto(&self, mut request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        request.json(&self.body)
    }
}
