//! What must be there before the clock starts: stores with goods, and filled carts.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::ensure;
use futures::{StreamExt, TryStreamExt};
use rand::seq::IndexedRandom;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::database::Database;
use crate::dev::Dev;
use crate::platform::{Platform, Store, text};
use crate::wire::{Ask, Wire};

/// Enough of each variant for any run.
const PLENTY: i64 = 900_000;

/// A store with goods in it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Shelf {
    pub host: String,
    pub schema: String,
    pub variants: Vec<String>,
    pub handle: String,
}

/// A filled cart.
#[derive(Debug, Clone)]
pub struct Cart {
    /// Place of its store.
    pub store: usize,
    pub id: String,
    pub token: String,
}

/// The stores of an earlier run.
pub fn kept(file: &Path, stores: usize, variants: usize) -> anyhow::Result<Vec<Shelf>> {
    let shelf: Vec<Shelf> = serde_json::from_slice(&std::fs::read(file)?)?;
    let fits = shelf.len() >= stores && shelf.iter().all(|shelf| shelf.variants.len() == variants);
    ensure!(fits, "{} holds {} stores that do not fit this case: name another file", file.display(), shelf.len());
    Ok(shelf.into_iter().take(stores).collect())
}

/// Opens stores, each with one product of so many variants.
pub async fn open_stores(dev: &Dev, stores: usize, variants: usize) -> anyhow::Result<Vec<Shelf>> {
    let platform = Platform::at(&dev.platform_url)?;
    let done = AtomicUsize::new(0);
    let shelves = futures::stream::iter(0..stores).map(|_| async {
        let shelf = open_store(&platform, variants).await.map(|(shelf, _)| shelf);
        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
        if done.is_multiple_of(100) {
            eprintln!("{done} of {stores} stores opened");
        }
        shelf
    });
    shelves.buffer_unordered(4).try_collect().await
}

/// Opens a store with one product of so many variants.
pub async fn open_store(platform: &Platform, variants: usize) -> anyhow::Result<(Shelf, Store)> {
    let store = platform.sign_up().await?;
    let goods: Vec<_> = (1..=variants)
        .map(|n| json!({ "sku": format!("BENCH-{n}"), "title": format!("Size {n}"), "price_minor": 1000 + n, "options": { "size": n.to_string() } }))
        .collect();
    let product = json!({ "title": "Bench", "status": "active", "variants": goods });
    let product = platform.send(Some(&store), "/api/v1/admin/products", Some(&product)).await?;
    let ids: Vec<String> =
        (0..variants).map(|n| text(&product, &format!("/variants/{n}/id"))).collect::<anyhow::Result<_>>()?;
    for id in &ids {
        deliver(platform, &store, id).await?;
    }
    let (schema, host) = (store.schema.clone(), store.host.clone());
    Ok((Shelf { schema, host, variants: ids, handle: text(&product, "/handle")? }, store))
}

async fn deliver(platform: &Platform, store: &Store, variant: &str) -> anyhow::Result<()> {
    let delivery = json!({ "delta": PLENTY, "reason": "bench" });
    platform.send(Some(store), &format!("/api/v1/admin/variants/{variant}/stock"), Some(&delivery)).await?;
    Ok(())
}

/// Fills carts with three different variants each, the stores in turn.
pub async fn fill_carts(dev: &Dev, shelf: &[Shelf], carts: usize, shoppers: usize) -> anyhow::Result<Vec<Cart>> {
    let (next, shelf, address) = (Arc::new(AtomicUsize::new(0)), Arc::new(shelf.to_vec()), dev.address());
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..shoppers {
        let (next, shelf) = (next.clone(), shelf.clone());
        let mut wire = Wire::connect(&address).await?;
        tasks.spawn(async move {
            let mut mine = Vec::new();
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                if at >= carts {
                    return anyhow::Ok(mine);
                }
                let store = at % shelf.len();
                mine.push((at, fill(&mut wire, &shelf[store], store).await?));
            }
        });
    }
    let mut filled = Vec::with_capacity(carts);
    while let Some(mine) = tasks.join_next().await {
        filled.extend(mine??);
    }
    filled.sort_by_key(|(at, _)| *at);
    Ok(filled.into_iter().map(|(_, cart)| cart).collect())
}

/// Fills one cart with three different variants.
pub async fn fill(wire: &mut Wire, shelf: &Shelf, store: usize) -> anyhow::Result<Cart> {
    let chosen: Vec<&String> = shelf.variants.sample(&mut rand::rng(), 3).collect();
    let items: Vec<_> = chosen.into_iter().map(|id| json!({ "variant_id": id, "quantity": 1 })).collect();
    let body = json!({ "items": items }).to_string();
    let ask = Ask { host: &shelf.host, headers: &[], body: Some(body.as_bytes()) };
    let cart = wire.expect("/api/v1/carts", ask).await?;
    Ok(Cart { store, id: text(&cart, "/id")?, token: text(&cart, "/token")? })
}

/// Takes goods away, with their movements, until so many of each variant are left.
pub async fn leave(database: &Database, shelf: &Shelf, left: usize) -> anyhow::Result<()> {
    let schema = &shelf.schema;
    database
        .run(&format!(
            "begin; set local search_path to {schema};
             insert into stock_movements (variant_id, delta_on_hand, delta_reserved, reason, reference_type, actor)
             select variant_id, {left} - available, 0, 'bench', 'adjustment', '{{\"kind\": \"system\"}}' from stock_levels
             where available <> {left};
             update stock_levels set on_hand = reserved + {left};
             commit;"
        ))
        .await?;
    Ok(())
}
