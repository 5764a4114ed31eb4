//! A tenant's view of a connection: each statement is prepared once for each tenant.
//!
//! PostgreSQL plans a prepared statement anew whenever it meets another `search_path` than the last time, which on a
//! connection that serves many stores is nearly always. Here every statement begins with a comment that names the
//! schema. So sqlx, which keeps prepared statements by their text, keeps one for each store, and its plan holds. The
//! schema itself still comes from the transaction: the comment means nothing to PostgreSQL.

use std::sync::Arc;

use futures::future::BoxFuture;
use futures::stream::BoxStream;
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArguments, PgQueryResult, PgRow, PgStatement, PgTypeInfo};
use sqlx::{AssertSqlSafe, Describe, Either, Execute, Executor, PgConnection, Postgres, SqlSafeStr, SqlStr};

/// The connection of a tenant's transaction.
#[derive(Debug)]
pub struct TenantConnection<'c> {
    pub(super) connection: &'c mut PgConnection,
    pub(super) mark: Arc<str>,
}

/// A query whose text bears the tenant's mark.
struct Marked<E> {
    query: E,
    mark: Arc<str>,
}

impl<'q, E: Execute<'q, Postgres>> Execute<'q, Postgres> for Marked<E> {
    fn sql(self) -> SqlStr {
        marked(&self.mark, self.query.sql())
    }

    fn statement(&self) -> Option<&PgStatement> {
        self.query.statement()
    }

    fn take_arguments(&mut self) -> Result<Option<PgArguments>, BoxDynError> {
        self.query.take_arguments()
    }

    fn persistent(&self) -> bool {
        self.query.persistent()
    }
}

/// The mark is made of a tenant's id in hexadecimal; the rest was safe before.
fn marked(mark: &str, sql: SqlStr) -> SqlStr {
    AssertSqlSafe([mark, sql.as_str()].concat()).into_sql_str()
}

impl<'c> Executor<'c> for TenantConnection<'c> {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, sqlx::Result<Either<PgQueryResult, PgRow>>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        self.connection.fetch_many(Marked { query, mark: self.mark })
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, sqlx::Result<Option<PgRow>>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        self.connection.fetch_optional(Marked { query, mark: self.mark })
    }

    fn prepare_with<'e>(self, sql: SqlStr, parameters: &'e [PgTypeInfo]) -> BoxFuture<'e, sqlx::Result<PgStatement>>
    where
        'c: 'e,
    {
        self.connection.prepare_with(marked(&self.mark, sql), parameters)
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, sqlx::Result<Describe<Postgres>>>
    where
        'c: 'e,
    {
        self.connection.describe(marked(&self.mark, sql))
    }
}
