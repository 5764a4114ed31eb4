//! Look over stores, a few beside each other.

use std::time::Duration;

use commerce::health::{self, Broken, Mended};
use commerce::shop::Shop;
use futures::{StreamExt, stream};
use kernel::origin::Origin;
use landlord::tenants::TenantRow;

use super::{Finding, Report};
use crate::run::Souk;

/// How often, and how many times, it is looked whether events went on their way.
const LOOK_EVERY: Duration = Duration::from_millis(200);
const LOOKS: usize = 25;
/// Stores looked at beside each other.
const BESIDE: usize = 4;

pub(super) async fn examine(
    souk: &Souk,
    stores: Vec<TenantRow>,
    repair: bool,
    report: &mut Report,
    progress: &impl Fn(usize),
) {
    let mut seen = stream::iter(stores)
        .map(|store| async move {
            let looked = one(souk, &store, repair).await;
            looked.unwrap_or_else(|error| (vec![Finding::unreadable(&store.slug, &error)], Vec::new()))
        })
        .buffered(BESIDE);
    while let Some((findings, mended)) = seen.next().await {
        report.stores += 1;
        report.findings.extend(findings);
        report.mended.extend(mended);
        progress(report.stores);
    }
}

/// What is wrong with a store, and what was mended.
async fn one(souk: &Souk, store: &TenantRow, repair: bool) -> anyhow::Result<(Vec<Finding>, Vec<Finding>)> {
    let db = souk.pools.reach(&store.cluster)?.db().tenant(store.id);
    let before = health::examine(&db).await?;
    let finding = |broken: Broken| Finding::of_store(&store.slug, broken);
    if !repair || before.iter().all(|broken| broken.promise.repair.is_none()) {
        return Ok((before.into_iter().map(finding).collect(), Vec::new()));
    }
    let Some(known) = souk.stores.of(store.id).await? else { anyhow::bail!("the store is gone") };
    let shop = souk.stores.open(&known, Origin::system());
    let refused = mend(souk, &shop, &before).await?;
    let after = health::examine(&db).await?;
    let left: Vec<Finding> = after
        .into_iter()
        .map(|broken| {
            let code = broken.promise.code;
            let refused = refused.iter().filter(|(of, _)| *of == code).map(|(_, why)| why.clone()).take(5);
            Finding { refused: refused.collect(), ..finding(broken) }
        })
        .collect();
    let fewer = |was: &Broken| left.iter().find(|is| is.code == was.promise.code).is_none_or(|is| is.count < was.count);
    let mended = before.into_iter().filter(|was| was.promise.repair.is_some() && fewer(was)).map(finding).collect();
    Ok((left, mended))
}

/// Mends what can be mended. Returns what was refused: which promise, and why.
async fn mend(souk: &Souk, shop: &Shop, broken: &[Broken]) -> anyhow::Result<Vec<(&'static str, String)>> {
    let worker = souk.worker();
    let mut refused = Vec::new();
    if broken.iter().any(|broken| broken.promise.code.starts_with("events.")) {
        // Most often nobody is at work. What is still waiting after this has lost its place in the outbox.
        worker.news_of(shop.id).await?;
    }
    for broken in broken {
        for Mended { subject, refused: why } in health::repair(shop, broken.promise).await? {
            tracing::info!(
                event = "health.repair", tenant = %shop.slug, finding = broken.promise.code, subject, refused = why,
                "repair"
            );
            refused.extend(why.map(|why| (broken.promise.code, format!("{subject}: {why}"))));
        }
    }
    // What the repairs told, and what was put on its way again.
    worker.news_of(shop.id).await?;
    for broken in broken.iter().filter(|broken| broken.promise.code.starts_with("events.")) {
        let mut looks = 0;
        while health::ask(&shop.db, broken.promise).await?.is_some() && looks < LOOKS {
            looks += 1;
            // News wait for the oldest transaction that is in flight.
            tokio::time::sleep(LOOK_EVERY).await;
            worker.news_of(shop.id).await?;
        }
    }
    Ok(refused)
}
