//! Clear up: what a move has left behind, and moves that were cut short.

use anyhow::Context;
use kernel::id::TenantId;
use kernel::origin::Origin;
use landlord::moves::{self, Begun, Move, MoveError, MoveStep, Turn};

use super::{Places, fence, follow};
use crate::tenancy::migrate::{begin, execute};
use crate::tenancy::names::Name;
use crate::tenancy::provision::user;
use crate::tenancy::{Cluster, Pools};

/// Puts away what is left where the store was: its schema under another name, and nothing in the shared tables.
pub(super) async fn put_away(
    pools: &Pools,
    places: Places<'_>,
    one: &Move,
    turn: Turn,
    keep_days: i32,
) -> anyhow::Result<()> {
    let schema = Name::tenant(one.tenant);
    let mut tx = begin(&places.from.admin).await?;
    if fence::exists(&mut tx, &schema).await? {
        let user = user(places.from, &schema);
        execute(&mut tx, format!("revoke usage on schema {schema} from {user}")).await?;
        execute(&mut tx, format!("revoke all on all tables in schema {schema} from {user}")).await?;
        execute(&mut tx, format!("alter schema {schema} rename to {}", Name::left_behind(one.tenant, one.id))).await?;
    }
    tx.commit().await?;
    fence::forget(places.from, one.tenant).await?;
    follow::check_references(places, &schema).await?;
    let mut tx = pools.landlord().begin().await?;
    moves::finish(&mut tx, turn, keep_days).await?;
    tx.commit().await?;
    Ok(())
}

/// Lets the store be written where it was, unless it lives elsewhere by now. The right comes back before the landlord
/// says so: nobody else is at the move as long as its lease is ours.
pub(super) async fn reopen(pools: &Pools, one: &Move, error: &str) -> anyhow::Result<()> {
    let mut tx = pools.landlord().begin().await?;
    let now = moves::last(&mut tx, one.tenant).await?.filter(|now| now.is_still(one));
    tx.commit().await?;
    let Some(now) = now else { return Ok(()) };
    match now.step {
        MoveStep::Copying | MoveStep::Closing => {}
        MoveStep::Switched | MoveStep::Done | MoveStep::Cancelled => return Ok(()),
    }
    if now.step == MoveStep::Closing {
        let from = pools.reach(&one.from)?;
        fence::unfence(from, &Name::tenant(one.tenant)).await.context("giving the store its rights back")?;
    }
    let mut tx = pools.landlord().begin().await?;
    moves::reopen(&mut tx, one, error).await?;
    tx.commit().await?;
    Ok(())
}

/// Goes through moves that nobody is at any more: those that had switched are finished, the others reopened; and drops
/// what others have left behind and kept long enough.
pub async fn tend_moves(pools: &Pools, keep_days: u32) -> anyhow::Result<()> {
    loop {
        let mut tx = pools.landlord().begin().await?;
        let found = moves::abandoned(&mut tx).await?;
        tx.commit().await?;
        let Some(Begun { one, turn }) = found else { break };
        if one.step == MoveStep::Switched {
            let keep_days = i32::try_from(keep_days).unwrap_or(i32::MAX);
            put_away(pools, Places::of(pools, &one)?, &one, turn, keep_days).await?;
        } else {
            reopen(pools, &one, "whoever was at it did not come back").await?;
        }
        tracing::warn!(tenant = %one.tenant, step = one.step.name(), "a move that was cut short was cleared up");
    }
    drop_kept(pools, None).await?;
    Ok(())
}

/// Drops what the moves of a store have left behind, now. Returns how many schemas that were.
pub async fn purge_moved(pools: &Pools, tenant: TenantId) -> anyhow::Result<usize> {
    drop_kept(pools, Some(tenant)).await
}

async fn drop_kept(pools: &Pools, only: Option<TenantId>) -> anyhow::Result<usize> {
    let mut tx = pools.landlord().begin().await?;
    let kept = moves::kept(&mut tx, only).await?;
    tx.commit().await?;
    let mut count = 0;
    for one in kept {
        let from = pools.reach(&one.from)?;
        let mut tx = begin(&from.admin).await?;
        execute(&mut tx, format!("drop schema if exists {} cascade", Name::left_behind(one.tenant, one.id))).await?;
        tx.commit().await?;
        drop_role(from, one.tenant).await;
        let mut tx = pools.landlord().begin().await?;
        moves::purged(&mut tx, one.id).await?;
        tx.commit().await?;
        count += 1;
    }
    Ok(count)
}

/// Calls off a move that has not switched: what was copied is dropped, the store stays where it is.
pub async fn cancel_move(pools: &Pools, tenant: TenantId) -> anyhow::Result<()> {
    let mut tx = pools.landlord().begin().await?;
    let last = moves::last(&mut tx, tenant).await?.filter(|one| match one.step {
        MoveStep::Copying | MoveStep::Closing => true,
        MoveStep::Switched | MoveStep::Done | MoveStep::Cancelled => false,
    });
    let to = last.ok_or(MoveError::TooLate)?.to;
    let Begun { one, .. } = moves::start(&mut tx, &Origin::system(), tenant, &to).await?;
    tx.commit().await?;
    reopen(pools, &one, "called off").await?;
    let mut tx = pools.landlord().begin().await?;
    let Begun { one, turn } = moves::start(&mut tx, &Origin::system(), tenant, &to).await?;
    tx.commit().await?;
    let there = pools.reach(&one.to)?;
    let mut tx = begin(&there.admin).await?;
    execute(&mut tx, format!("drop schema if exists {} cascade", Name::tenant(tenant))).await?;
    tx.commit().await?;
    fence::forget(there, tenant).await?;
    drop_role(there, tenant).await;
    let mut tx = pools.landlord().begin().await?;
    moves::cancel(&mut tx, &Origin::system(), turn, &one).await?;
    tx.commit().await?;
    Ok(())
}

/// Drops the store's role, unless it is of use: roles belong to a whole server, on which both clusters may be.
async fn drop_role(cluster: &Cluster, tenant: TenantId) {
    if !cluster.tenant_roles() {
        return;
    }
    let dropped = async {
        let mut tx = begin(&cluster.admin).await?;
        execute(&mut tx, format!("drop role if exists {}", Name::tenant(tenant))).await?;
        tx.commit().await
    };
    if let Err(error) = dropped.await {
        tracing::debug!(%error, "the role stays");
    }
}
