//! Follow a store that sells: copy all of it, then what changed, until that is little.

use std::time::{Duration, Instant};

use anyhow::ensure;
use futures::{StreamExt, TryStreamExt, stream};
use sqlx::{PgConnection, Row};

use super::{MoveNews, Places, copy};
use crate::tenancy::migrate::{begin, execute, fetch_all};
use crate::tenancy::names::Name;
use crate::tenancy::set::DIGEST;
use crate::tenancy::tables::{Table, tables};

/// Tables in work beside each other.
pub(super) const BESIDE: usize = 2;
/// Rounds at most: a store that is written faster than it is copied is closed all the same.
const ROUNDS: u32 = 5;
/// A round that takes no longer is quick enough.
const QUICK: Duration = Duration::from_secs(2);

/// A key to another table, as it is written in SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reference {
    table: String,
    name: String,
    rule: String,
}

/// Both schemas have the same migrations, so that what is copied fits.
pub(super) async fn same_version(places: Places<'_>, schema: &Name) -> anyhow::Result<()> {
    let mut digests = Vec::new();
    for cluster in [places.from, places.to] {
        let mut tx = begin(&cluster.admin).await?;
        let rows = fetch_all(&mut tx, format!("select {DIGEST} as digest from {schema}._migrations")).await?;
        let digest: String = rows.first().map_or(Ok(String::new()), |row| row.try_get("digest"))?;
        digests.push(digest);
    }
    ensure!(
        digests.first() == digests.last(),
        "the store is behind, or ahead of this program: bring it up to date first with souk fleet migrate"
    );
    Ok(())
}

/// Rows come in any order: keys to other tables stand in the way until all are there.
pub(super) async fn without_references(places: Places<'_>, schema: &Name) -> anyhow::Result<()> {
    let mut tx = begin(&places.to.admin).await?;
    for one in references(&mut tx, schema).await? {
        execute(&mut tx, format!("alter table {schema}.{} drop constraint {}", one.table, one.name)).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// The keys to other tables are there again; what was compared with the source is checked once more later.
pub(super) async fn with_references(places: Places<'_>, schema: &Name) -> anyhow::Result<()> {
    let mut here = begin(&places.from.admin).await?;
    let wanted = references(&mut here, schema).await?;
    let mut there = begin(&places.to.admin).await?;
    let found = references(&mut there, schema).await?;
    for one in wanted.iter().filter(|one| !found.iter().any(|known| known.table == one.table && known.name == one.name))
    {
        let rule = one.rule.trim_end_matches(" NOT VALID");
        let add = format!("alter table {schema}.{} add constraint {} {rule} not valid", one.table, one.name);
        execute(&mut there, add).await?;
    }
    there.commit().await?;
    Ok(())
}

/// Has PostgreSQL check the keys to other tables; writers are not kept waiting.
pub(super) async fn check_references(places: Places<'_>, schema: &Name) -> anyhow::Result<()> {
    let mut tx = begin(&places.to.admin).await?;
    let all = references(&mut tx, schema).await?;
    tx.rollback().await?;
    for one in all.iter().filter(|one| one.rule.ends_with("NOT VALID")) {
        let mut tx = begin(&places.to.admin).await?;
        execute(&mut tx, format!("alter table {schema}.{} validate constraint {}", one.table, one.name)).await?;
        tx.commit().await?;
    }
    Ok(())
}

async fn references(tx: &mut PgConnection, schema: &Name) -> sqlx::Result<Vec<Reference>> {
    // Within the schema names stand without it, so that they mean the same there.
    execute(tx, format!("set local search_path to {schema}")).await?;
    let query = format!(
        "select quote_ident(c.relname) as table, quote_ident(k.conname) as name, pg_get_constraintdef(k.oid) as rule
         from pg_constraint k join pg_class c on c.oid = k.conrelid
         where k.connamespace = '{schema}'::regnamespace and k.contype = 'f' order by 1, 2"
    );
    let rows = fetch_all(tx, query).await?;
    let reference = |row: sqlx::postgres::PgRow| {
        Ok(Reference { table: row.try_get("table")?, name: row.try_get("name")?, rule: row.try_get("rule")? })
    };
    rows.into_iter().map(reference).collect()
}

/// Copies the store while it sells. Returns its tables, and how long the last round took.
pub(super) async fn rounds(
    places: Places<'_>,
    schema: &Name,
    tell: &mut impl FnMut(MoveNews<'_>),
) -> anyhow::Result<(Vec<Table>, Duration)> {
    let mut tx = begin(&places.from.admin).await?;
    let all = tables(&mut tx, schema).await?;
    tx.rollback().await?;
    let mut last = Duration::ZERO;
    for round in 1..=ROUNDS {
        let started = Instant::now();
        let mut copied = stream::iter(&all)
            .map(async |table| anyhow::Ok((table, copy::follow(places, schema, table).await?.copied)))
            .buffer_unordered(BESIDE);
        while let Some((table, rows)) = copied.try_next().await? {
            tell(MoveNews::Copied { round, table: &table.name, rows });
        }
        if round == 1 {
            // Plans are made from the first request on.
            for table in &all {
                let mut tx = begin(&places.to.admin).await?;
                execute(&mut tx, format!("analyze {schema}.{}", table.name)).await?;
                tx.commit().await?;
            }
        }
        let took = started.elapsed();
        if round > 1 && (took <= QUICK || round == ROUNDS) {
            last = took;
            break;
        }
    }
    Ok((all, last))
}
