//! The SQL of tax rates, for staff.

use chrono::{DateTime, Utc};
use kernel::db::{TenantTx, on_constraint};
use uuid::Uuid;

use super::super::tax_rate::{CreateTaxRate, TaxRateView};
use super::super::{PricingError, TaxRateId};
use super::rules::percent;

struct Row {
    id: TaxRateId,
    title: String,
    country: String,
    region: Option<String>,
    category_id: Option<Uuid>,
    percent: i32,
    inclusive: bool,
    on_shipping: bool,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl Row {
    fn view(self) -> sqlx::Result<TaxRateView> {
        Ok(TaxRateView {
            id: self.id,
            title: self.title,
            country: self.country,
            region: self.region,
            category_id: self.category_id,
            percent: percent(self.percent)?,
            inclusive: self.inclusive,
            on_shipping: self.on_shipping,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

/// The newest first.
pub(in super::super) async fn list(
    tx: &mut TenantTx,
    before: Option<TaxRateId>,
    limit: i64,
) -> sqlx::Result<Vec<TaxRateView>> {
    let rows = sqlx::query_as!(
        Row,
        r#"select id as "id: TaxRateId", title, country, region, category_id, (percent * 10000)::int as "percent!",
                  inclusive, on_shipping, created_at, updated_at
           from tax_rates where deleted_at is null and ($1::uuid is null or id < $1)
           order by id desc limit $2"#,
        before.map(|id| id.0),
        limit,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(Row::view).collect()
}

pub(in super::super) async fn one(tx: &mut TenantTx, id: TaxRateId) -> sqlx::Result<Option<TaxRateView>> {
    let row = sqlx::query_as!(
        Row,
        r#"select id as "id: TaxRateId", title, country, region, category_id, (percent * 10000)::int as "percent!",
                  inclusive, on_shipping, created_at, updated_at
           from tax_rates where id = $1 and deleted_at is null"#,
        id.0
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(Row::view).transpose()
}

pub(in super::super) async fn count(tx: &mut TenantTx) -> sqlx::Result<i64> {
    sqlx::query_scalar!(r#"select count(*) as "count!" from tax_rates where deleted_at is null"#)
        .fetch_one(tx.conn())
        .await
}

pub(in super::super) async fn insert(
    tx: &mut TenantTx,
    id: TaxRateId,
    rate: &CreateTaxRate,
) -> Result<(), PricingError> {
    sqlx::query!(
        "insert into tax_rates (id, title, country, region, category_id, percent, inclusive, on_shipping)
         values ($1, $2, $3, $4, $5, $6::int::numeric / 10000, $7, coalesce($8, true))",
        id.0,
        rate.title,
        rate.country,
        rate.region.as_deref(),
        rate.category_id,
        rate.percent.ten_thousandths(),
        rate.inclusive,
        rate.on_shipping,
    )
    .execute(tx.conn())
    .await
    .map_err(on_constraint("tax_rates_place", PricingError::TaxRatePlaceTaken))?;
    Ok(())
}

/// Writes all fields.
pub(in super::super) async fn update(
    tx: &mut TenantTx,
    id: TaxRateId,
    rate: &CreateTaxRate,
) -> Result<(), PricingError> {
    sqlx::query!(
        "update tax_rates
         set title = $2, country = $3, region = $4, category_id = $5, percent = $6::int::numeric / 10000,
             inclusive = $7, on_shipping = coalesce($8, on_shipping), updated_at = now()
         where id = $1",
        id.0,
        rate.title,
        rate.country,
        rate.region.as_deref(),
        rate.category_id,
        rate.percent.ten_thousandths(),
        rate.inclusive,
        rate.on_shipping,
    )
    .execute(tx.conn())
    .await
    .map_err(on_constraint("tax_rates_place", PricingError::TaxRatePlaceTaken))?;
    Ok(())
}

pub(in super::super) async fn delete(tx: &mut TenantTx, id: TaxRateId) -> sqlx::Result<()> {
    sqlx::query!("update tax_rates set deleted_at = now(), updated_at = now() where id = $1", id.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Is there a rate for this category?
pub(in super::super) async fn has_category(tx: &mut TenantTx, category: Uuid) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from tax_rates where category_id = $1 and deleted_at is null) as "taxed!""#,
        category
    )
    .fetch_one(tx.conn())
    .await
}

pub(in super::super) async fn category_is_there(tx: &mut TenantTx, category: Uuid) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from categories where id = $1 and deleted_at is null) as "there!""#,
        category
    )
    .fetch_one(tx.conn())
    .await
}
