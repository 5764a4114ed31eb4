//! The whole journey of a shopper who pays by card: browse, cart, checkout, payment, and the order seen paid.

use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde_json::json;

use crate::database::Database;
use crate::dev::Dev;
use crate::figures::Figures;
use crate::load::{Plan, body};
use crate::platform::text;
use crate::prepare::{self, Shelf};
use crate::verify;
use crate::watch::Watched;
use crate::wire::{Ask, Wire};

const STEPS: [&str; 5] =
    ["browse (list and product)", "cart with three lines", "checkout", "confirm at the provider", "until seen paid"];

#[derive(Default)]
struct Walked {
    whole: Figures,
    steps: [Figures; 5],
    paid: Vec<(usize, String)>,
    errors: Vec<String>,
}

pub async fn run(dev: &Dev, database: &Database, watched: Watched, plan: &Plan) -> anyhow::Result<()> {
    let shelf = prepare::open_stores(dev, 1, 100).await?;
    let store = shelf.first().context("no store")?.clone();
    let before = verify::state(database, &shelf).await?;
    let start = Instant::now() + Duration::from_millis(100);
    let (from, until) = (start + plan.warm_up, start + plan.warm_up + plan.measured);
    let mut shoppers = tokio::task::JoinSet::new();
    for _ in 0..plan.shoppers {
        let (dev, store) = (dev.clone(), store.clone());
        shoppers.spawn(async move {
            let mut shopper = Shopper::connect(&dev).await?;
            tokio::time::sleep_until(start.into()).await;
            let mut walked = Walked::default();
            while Instant::now() < until {
                shopper.walk(&store, from, &mut walked).await;
            }
            anyhow::Ok(walked)
        });
    }
    tokio::time::sleep_until(from.into()).await;
    let (used, began) = (watched.used(), Instant::now());
    let mut all = Walked::default();
    while let Some(walked) = shoppers.join_next().await {
        let walked = walked??;
        all.whole.extend(walked.whole);
        all.steps.iter_mut().zip(walked.steps).for_each(|(all, mine)| all.extend(mine));
        all.paid.extend(walked.paid);
        all.errors.extend(walked.errors);
    }
    let wall = began.elapsed();
    let rate = all.whole.count() as f64 / wall.as_secs_f64();
    println!("journey: {} shoppers, {:.1} s", plan.shoppers, wall.as_secs_f64());
    println!("  paid     {rate:.1}/s  {}  errors {}", all.whole.line(), all.errors.len());
    for (name, figures) in STEPS.iter().zip(&all.steps) {
        println!("  {name:<26} {}", figures.line());
    }
    println!("  cpu      {}", watched.used().line(used, wall));
    println!("  memory   {}", watched.memory());
    if let Some(error) = all.errors.first() {
        println!("  error    {error}");
    }
    let run = crate::load::Run { acknowledged: all.paid, errors: all.errors, ..Default::default() };
    println!("  checked  {}", verify::compare(database, &shelf, &before, &run).await?);
    Ok(())
}

struct Shopper {
    souk: Wire,
    stripe: Wire,
    stripe_host: String,
    publishable_key: String,
}

impl Shopper {
    async fn connect(dev: &Dev) -> anyhow::Result<Self> {
        let sandbox = dev.stripe_sandbox_url.as_deref().context("this platform runs without the Stripe sandbox")?;
        let stripe_host = sandbox.split_once("://").map_or(sandbox, |(_, host)| host).trim_end_matches('/').to_owned();
        Ok(Self {
            souk: Wire::connect(&dev.address()).await?,
            stripe: Wire::connect(&stripe_host.replace("localhost", "127.0.0.1")).await?,
            stripe_host,
            publishable_key: dev.stripe_publishable_key.clone().unwrap_or_default(),
        })
    }

    async fn walk(&mut self, store: &Shelf, from: Instant, walked: &mut Walked) {
        let started = Instant::now();
        let mut marks = Vec::with_capacity(6);
        match self.steps(store, &mut marks).await {
            Ok(order) => {
                walked.paid.push((0, order));
                if started >= from {
                    walked.whole.add(started.elapsed());
                    let mut last = started;
                    for (figures, mark) in walked.steps.iter_mut().zip(marks) {
                        figures.add(mark - last);
                        last = mark;
                    }
                }
            }
            Err(error) => walked.errors.push(format!("{error:#}")),
        }
    }

    async fn steps(&mut self, store: &Shelf, marks: &mut Vec<Instant>) -> anyhow::Result<String> {
        let plain = Ask { host: &store.host, headers: &[], body: None };
        self.souk.expect("/api/v1/products", plain).await?;
        self.souk.expect(&format!("/api/v1/products/{}", store.handle), plain).await?;
        marks.push(Instant::now());

        let cart = prepare::fill(&mut self.souk, store, 0).await?;
        marks.push(Instant::now());

        let key = uuid::Uuid::new_v4().to_string();
        let headers = [("cart-token", cart.token.as_str()), ("idempotency-key", key.as_str())];
        let ask = Ask { host: &store.host, headers: &headers, body: Some(&body(&cart.id, "card")) };
        let bought = self.souk.expect("/api/v1/checkouts", ask).await?;
        marks.push(Instant::now());

        self.confirm(&text(&bought, "/payment/client_secret")?).await?;
        marks.push(Instant::now());

        let (order, token) = (text(&bought, "/order/id")?, text(&bought, "/order/token")?);
        self.see_paid(store, &order, &token).await?;
        marks.push(Instant::now());
        Ok(order)
    }

    /// As a browser does, with the publishable key.
    async fn confirm(&mut self, secret: &str) -> anyhow::Result<()> {
        let intent = secret.split("_secret").next().unwrap_or_default();
        let form = format!(
            "key={}&client_secret={secret}&payment_method=pm_card_visa&return_url=https%3A%2F%2Fexample.com",
            self.publishable_key
        );
        let path = format!("/v1/payment_intents/{intent}/confirm");
        let (status, answer) = self.stripe.form(&path, &self.stripe_host, form).await?;
        if !status.is_success() {
            bail!("{path}: {status} {}", String::from_utf8_lossy(&answer));
        }
        Ok(())
    }

    async fn see_paid(&mut self, store: &Shelf, order: &str, token: &str) -> anyhow::Result<()> {
        let headers = [("order-token", token)];
        let started = Instant::now();
        loop {
            let ask = Ask { host: &store.host, headers: &headers, body: None };
            let seen = self.souk.expect(&format!("/api/v1/orders/{order}"), ask).await?;
            match seen["status"].as_str() {
                Some("paid") => return Ok(()),
                Some("awaiting_payment") if started.elapsed() < Duration::from_secs(30) => {
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
                status => bail!("order {order} is {}", json!(status)),
            }
        }
    }
}
