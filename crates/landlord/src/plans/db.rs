//! The SQL of plans and features.

use kernel::db::LandlordTx;
use kernel::id::TenantId;
use uuid::Uuid;

use super::{FeatureKind, Interval, Override, Price};

/// A plan on offer, without its features.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Its name in requests.
    pub code: String,
    /// Its name for people.
    pub name: String,
    /// What it costs each interval.
    pub price_minor: i64,
    /// What the price is in.
    pub currency: String,
    /// `month` or `year`.
    pub interval: String,
    trial_days: Option<i32>,
}

impl Offer {
    /// How long it is free at first.
    pub fn trial_days(&self, otherwise: u32) -> u32 {
        self.trial_days.and_then(|days| u32::try_from(days).ok()).unwrap_or(otherwise)
    }
}

/// A feature as a plan grants it.
#[derive(Debug)]
pub(super) struct Granted {
    pub(super) plan: String,
    pub(super) feature: String,
    pub(super) name: String,
    pub(super) kind: FeatureKind,
    pub(super) enabled: bool,
    pub(super) limit_value: Option<i64>,
}

/// What the plan and the override of one tenant say about a feature.
#[derive(Debug)]
pub(super) struct Entitled {
    pub(super) feature: String,
    pub(super) kind: FeatureKind,
    pub(super) granted: Option<bool>,
    pub(super) plan_limit: Option<i64>,
    pub(super) overridden: Option<bool>,
    pub(super) override_limit: Option<i64>,
}

/// What another plan allows.
#[derive(Debug)]
pub(super) struct Rung {
    pub(super) feature: String,
    pub(super) plan: String,
    pub(super) limit_value: Option<i64>,
}

pub(super) async fn offers(tx: &mut LandlordTx) -> sqlx::Result<Vec<Offer>> {
    sqlx::query_as!(
        Offer,
        "select code, name, price_minor, currency, interval, trial_days from plans where active order by position, code"
    )
    .fetch_all(tx.conn())
    .await
}

pub(super) async fn offer(tx: &mut LandlordTx, code: Option<&str>) -> sqlx::Result<Option<Offer>> {
    sqlx::query_as!(
        Offer,
        "select code, name, price_minor, currency, interval, trial_days from plans
         where active and code = coalesce($1, code) order by position, code limit 1",
        code
    )
    .fetch_optional(tx.conn())
    .await
}

pub(super) async fn granted(tx: &mut LandlordTx) -> sqlx::Result<Vec<Granted>> {
    sqlx::query_as!(
        Granted,
        r#"select g.plan, g.feature, f.name, f.kind as "kind: FeatureKind", g.enabled, g.limit_value
           from plan_features g join features f on f.code = g.feature order by g.plan, g.feature"#
    )
    .fetch_all(tx.conn())
    .await
}

pub(super) async fn entitled(tx: &mut LandlordTx, tenant: TenantId) -> sqlx::Result<Vec<Entitled>> {
    sqlx::query_as!(
        Entitled,
        r#"select f.code as feature, f.kind as "kind: FeatureKind", g.enabled as "granted?", g.limit_value as plan_limit,
               o.enabled as "overridden?", o.limit_value as override_limit
           from subscriptions s
           cross join features f
           left join plan_features g on g.plan = s.plan and g.feature = f.code
           left join feature_overrides o on o.tenant_id = s.tenant_id and o.feature = f.code
               and (o.expires_at is null or o.expires_at > now())
           where s.tenant_id = $1"#,
        tenant.0
    )
    .fetch_all(tx.conn())
    .await
}

/// What the plans on offer that are not the tenant's allow, by their price for a month.
pub(super) async fn rungs(tx: &mut LandlordTx, tenant: TenantId) -> sqlx::Result<Vec<Rung>> {
    sqlx::query_as!(
        Rung,
        "select g.feature, g.plan, g.limit_value
         from subscriptions s
         join plans p on p.code <> s.plan and p.active
         join plan_features g on g.plan = p.code and g.enabled
         where s.tenant_id = $1
         order by case p.interval when 'year' then p.price_minor / 12 else p.price_minor end, p.position, p.code",
        tenant.0
    )
    .fetch_all(tx.conn())
    .await
}

pub(super) async fn set_override(
    tx: &mut LandlordTx,
    tenant: TenantId,
    feature: &str,
    to: &Override,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into feature_overrides (tenant_id, feature, enabled, limit_value, expires_at)
         values ($1, $2, $3, $4, $5)
         on conflict (tenant_id, feature) do update set enabled = excluded.enabled,
             limit_value = excluded.limit_value, expires_at = excluded.expires_at",
        tenant.0,
        feature,
        to.enabled,
        to.limit,
        to.expires_at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn clear_override(tx: &mut LandlordTx, tenant: TenantId, feature: &str) -> sqlx::Result<bool> {
    let done = sqlx::query!("delete from feature_overrides where tenant_id = $1 and feature = $2", tenant.0, feature)
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected() == 1)
}

/// A price for each unit of what a plan counts.
#[derive(Debug)]
pub(super) struct MeterPrice {
    pub(super) plan: String,
    pub(super) feature: String,
    pub(super) name: String,
    pub(super) interval: Interval,
    pub(super) currency: String,
    pub(super) amount: String,
}

pub(super) async fn meter_prices(tx: &mut LandlordTx, plan: Option<&str>) -> sqlx::Result<Vec<MeterPrice>> {
    sqlx::query_as!(
        MeterPrice,
        r#"select m.plan, m.feature, f.name, m.interval as "interval: Interval", m.currency,
               m.unit_amount_decimal as amount
           from plan_meter_prices m join features f on f.code = m.feature join plans p on p.code = m.plan
           where p.active and ($1::text is null or m.plan = $1) order by m.plan, m.feature, m.interval"#,
        plan
    )
    .fetch_all(tx.conn())
    .await
}

pub(super) async fn prices(tx: &mut LandlordTx) -> sqlx::Result<Vec<Price>> {
    sqlx::query_as!(
        Price,
        r#"select c.id, c.plan, p.name as plan_name, c.interval as "interval: Interval", c.amount_minor, c.currency,
               c.active
           from plan_prices c join plans p on p.code = c.plan order by p.position, c.plan, c.interval, c.created_at"#
    )
    .fetch_all(tx.conn())
    .await
}

/// Sees that what the plan says it costs is a price on offer.
pub(super) async fn put_on_offer(tx: &mut LandlordTx, offer: &Offer) -> sqlx::Result<()> {
    sqlx::query!(
        "update plan_prices set active = false
         where plan = $1 and interval = $2 and currency = $3 and active and amount_minor <> $4",
        offer.code,
        offer.interval,
        offer.currency,
        offer.price_minor
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "insert into plan_prices (plan, interval, amount_minor, currency) values ($1, $2, $3, $4)
         on conflict (plan, interval, amount_minor, currency) do update set active = true
         where not plan_prices.active",
        offer.code,
        offer.interval,
        offer.price_minor,
        offer.currency
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn set_stripe_price(tx: &mut LandlordTx, id: Uuid, stripe_price: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "update plan_prices set stripe_price = $2 where id = $1 and stripe_price is distinct from $2",
        id,
        stripe_price
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
