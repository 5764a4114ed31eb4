//! How long a shopper waits for what was put into a cart, in a store with promotions and taxes.

use std::time::{Duration, Instant};

use anyhow::Context;
use rand::seq::IndexedRandom;
use serde_json::json;

use crate::dev::Dev;
use crate::figures::Figures;
use crate::load::Plan;
use crate::platform::{Platform, text};
use crate::prepare::{self, Shelf};
use crate::watch::Watched;
use crate::wire::{Ask, Wire};

/// Lines of a cart before the shopper takes another.
const LINES: usize = 8;

/// Fills carts line by line until the time is over.
pub async fn run(dev: &Dev, watched: Watched, promotions: usize, plan: &Plan) -> anyhow::Result<()> {
    let platform = Platform::at(&dev.platform_url)?;
    let (shelf, store) = prepare::open_store(&platform, 100).await?;
    for n in 0..promotions {
        // By percent and fixed, and not every cart reaches each minimum: all have to be looked at.
        let mut promotion =
            json!({ "title": format!("Bench {n}"), "combines": true, "minimum_subtotal_minor": 500 * n });
        if n % 2 == 0 {
            promotion["kind"] = json!("percent");
            promotion["percent"] = json!(1 + n % 3);
        } else {
            promotion["kind"] = json!("fixed");
            promotion["amount_minor"] = json!(50 + n);
        }
        platform.send(Some(&store), "/api/v1/admin/promotions", Some(&promotion)).await?;
    }
    for (name, country, percent) in [("VAT", "DE", "19"), ("TVA", "FR", "20"), ("IVA", "IT", "22")] {
        let rate = json!({ "title": name, "country": country, "percent": percent, "inclusive": true });
        platform.send(Some(&store), "/api/v1/admin/tax-rates", Some(&rate)).await?;
    }
    let start = Instant::now() + Duration::from_millis(100);
    let (from, until) = (start + plan.warm_up, start + plan.warm_up + plan.measured);
    let mut shoppers = tokio::task::JoinSet::new();
    for _ in 0..plan.shoppers {
        let (shelf, mut wire) = (shelf.clone(), Wire::connect(&dev.address()).await?);
        shoppers.spawn(async move {
            tokio::time::sleep_until(start.into()).await;
            let mut added = Figures::default();
            while Instant::now() < until {
                fill(&mut wire, &shelf, from, &mut added).await?;
            }
            anyhow::Ok(added)
        });
    }
    tokio::time::sleep_until(from.into()).await;
    let (used, began) = (watched.used(), Instant::now());
    let mut added = Figures::default();
    while let Some(mine) = shoppers.join_next().await {
        added.extend(mine??);
    }
    let wall = began.elapsed();
    println!("cart: {} shoppers, {promotions} promotions, taxes, {:.1} s", plan.shoppers, wall.as_secs_f64());
    println!("  added    {:.0}/s  {}", added.count() as f64 / wall.as_secs_f64(), added.line());
    println!("  cpu      {}", watched.used().line(used, wall));
    println!("  memory   {}", watched.memory());
    Ok(())
}

/// A cart, line by line. Every answer must show that the promotions were counted.
async fn fill(wire: &mut Wire, shelf: &Shelf, from: Instant, added: &mut Figures) -> anyhow::Result<()> {
    let chosen: Vec<&String> = shelf.variants.sample(&mut rand::rng(), LINES).collect();
    let ask = Ask { host: &shelf.host, headers: &[], body: Some(b"{}") };
    let cart = wire.expect("/api/v1/carts", ask).await?;
    let (path, token) = (format!("/api/v1/carts/{}/items", text(&cart, "/id")?), text(&cart, "/token")?);
    let headers = [("cart-token", token.as_str())];
    for variant in chosen {
        let line = json!({ "variant_id": variant, "quantity": 1 }).to_string();
        let sent = Instant::now();
        let seen =
            wire.expect(&path, Ask { host: &shelf.host, headers: &headers, body: Some(line.as_bytes()) }).await?;
        if sent >= from {
            added.add(sent.elapsed());
        }
        seen["discount_minor"].as_i64().filter(|discount| *discount > 0).context("no promotion was counted")?;
    }
    Ok(())
}
