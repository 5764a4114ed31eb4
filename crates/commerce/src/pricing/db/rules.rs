//! The SQL that reads all rules of a store.

use kernel::db::TenantTx;
use sqlx::types::Json;

use super::super::{
    Benefit, NotAPercent, Percent, Promotion, PromotionId, ShippingMethod, ShippingMethodId, TaxRate, TaxRateId, Zone,
};

/// A rate as the database tells it: in ten-thousandths of a percent.
pub(in super::super) fn percent(n: i32) -> sqlx::Result<Percent> {
    Percent::from_ten_thousandths(n).map_err(|error: NotAPercent| sqlx::Error::Decode(Box::new(error)))
}

/// What a row of `promotions` says that it takes off. The schema holds that the right column is there.
pub(in super::super) fn benefit(kind: &str, rate: Option<i32>, amount_minor: Option<i64>) -> sqlx::Result<Benefit> {
    match (kind, rate, amount_minor) {
        ("percent", Some(rate), _) => percent(rate).map(Benefit::Percent),
        ("fixed", _, Some(amount)) => Ok(Benefit::Fixed(amount)),
        ("free_shipping", ..) => Ok(Benefit::FreeShipping),
        _ => Err(sqlx::Error::Decode(format!("a promotion is {kind}, and lacks what belongs to it").into())),
    }
}

/// All that are not paused.
pub(in super::super) async fn promotions(tx: &mut TenantTx) -> sqlx::Result<Vec<Promotion>> {
    let rows = sqlx::query!(
        r#"select id as "id: PromotionId", title, code, kind, (percent * 10000)::int as percent, amount_minor,
                  minimum_subtotal_minor, combines, priority, usage_limit, per_customer_limit, starts_at, ends_at
           from promotions where deleted_at is null and status = 'active' order by priority, id"#
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Promotion {
                id: row.id,
                title: row.title,
                code: row.code,
                benefit: benefit(&row.kind, row.percent, row.amount_minor)?,
                minimum_subtotal_minor: row.minimum_subtotal_minor,
                combines: row.combines,
                priority: row.priority,
                usage_limit: row.usage_limit,
                per_customer_limit: row.per_customer_limit,
                starts_at: row.starts_at,
                ends_at: row.ends_at,
            })
        })
        .collect()
}

pub(in super::super) async fn tax_rates(tx: &mut TenantTx) -> sqlx::Result<Vec<TaxRate>> {
    let rows = sqlx::query!(
        r#"select id as "id: TaxRateId", title, country, region, category_id, (percent * 10000)::int as "percent!",
                  inclusive, on_shipping
           from tax_rates where deleted_at is null order by id"#
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(TaxRate {
                id: row.id,
                title: row.title,
                country: row.country,
                region: row.region,
                category_id: row.category_id,
                percent: percent(row.percent)?,
                inclusive: row.inclusive,
                on_shipping: row.on_shipping,
            })
        })
        .collect()
}

pub(in super::super) async fn shipping_methods(tx: &mut TenantTx) -> sqlx::Result<Vec<ShippingMethod>> {
    let rows = sqlx::query!(
        r#"select id as "id: ShippingMethodId", code, title, position, zones as "zones: Json<Vec<Zone>>",
                  status = 'active' as "active!"
           from shipping_methods where deleted_at is null order by position, id"#
    )
    .fetch_all(tx.conn())
    .await?;
    let method = rows.into_iter().map(|row| ShippingMethod {
        id: row.id,
        code: row.code,
        title: row.title,
        position: row.position,
        zones: row.zones.0,
        active: row.active,
    });
    Ok(method.collect())
}
