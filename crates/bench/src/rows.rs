//! How many rows an order writes, on both sides: the ratio means something only if they are the same.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::database::Database;

/// Rows that were inserted and updated, by table.
#[derive(Debug, Clone, Default)]
pub struct Rows(BTreeMap<String, [i64; 2]>);

/// What PostgreSQL has counted so far in the schemas that match a regular expression.
pub async fn written(database: &Database, schemas: &str) -> anyhow::Result<Rows> {
    // A backend tells what it has done when it is idle, once a second.
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let query = format!(
        "select relname, sum(n_tup_ins), sum(n_tup_upd) from pg_stat_user_tables
         where schemaname ~ '{schemas}' group by 1 having sum(n_tup_ins) + sum(n_tup_upd) > 0 order by 1"
    );
    let mut rows = BTreeMap::new();
    for line in database.run(&query).await?.lines() {
        let mut parts = line.split('|');
        let (Some(table), Some(inserted), Some(updated)) = (parts.next(), parts.next(), parts.next()) else { continue };
        rows.insert(table.to_owned(), [inserted.parse()?, updated.parse()?]);
    }
    Ok(Rows(rows))
}

impl Rows {
    /// What was written since, for each of so many orders.
    pub fn per_order(&self, before: &Rows, orders: usize) -> BTreeMap<String, [f64; 2]> {
        let before = |table: &str| before.0.get(table).copied().unwrap_or_default();
        let each = |after: i64, before: i64| (after - before) as f64 / orders.max(1) as f64;
        let tables = self.0.iter().map(|(table, [inserted, updated])| {
            let [inserted_before, updated_before] = before(table);
            (table.clone(), [each(*inserted, inserted_before), each(*updated, updated_before)])
        });
        tables.filter(|(_, rows)| rows.iter().any(|rows| *rows >= 0.005)).collect()
    }
}

/// One line: `orders 1, order_items 3, carts 0+1` (inserted, and updated where anything was).
pub fn line(rows: &BTreeMap<String, [f64; 2]>) -> String {
    let number = |rows: f64| format!("{rows:.2}").trim_end_matches('0').trim_end_matches('.').to_owned();
    let tables = rows.iter().map(|(table, [inserted, updated])| match number(*updated).as_str() {
        "0" => format!("{table} {}", number(*inserted)),
        updated => format!("{table} {}+{updated}", number(*inserted)),
    });
    tables.collect::<Vec<_>>().join(", ")
}
