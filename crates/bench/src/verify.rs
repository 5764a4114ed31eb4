//! Asks the database whether it holds exactly what was acknowledged.

use std::fmt::Write;

use anyhow::{Context, ensure};

use crate::database::Database;
use crate::load::Run;
use crate::prepare::Shelf;

/// How many orders all stores had.
pub async fn state(database: &Database, shelf: &[Shelf]) -> anyhow::Result<i64> {
    let counts: Vec<String> =
        shelf.iter().map(|shelf| format!("select count(*) as n from {}.orders", shelf.schema)).collect();
    let mut sum = 0;
    // A statement over a thousand schemas takes a thousand locks.
    for part in counts.chunks(200) {
        sum += database.number(&format!("select sum(n)::bigint from ({}) as counts", part.join(" union all "))).await?;
    }
    Ok(sum)
}

/// Compares; an error says what does not agree.
pub async fn compare(database: &Database, shelf: &[Shelf], before: &i64, run: &Run) -> anyhow::Result<String> {
    let added = state(database, shelf).await? - before;
    let acknowledged = i64::try_from(run.acknowledged.len())?;
    // What was not answered may have happened.
    let unanswered = run.errors.iter().filter(|error| !error.starts_with('4')).count();
    let most = acknowledged + i64::try_from(unanswered)?;
    ensure!((acknowledged..=most).contains(&added), "{acknowledged} orders were acknowledged, {added} were added");

    let mut script =
        String::from("create temp table acknowledged (schema text, id uuid);\ncopy acknowledged from stdin;\n");
    for (store, order) in &run.acknowledged {
        writeln!(script, "{}\t{order}", shelf[*store].schema)?;
    }
    script.push_str("\\.\ncreate index on acknowledged (schema, id);\nanalyze acknowledged;\n");
    for shelf in shelf {
        write!(script, "{}", QUESTIONS.replace("SCHEMA", &shelf.schema))?;
    }
    let broken = database.run(&script).await?;
    ensure!(broken.trim().is_empty(), "{}", broken.lines().take(5).collect::<Vec<_>>().join("\n"));
    let lines = database
        .number(&format!("select count(*) from {}.order_items", shelf.first().context("no store")?.schema))
        .await?;
    Ok(format!(
        "{acknowledged} acknowledged = {added} added; each is there, numbers have no gap, stock = movements = reservations ({lines} lines in the first store)"
    ))
}

/// Each must find nothing.
const QUESTIONS: &str = "
select 'lost', a.schema, a.id from acknowledged a
    where a.schema = 'SCHEMA' and not exists (select from SCHEMA.orders o where o.id = a.id);
select 'gap', 'SCHEMA' where (select coalesce(max(number), 1000) - 1000 <> count(*) from SCHEMA.orders);
select 'level', 'SCHEMA', l.variant_id from SCHEMA.stock_levels l left join
    (select variant_id, sum(delta_on_hand) as h, sum(delta_reserved) as r from SCHEMA.stock_movements group by 1) m using (variant_id)
    where (l.on_hand, l.reserved) is distinct from (coalesce(m.h, 0)::int, coalesce(m.r, 0)::int) or l.reserved > l.on_hand;
select 'reserved', 'SCHEMA', l.variant_id from SCHEMA.stock_levels l left join
    (select variant_id, sum(quantity - shipped_quantity - released_quantity) as q from SCHEMA.stock_reservations
     where status in ('held', 'committed') group by 1) r using (variant_id)
    where l.reserved is distinct from coalesce(r.q, 0)::int;
select 'lines', 'SCHEMA' where (select coalesce(sum(quantity), 0) from SCHEMA.order_items)
    <> (select coalesce(sum(quantity), 0) from SCHEMA.stock_reservations);
";
