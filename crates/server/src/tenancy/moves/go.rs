//! Go the whole way, or on from where another process left off.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use futures::{StreamExt, TryStreamExt, stream};
use kernel::origin::Origin;
use landlord::moves::{self, Begun, Move, MoveStep, Turn};
use tokio::task::AbortHandle;

use super::{MoveNews, MoveWanted, Moved, Places, clear, copy, fence, follow};
use crate::tenancy::names::Name;
use crate::tenancy::tables::Table;
use crate::tenancy::{Pools, Provisioner};

/// How often whoever is at a move says so.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// Moves a store. The same call goes on with a move that was cut short.
pub async fn move_store(
    pools: &Pools,
    wanted: &MoveWanted,
    mut tell: impl FnMut(MoveNews<'_>),
) -> anyhow::Result<Moved> {
    let mut begun = start(pools, wanted).await?;
    if begun.one.step == MoveStep::Closing {
        // Another process left it closed: it shall sell while it is copied.
        clear::reopen(pools, &begun.one, "whoever was at it did not come back").await?;
        begun = start(pools, wanted).await?;
    }
    let Begun { one, turn } = begun;
    let held = Held::new(pools, turn);
    let outcome = way(pools, wanted, &one, turn, &mut tell).await;
    drop(held);
    if let Err(error) = &outcome {
        // As it was, for whoever tries again. If even that fails, a worker sees to it when the lease is over.
        clear::reopen(pools, &one, &format!("{error:#}")).await?;
    }
    outcome
}

async fn start(pools: &Pools, wanted: &MoveWanted) -> anyhow::Result<Begun> {
    let mut tx = pools.landlord().begin().await?;
    let begun = moves::start(&mut tx, &Origin::system(), wanted.tenant, &wanted.to).await?;
    tx.commit().await?;
    Ok(begun)
}

async fn way(
    pools: &Pools,
    wanted: &MoveWanted,
    one: &Move,
    turn: Turn,
    tell: &mut impl FnMut(MoveNews<'_>),
) -> anyhow::Result<Moved> {
    let (places, schema) = (Places::of(pools, one)?, Name::tenant(one.tenant));
    let keep_days = i32::try_from(wanted.keep_days).unwrap_or(i32::MAX);
    if one.step == MoveStep::Switched {
        clear::put_away(pools, places, one, turn, keep_days).await?;
        return Ok(Moved { rows: 0, window: None });
    }
    tell(MoveNews::Preparing);
    Provisioner::new(pools.clone()).prepare(&one.to, one.tenant).await.context("making the schema there")?;
    follow::same_version(places, &schema).await?;
    follow::without_references(places, &schema).await?;
    let (tables, last_round) = follow::rounds(places, &schema, tell).await?;
    ensure!(
        last_round <= wanted.longest_window,
        "the store could not be written for about {} s, longer than --longest-window allows",
        last_round.as_secs_f64().ceil()
    );
    tell(MoveNews::Closing(last_round));
    let closed = Instant::now();
    let mut tx = pools.landlord().begin().await?;
    moves::close(&mut tx, turn, one).await?;
    tx.commit().await?;
    fence::fence(places.from, &schema).await?;
    let mut lock =
        fence::lock(places.from, &schema, one.tenant, &tables).await.context("waiting for the last writers")?;
    follow::same_version(places, &schema).await?;
    let rows = settle(places, &schema, &tables).await?;
    fence::sequences(places, &schema).await?;
    follow::with_references(places, &schema).await?;
    fence::take_along(places, one.tenant, &mut lock).await.context("taking jobs and news along")?;
    let window = closed.elapsed();
    let mut tx = pools.landlord().begin().await?;
    let window_ms = i64::try_from(window.as_millis()).unwrap_or(i64::MAX);
    moves::switch(&mut tx, &Origin::system(), turn, one, window_ms).await?;
    tx.commit().await?;
    tell(MoveNews::Switched);
    lock.rollback().await?;
    tracing::info!(tenant = %one.tenant, from = one.from, to = one.to, window_ms, rows, "store moved");
    // It lives there, whatever becomes of the rest: a worker goes on with that too.
    if let Err(error) = clear::put_away(pools, places, one, turn, keep_days).await {
        tracing::warn!(tenant = %one.tenant, error = format!("{error:#}"), "what the store left behind is put away later");
    }
    Ok(Moved { rows, window: Some(window) })
}

/// Copies what changed last, and has the sums of all tables compared. Returns how many rows there are.
async fn settle(places: Places<'_>, schema: &Name, tables: &[Table]) -> anyhow::Result<i64> {
    let settled =
        stream::iter(tables).map(|table| copy::settle(places, schema, table)).buffer_unordered(follow::BESIDE);
    settled.try_fold(0, async |rows, one| Ok(rows + one.rows)).await
}

/// Says that we are at it, until dropped.
struct Held(AbortHandle);

impl Held {
    fn new(pools: &Pools, turn: Turn) -> Self {
        let landlord = pools.landlord();
        let beats = tokio::spawn(async move {
            loop {
                tokio::time::sleep(HEARTBEAT).await;
                let held = async {
                    let mut tx = landlord.begin().await?;
                    let held = moves::hold(&mut tx, turn).await?;
                    tx.commit().await?;
                    Ok::<_, sqlx::Error>(held)
                };
                // Who has lost it finds out at the next step.
                if let Ok(false) = held.await {
                    return;
                }
            }
        });
        Self(beats.abort_handle())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.abort();
    }
}
