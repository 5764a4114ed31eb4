//! The SQL of shipping methods, for staff.

use chrono::{DateTime, Utc};
use kernel::db::{TenantTx, on_constraint};
use serde_json::json;
use sqlx::types::Json;

use super::super::shipping_method::{CreateShippingMethod, ShippingMethodView};
use super::super::{PricingError, RuleStatus, ShippingMethodId, Zone};

struct Row {
    id: ShippingMethodId,
    code: String,
    title: String,
    position: i32,
    zones: Json<Vec<Zone>>,
    status: RuleStatus,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<Row> for ShippingMethodView {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            code: row.code,
            title: row.title,
            position: row.position,
            zones: row.zones.0,
            status: row.status,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// By position.
pub(in super::super) async fn list(
    tx: &mut TenantTx,
    after: Option<(i32, ShippingMethodId)>,
    limit: i64,
) -> sqlx::Result<Vec<ShippingMethodView>> {
    let rows = sqlx::query_as!(
        Row,
        r#"select id as "id: ShippingMethodId", code, title, position, zones as "zones: Json<Vec<Zone>>",
                  status as "status: RuleStatus", created_at, updated_at
           from shipping_methods
           where deleted_at is null and (position, id) >
                 (coalesce($1, -2147483648), coalesce($2, '00000000-0000-0000-0000-000000000000'::uuid))
           order by position, id limit $3"#,
        after.map(|(position, _)| position),
        after.map(|(_, id)| id.0),
        limit,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

pub(in super::super) async fn one(tx: &mut TenantTx, id: ShippingMethodId) -> sqlx::Result<Option<ShippingMethodView>> {
    let row = sqlx::query_as!(
        Row,
        r#"select id as "id: ShippingMethodId", code, title, position, zones as "zones: Json<Vec<Zone>>",
                  status as "status: RuleStatus", created_at, updated_at
           from shipping_methods where id = $1 and deleted_at is null"#,
        id.0
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(Into::into))
}

pub(in super::super) async fn count(tx: &mut TenantTx) -> sqlx::Result<i64> {
    sqlx::query_scalar!(r#"select count(*) as "count!" from shipping_methods where deleted_at is null"#)
        .fetch_one(tx.conn())
        .await
}

pub(in super::super) async fn insert(
    tx: &mut TenantTx,
    id: ShippingMethodId,
    method: &CreateShippingMethod,
) -> Result<(), PricingError> {
    sqlx::query!(
        "insert into shipping_methods (id, code, title, position, zones, status)
         values ($1, $2, $3, $4, $5, coalesce($6, 'active'))",
        id.0,
        method.code,
        method.title,
        method.position,
        json!(method.zones),
        method.status as _,
    )
    .execute(tx.conn())
    .await
    .map_err(on_constraint("shipping_methods_code", PricingError::ShippingCodeTaken))?;
    Ok(())
}

/// Writes all fields.
pub(in super::super) async fn update(
    tx: &mut TenantTx,
    id: ShippingMethodId,
    method: &CreateShippingMethod,
) -> Result<(), PricingError> {
    sqlx::query!(
        "update shipping_methods
         set code = $2, title = $3, position = $4, zones = $5, status = coalesce($6, status), updated_at = now()
         where id = $1",
        id.0,
        method.code,
        method.title,
        method.position,
        json!(method.zones),
        method.status as _,
    )
    .execute(tx.conn())
    .await
    .map_err(on_constraint("shipping_methods_code", PricingError::ShippingCodeTaken))?;
    Ok(())
}

pub(in super::super) async fn delete(tx: &mut TenantTx, id: ShippingMethodId) -> sqlx::Result<()> {
    sqlx::query!("update shipping_methods set deleted_at = now(), updated_at = now() where id = $1", id.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}
