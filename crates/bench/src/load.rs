//! The closed loop: each shopper checks out one cart after the other.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::dev::Dev;
use crate::figures::Figures;
use crate::prepare::{Cart, Shelf};
use crate::watch::Watched;
use crate::wire::{Ask, Wire};

/// How much load, for how long.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    pub shoppers: usize,
    pub warm_up: Duration,
    pub measured: Duration,
}

/// What a run led to.
#[derive(Debug, Default)]
pub struct Run {
    /// Of answers within the measured time.
    pub figures: Figures,
    /// The measured time.
    pub wall: Duration,
    /// Store and order of every success, warm-up included.
    pub acknowledged: Vec<(usize, String)>,
    /// Answers that were no success, warm-up included.
    pub errors: Vec<String>,
    /// Who took how much of the processor in the measured time.
    pub cpu: String,
}

impl Run {
    /// Orders per second in the measured time.
    pub fn rate(&self) -> f64 {
        self.figures.count() as f64 / self.wall.as_secs_f64().max(0.001)
    }

    /// The errors, and how many of each.
    pub fn error_kinds(&self) -> BTreeMap<&str, usize> {
        let mut kinds = BTreeMap::new();
        for error in &self.errors {
            *kinds.entry(error.as_str()).or_default() += 1;
        }
        kinds
    }
}

/// Checks the carts out for cash, until the time is over or there are none left.
pub async fn checkouts(
    dev: &Dev,
    watched: Watched,
    shelf: &[Shelf],
    carts: Vec<Cart>,
    plan: &Plan,
) -> anyhow::Result<Run> {
    let address = dev.address();
    let (carts, next) = (Arc::new(carts), Arc::new(AtomicUsize::new(0)));
    let hosts: Arc<Vec<String>> = Arc::new(shelf.iter().map(|shelf| shelf.host.clone()).collect());
    let start = Instant::now() + Duration::from_millis(100);
    let (from, until) = (start + plan.warm_up, start + plan.warm_up + plan.measured);
    let mut shoppers = tokio::task::JoinSet::new();
    for _ in 0..plan.shoppers {
        let (carts, next, hosts) = (carts.clone(), next.clone(), hosts.clone());
        let mut wire = Wire::connect(&address).await?;
        shoppers.spawn(async move {
            tokio::time::sleep_until(start.into()).await;
            let mut mine = Run::default();
            while Instant::now() < until {
                let Some(cart) = carts.get(next.fetch_add(1, Ordering::Relaxed)) else { break };
                check_out(&mut wire, &hosts[cart.store], cart, from, &mut mine).await;
            }
            mine
        });
    }
    tokio::time::sleep_until(from.into()).await;
    let (before, began) = (watched.used(), Instant::now());
    let mut run = Run::default();
    // Carts may run out before the time does.
    let mut last = until;
    while let Some(mine) = shoppers.join_next().await {
        let mine = mine?;
        last = last.min(Instant::now());
        run.figures.extend(mine.figures);
        run.acknowledged.extend(mine.acknowledged);
        run.errors.extend(mine.errors);
    }
    let ended = Instant::now();
    run.wall = last.max(began).duration_since(from).max(Duration::from_millis(1));
    run.cpu = watched.used().line(before, ended.duration_since(began));
    Ok(run)
}

async fn check_out(wire: &mut Wire, host: &str, cart: &Cart, from: Instant, run: &mut Run) {
    let key = uuid::Uuid::new_v4().to_string();
    let body = body(&cart.id, "cod");
    let headers = [("cart-token", cart.token.as_str()), ("idempotency-key", key.as_str())];
    let sent = Instant::now();
    let answer = wire.ask("/api/v1/checkouts", Ask { host, headers: &headers, body: Some(&body) }).await;
    let took = sent.elapsed();
    match answer {
        Ok((status, body)) if status.is_success() => {
            run.acknowledged.push((cart.store, order_of(&body)));
            if sent >= from {
                run.figures.add(took);
            }
        }
        Ok((status, body)) => {
            let body: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
            run.errors.push(format!("{} {}", status.as_u16(), body["code"].as_str().unwrap_or("?")));
        }
        Err(error) => run.errors.push(format!("{error:#}")),
    }
}

/// A checkout's body.
pub fn body(cart: &str, payment_method: &str) -> Vec<u8> {
    let body = json!({
        // Another shopper each time: one who orders without end is looked at by a person.
        "cart_id": cart, "email": format!("{cart}@bench.example"), "payment_method": payment_method,
        "shipping_address": {
            "recipient_name": "Bench", "phone": "+49 30 1234567", "line1": "Street 1", "city": "Berlin",
            "postal_code": "10115", "country": "DE",
        },
    });
    body.to_string().into_bytes()
}

/// The order's id, found without reading all of the answer.
fn order_of(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let order = text.split_once("\"order\":{\"id\":\"").map(|(_, rest)| rest);
    order.and_then(|rest| rest.split('"').next()).unwrap_or_default().to_owned()
}
