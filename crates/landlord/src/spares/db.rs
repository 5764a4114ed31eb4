//! The SQL of spare schemas.

use kernel::db::LandlordTx;
use kernel::id::TenantId;

/// A schema that waits for a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spare {
    /// The tenant it may become.
    pub id: TenantId,
    /// Where it is.
    pub cluster: String,
    /// The newest migration in it.
    pub version: i64,
}

pub(super) async fn insert(tx: &mut LandlordTx, id: TenantId, cluster: &str, version: i64) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into spare_schemas (id, cluster, version) values ($1, $2, $3)
         on conflict (id) do update set version = excluded.version",
        id.0,
        cluster,
        version
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn count(tx: &mut LandlordTx, cluster: &str, version: i64) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from spare_schemas where cluster = $1 and version = $2"#,
        cluster,
        version
    )
    .fetch_one(tx.conn())
    .await
}

pub(super) async fn take(tx: &mut LandlordTx, cluster: &str, version: i64) -> sqlx::Result<Option<TenantId>> {
    sqlx::query_scalar!(
        r#"delete from spare_schemas where id = (
               select id from spare_schemas where cluster = $1 and version = $2
               order by created_at limit 1 for update skip locked)
           returning id as "id: TenantId""#,
        cluster,
        version
    )
    .fetch_optional(tx.conn())
    .await
}

pub(super) async fn outdated(tx: &mut LandlordTx, version: i64) -> sqlx::Result<Vec<Spare>> {
    sqlx::query_as!(
        Spare,
        r#"select id as "id: TenantId", cluster, version from spare_schemas where version < $1 order by created_at"#,
        version
    )
    .fetch_all(tx.conn())
    .await
}

pub(super) async fn remove(tx: &mut LandlordTx, id: TenantId) -> sqlx::Result<bool> {
    let done = sqlx::query!("delete from spare_schemas where id = $1", id.0).execute(tx.conn()).await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn all(tx: &mut LandlordTx) -> sqlx::Result<Vec<Spare>> {
    sqlx::query_as!(Spare, r#"select id as "id: TenantId", cluster, version from spare_schemas"#)
        .fetch_all(tx.conn())
        .await
}
