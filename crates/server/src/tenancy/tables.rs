//! The tables of a store as its schema has them: what is summed, copied and compared.

use sqlx::{PgConnection, Row};

use super::migrate::fetch_all;
use super::names::Name;

/// One table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name inside the schema, quoted.
    pub name: String,
    /// What is stored in it, quoted, by name: the order in which columns were added says nothing. Columns that
    /// PostgreSQL reckons from others are left out.
    pub columns: Vec<String>,
    /// The first column of its primary key, quoted, with its type; where it has none, nothing.
    pub key: Option<(String, String)>,
}

/// A store's tables, by name. The table of its migrations is none of its data.
pub async fn tables(tx: &mut PgConnection, schema: &Name) -> sqlx::Result<Vec<Table>> {
    let query = format!(
        "select quote_ident(c.relname) as name,
                array_agg(quote_ident(a.attname) order by a.attname) filter (where a.attgenerated = '') as columns,
                max(quote_ident(a.attname)) filter (where a.attnum = k.conkey[1]) as key,
                max(format_type(a.atttypid, null)) filter (where a.attnum = k.conkey[1]) as key_type
         from pg_class c
         join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
         left join pg_constraint k on k.conrelid = c.oid and k.contype = 'p'
         where c.relnamespace = '{schema}'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
           and c.relname <> '_migrations'
         group by c.relname order by c.relname"
    );
    let rows = fetch_all(tx, query).await?;
    let table = |row: sqlx::postgres::PgRow| {
        let columns: Option<Vec<String>> = row.try_get("columns")?;
        let (key, kind): (Option<String>, Option<String>) = (row.try_get("key")?, row.try_get("key_type")?);
        Ok(Table { name: row.try_get("name")?, columns: columns.unwrap_or_default(), key: key.zip(kind) })
    };
    rows.into_iter().map(table).collect()
}
