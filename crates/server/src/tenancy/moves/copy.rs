//! Make a table there what it is here: by pieces, so that only what differs is copied.

use std::collections::BTreeMap;

use anyhow::Context;
use futures::StreamExt;
use sqlx::{PgConnection, PgPool};

use super::Places;
use crate::tenancy::checksum::{Sum, piece_of, pieces, settle_text};
use crate::tenancy::migrate::{begin, execute};
use crate::tenancy::names::Name;
use crate::tenancy::tables::Table;

/// Bytes sent at once.
const SEND: usize = 64 * 1024;
/// Bytes in one transaction there: events of that cluster's stores wait for the oldest transaction.
const TOGETHER: usize = 8 * 1024 * 1024;

/// What it took to make a table the same.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Copied {
    /// Rows that were copied.
    pub(super) copied: u64,
    /// Rows that the table has.
    pub(super) rows: i64,
}

/// Copies what differs in a table as it stands here at this moment.
pub(super) async fn follow(places: Places<'_>, schema: &Name, table: &Table) -> anyhow::Result<Copied> {
    let (here, there) = compare(places, schema, table).await?;
    let rows = here.values().map(|sum| sum.rows).sum();
    let copied = mend(places, schema, table, &here, &there).await?;
    Ok(Copied { copied, rows })
}

/// The same for a table that nobody writes: afterwards its sums are compared, and must be equal.
pub(super) async fn settle(places: Places<'_>, schema: &Name, table: &Table) -> anyhow::Result<Copied> {
    let (here, there) = compare(places, schema, table).await?;
    let rows = here.values().map(|sum| sum.rows).sum();
    if here == there {
        return Ok(Copied { copied: 0, rows });
    }
    let copied = mend(places, schema, table, &here, &there).await?;
    let mut tx = begin(&places.to.admin).await?;
    let after = pieces(&mut tx, schema, table).await?;
    anyhow::ensure!(here == after, "the sums of {} differ after it was copied", table.name);
    Ok(Copied { copied, rows })
}

type Pieces = BTreeMap<i64, Sum>;

async fn compare(places: Places<'_>, schema: &Name, table: &Table) -> sqlx::Result<(Pieces, Pieces)> {
    let sums = async |pool: &PgPool| {
        let mut tx = begin(pool).await?;
        pieces(&mut tx, schema, table).await
    };
    let (here, there) = tokio::join!(sums(&places.from.admin), sums(&places.to.admin));
    Ok((here?, there?))
}

async fn mend(places: Places<'_>, schema: &Name, table: &Table, here: &Pieces, there: &Pieces) -> anyhow::Result<u64> {
    let differ: Vec<i64> = here
        .keys()
        .chain(there.keys().filter(|piece| !here.contains_key(piece)))
        .filter(|piece| here.get(piece) != there.get(piece))
        .copied()
        .collect();
    if differ.is_empty() {
        return Ok(0);
    }
    let rows = |pieces: &Pieces, which: &dyn Fn(&i64) -> bool| -> i64 {
        pieces.iter().filter(|(piece, _)| which(piece)).map(|(_, sum)| sum.rows).sum()
    };
    let mut tx = begin(&places.to.admin).await?;
    settle_text(&mut tx).await?;
    let most = rows(here, &|piece| differ.binary_search(piece).is_ok()) * 2 > rows(here, &|_| true);
    let among = if most {
        execute(&mut tx, format!("truncate {schema}.{}", table.name)).await?;
        String::new()
    } else {
        let list: Vec<String> = differ.iter().map(i64::to_string).collect();
        let among = format!(" where {} = any('{{{}}}'::bigint[])", piece_of(table), list.join(","));
        execute(&mut tx, format!("delete from {schema}.{}{among}", table.name)).await?;
        among
    };
    tx.commit().await?;
    let columns = table.columns.join(", ");
    let from = format!("select {columns} from {schema}.{}{among}", table.name);
    let mut here = begin(&places.from.admin).await?;
    settle_text(&mut here).await?;
    let copied = stream(&mut here, &from, &places.to.admin, &format!("{schema}.{} ({columns})", table.name)).await;
    copied.with_context(|| format!("copying {}", table.name))
}

/// Streams what a query finds into a table there, some megabytes to a transaction. Returns how many rows.
pub(super) async fn stream(here: &mut PgConnection, from: &str, there: &PgPool, into: &str) -> anyhow::Result<u64> {
    let mut rows = here.copy_out_raw(&format!("copy ({from}) to stdout")).await?;
    let statement = format!("copy {into} from stdin");
    let (mut count, mut more) = (0, true);
    while more {
        let mut tx = begin(there).await?;
        settle_text(&mut tx).await?;
        let mut sink = tx.copy_in_raw(&statement).await?;
        let (mut buffer, mut sent) = (Vec::with_capacity(SEND + 4096), 0);
        let outcome = loop {
            match rows.next().await {
                Some(Ok(row)) => buffer.extend_from_slice(&row),
                Some(Err(error)) => break Err(error),
                None => {
                    more = false;
                    break Ok(());
                }
            }
            if buffer.len() >= SEND {
                sent += buffer.len();
                if let Err(error) = sink.send(std::mem::take(&mut buffer)).await {
                    break Err(error);
                }
                // A message is a row: the next one goes into the next transaction whole.
                if sent >= TOGETHER {
                    break Ok(());
                }
            }
        };
        if let Err(error) = outcome {
            // The connection is closed rather than given back if even that fails.
            let _ = sink.abort("the source failed").await;
            return Err(error.into());
        }
        if !buffer.is_empty() {
            sink.send(buffer).await?;
        }
        count += sink.finish().await?;
        tx.commit().await?;
    }
    Ok(count)
}
