//! Sums over a store's data: two schemas with the same sums hold the same rows.
//!
//! PostgreSQL adds up a hash of every row while it reads the table once, so the order of rows says nothing and a large
//! table takes no memory. A row is hashed as text under settings that are always the same: the sum is the same on every
//! server, also years later.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, Row};

use super::migrate::{execute, fetch_all};
use super::names::Name;
use super::tables::{Table, tables};

/// The sum over one table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sum {
    /// Its rows.
    pub rows: i64,
    /// The hashes of its rows, added up: a whole number in decimal digits.
    pub sum: String,
}

/// The sums over a store's tables, by table.
pub type Sums = BTreeMap<String, Sum>;

/// Sums all tables of a store, except that of its migrations. `seen` hears of each table that is done. For both sides
/// of a comparison to mean the same moment, the transaction must be `repeatable read`, or nobody may write.
pub async fn checksum(tx: &mut PgConnection, schema: &Name, mut seen: impl FnMut(&str)) -> sqlx::Result<Sums> {
    settle_text(tx).await?;
    let mut sums = Sums::new();
    for table in tables(tx, schema).await? {
        let query = format!("select count(*) as rows, {} as sum from {schema}.{}", total(&table), table.name);
        if let Some(row) = fetch_all(tx, query).await?.first() {
            sums.insert(table.name.clone(), Sum { rows: row.try_get("rows")?, sum: row.try_get("sum")? });
        }
        seen(&table.name);
    }
    Ok(sums)
}

/// One table's sum, piece by piece: which piece a row belongs to stands in its key.
pub(super) async fn pieces(tx: &mut PgConnection, schema: &Name, table: &Table) -> sqlx::Result<BTreeMap<i64, Sum>> {
    settle_text(tx).await?;
    let (piece, sum) = (piece_of(table), total(table));
    let query =
        format!("select {piece} as piece, count(*) as rows, {sum} as sum from {schema}.{} group by 1", table.name);
    let rows = fetch_all(tx, query).await?;
    let piece = |row: &sqlx::postgres::PgRow| {
        Ok((row.try_get("piece")?, Sum { rows: row.try_get("rows")?, sum: row.try_get("sum")? }))
    };
    rows.iter().map(piece).collect()
}

/// Which piece a row belongs to, as SQL. Rows that were made together are in one piece, so that what is added to a table
/// while it is copied changes few: ids begin with the time, 17 minutes of it to a piece, and numbers go up.
pub(super) fn piece_of(table: &Table) -> String {
    match table.key.as_ref().map(|(column, kind)| (column, kind.as_str())) {
        Some((column, "uuid")) => format!("('x' || substr({column}::text, 1, 7))::bit(28)::bigint"),
        Some((column, "bigint" | "integer" | "smallint")) => format!("({column} / 1024)::bigint"),
        Some((column, _)) => format!("('x' || substr(md5({column}::text), 1, 2))::bit(8)::bigint"),
        None => "0::bigint".to_owned(),
    }
}

/// What differs between two sums, in words; nothing when they are the same.
pub fn differences(expected: &Sums, found: &Sums) -> Vec<String> {
    let names: std::collections::BTreeSet<&String> = expected.keys().chain(found.keys()).collect();
    let differs = |name: &String| match (expected.get(name), found.get(name)) {
        (Some(one), Some(other)) if one == other => None,
        (Some(one), Some(other)) if one.rows == other.rows => Some(format!("{name}: {} rows, not the same", one.rows)),
        (Some(one), Some(other)) => Some(format!("{name}: {} rows expected, {} found", one.rows, other.rows)),
        (Some(_), None) => Some(format!("{name}: is missing")),
        (None, Some(_)) => Some(format!("{name}: is not expected")),
        (None, None) => None,
    };
    names.into_iter().filter_map(differs).collect()
}

fn total(table: &Table) -> String {
    let row = table.columns.join(", ");
    format!("coalesce(sum(('x' || substr(md5(row({row})::text), 1, 16))::bit(64)::bigint), 0)::text")
}

/// Values become text in one way, whatever the server's or the login's settings are, until the transaction ends.
pub(super) async fn settle_text(tx: &mut PgConnection) -> sqlx::Result<()> {
    let settings = "set local timezone to 'UTC'; set local datestyle to 'ISO, YMD'; \
                    set local intervalstyle to 'iso_8601'; set local bytea_output to 'hex'; \
                    set local extra_float_digits to 1; set local statement_timeout to 0";
    execute(tx, settings.to_owned()).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sums(pairs: &[(&str, i64, &str)]) -> Sums {
        pairs
            .iter()
            .map(|(name, rows, sum)| ((*name).to_owned(), Sum { rows: *rows, sum: (*sum).to_owned() }))
            .collect()
    }

    #[test]
    fn every_difference_is_named() {
        let one = sums(&[("a", 1, "7"), ("b", 2, "8"), ("c", 3, "9"), ("d", 0, "0")]);
        let other = sums(&[("a", 1, "7"), ("b", 2, "-8"), ("c", 4, "9"), ("e", 0, "0")]);
        assert!(differences(&one, &one).is_empty());
        assert_eq!(
            differences(&one, &other),
            ["b: 2 rows, not the same", "c: 3 rows expected, 4 found", "d: is missing", "e: is not expected"]
        );
    }
}
