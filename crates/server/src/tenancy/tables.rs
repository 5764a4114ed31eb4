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
    /// The columns of its primary key, quoted; those of the row where it has none.
    pub key: Vec<String>,
}

/// A store's tables, by name. The table of its migrations is none of its data.
pub async fn tables(tx: &mut PgConnection, schema: &Name) -> sqlx::Result<Vec<Table>> {
    let query = format!(
        "select quote_ident(c.relname) as name,
                array_agg(quote_ident(a.attname) order by a.attname) filter (where a.attgenerated = '') as columns,
                array_agg(quote_ident(a.attname) order by a.attname) filter (where a.attnum = any(k.conkey)) as key
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
        let columns = columns.unwrap_or_default();
        let key: Option<Vec<String>> = row.try_get("key")?;
        Ok(Table { name: row.try_get("name")?, key: key.unwrap_or_else(|| columns.clone()), columns })
    };
    rows.into_iter().map(table).collect()
}
