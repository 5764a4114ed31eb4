//! Bring a schema up to date: all that is missing, in one transaction, under a lock of that schema alone.
//!
//! sqlx's own migrator locks the whole database, keeps that lock when a migration fails, and needs the schema set for a
//! whole session. Here a failed migration leaves nothing behind, and a thousand schemas can be migrated side by side.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, PgConnection, PgPool, SqlSafeStr};

use super::names::Name;
use super::pools::{Cluster, Pools};
use super::set::MigrationSet;
use crate::config::Database;

/// What a migration did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migrated {
    /// Migrations that were missing.
    pub applied: usize,
    /// Migrations there are.
    pub known: usize,
}

/// The newest migration of a tenant's schema.
pub fn tenant_version() -> i64 {
    commerce::TENANT_MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or_default()
}

/// Brings the landlord's schema up to date, and lets the application's login use it.
pub async fn migrate_landlord(pools: &Pools, database: &Database) -> anyhow::Result<Migrated> {
    migrate_shared(&pools.admin, &pools.app_login, database, &Name::landlord(), &landlord::MIGRATIONS).await
}

/// Brings up to date what the stores of a cluster share, and lets the application's login use it.
pub async fn migrate_cluster(cluster: &Cluster, database: &Database) -> anyhow::Result<Migrated> {
    let set = &commerce::CLUSTER_MIGRATIONS;
    let done = migrate_shared(&cluster.admin, &cluster.app_login, database, &Name::cluster(), set).await?;
    cluster.set_prepared();
    Ok(done)
}

async fn migrate_shared(
    admin: &PgPool,
    app_login: &str,
    database: &Database,
    schema: &Name,
    set: &Migrator,
) -> anyhow::Result<Migrated> {
    let mut tx = begin(admin).await?;
    lock(&mut tx, "platform").await?;
    execute(&mut tx, ensure_role("souk_tenant")).await?;
    limit_login(&mut tx, app_login, database).await?;
    let done = bring_up(&mut tx, schema, &MigrationSet::of(set)).await?;
    let login = Name::login(app_login);
    execute(&mut tx, format!("grant usage on schema {schema} to {login}")).await?;
    let rights = "select, insert, update, delete";
    execute(&mut tx, format!("grant {rights} on all tables in schema {schema} to {login}")).await?;
    tx.commit().await?;
    Ok(done)
}

/// How long the application's statements may take and wait in this database. Kept with the login, because nothing may
/// be set for a session behind a transaction pooler; and for this database alone, because our lock is this database's,
/// while another one on the same server may set its own at this moment. JIT costs more than any of our statements.
async fn limit_login(tx: &mut PgConnection, app_login: &str, database: &Database) -> anyhow::Result<()> {
    let login = Name::login(app_login);
    let here: String = sqlx::query_scalar("select current_database()::text").fetch_one(&mut *tx).await?;
    let here = Name::database(&here);
    let settings = [
        ("statement_timeout", database.statement_timeout.as_millis()),
        ("lock_timeout", database.lock_timeout.as_millis()),
        ("idle_in_transaction_session_timeout", database.idle_in_transaction.as_millis()),
        ("jit", 0),
    ];
    for (setting, value) in settings {
        let value = if setting == "jit" { "off".to_owned() } else { value.to_string() };
        execute(tx, format!("alter role {login} in database {here} set {setting} = '{value}'")).await?;
    }
    Ok(())
}

/// Brings one schema up to date inside the caller's transaction, and makes it if it is not there.
pub(super) async fn bring_up(tx: &mut PgConnection, schema: &Name, set: &MigrationSet) -> anyhow::Result<Migrated> {
    lock(tx, &schema.to_string()).await?;
    execute(tx, format!("create schema if not exists {schema}")).await?;
    execute(tx, format!("set local search_path to {schema}")).await?;
    execute(
        tx,
        "create table if not exists _migrations (
             version bigint primary key, description text not null, checksum bytea not null,
             applied_at timestamptz not null default now())"
            .to_owned(),
    )
    .await?;
    apply_missing(tx, schema, set).await
}

/// The same for a schema that is there. Waits no longer than `patience` for anything that somebody else holds, so that
/// nobody waits longer than that behind it.
pub(super) async fn upgrade(
    tx: &mut PgConnection,
    schema: &Name,
    set: &MigrationSet,
    patience: Duration,
) -> anyhow::Result<Migrated> {
    execute(tx, format!("set local lock_timeout = '{}ms'", patience.as_millis().max(1))).await?;
    lock(tx, &schema.to_string()).await?;
    execute(tx, format!("set local search_path to {schema}")).await?;
    let kept: bool = sqlx::query_scalar("select to_regclass('_migrations') is not null").fetch_one(&mut *tx).await?;
    if !kept {
        bail!("there is no schema {schema} with migrations");
    }
    apply_missing(tx, schema, set).await
}

async fn apply_missing(tx: &mut PgConnection, schema: &Name, set: &MigrationSet) -> anyhow::Result<Migrated> {
    let done = sqlx::query_as("select version, checksum from _migrations").persistent(false);
    let done: Vec<(i64, Vec<u8>)> = done.fetch_all(&mut *tx).await?;
    let (mut applied, mut known) = (0, 0);
    for migration in set.iter() {
        known += 1;
        match done.iter().find(|(version, _)| *version == migration.version) {
            Some((_, checksum)) if checksum[..] == migration.checksum[..] => {}
            Some(_) => bail!(
                "migration {} of schema {schema} was applied in another form; migrations are only ever added",
                migration.version
            ),
            None => {
                apply(tx, schema, migration).await?;
                applied += 1;
            }
        }
    }
    Ok(Migrated { applied, known })
}

async fn apply(tx: &mut PgConnection, schema: &Name, migration: &Migration) -> anyhow::Result<()> {
    sqlx::raw_sql(migration.sql.clone())
        .execute(&mut *tx)
        .await
        .with_context(|| format!("migration {} ({}) of schema {schema}", migration.version, migration.description))?;
    sqlx::query("insert into _migrations (version, description, checksum) values ($1, $2, $3)")
        .persistent(false)
        .bind(migration.version)
        .bind(&*migration.description)
        .bind(&*migration.checksum)
        .execute(tx)
        .await?;
    Ok(())
}

/// Reads a migration that is no part of the program, to measure what it would cost.
pub fn read_migration(file: &Path) -> anyhow::Result<Migration> {
    let name = file.file_stem().and_then(|name| name.to_str()).context("it has no name")?;
    let (version, name) = name.split_once('_').context("its name is not <version>_<name>.sql")?;
    let version = version.parse().context("its name does not begin with a version")?;
    let sql = AssertSqlSafe(std::fs::read_to_string(file)?).into_sql_str();
    Ok(Migration::new(version, name.to_owned().into(), MigrationType::Simple, sql, false))
}

/// Opens a transaction for schemas and roles. In a task of its own, as the kernel's handles do: whoever is dropped while
/// it opens leaves no connection behind inside a transaction.
#[expect(clippy::disallowed_methods, reason = "the kernel's handles are for the tables inside schemas")]
pub(super) async fn begin(admin: &PgPool) -> sqlx::Result<sqlx::Transaction<'static, sqlx::Postgres>> {
    let pool = admin.clone();
    tokio::spawn(async move { pool.begin().await }).await.map_err(|_| sqlx::Error::WorkerCrashed)?
}

async fn lock(tx: &mut PgConnection, what: &str) -> sqlx::Result<()> {
    sqlx::query("select pg_advisory_xact_lock(hashtextextended('souk migrate ' || $1, 0))")
        .bind(what)
        .execute(tx)
        .await?;
    Ok(())
}

/// Runs a statement that holds names.
pub(super) async fn execute(tx: &mut PgConnection, statement: String) -> sqlx::Result<()> {
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(tx).await?;
    Ok(())
}

/// Runs a query that holds names.
pub(super) async fn fetch_all(tx: &mut PgConnection, query: String) -> sqlx::Result<Vec<PgRow>> {
    sqlx::raw_sql(AssertSqlSafe(query)).fetch_all(tx).await
}

/// Makes a role that cannot log in, unless there is one. Roles belong to the whole server, so two databases may meet
/// here.
pub(super) fn ensure_role(role: &str) -> String {
    format!(
        "do $$ begin
             if not exists (select from pg_roles where rolname = '{role}') then create role {role} nologin; end if;
         exception when duplicate_object or unique_violation then null;
         end $$"
    )
}
