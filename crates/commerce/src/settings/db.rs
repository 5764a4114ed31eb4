//! The SQL of settings.

use std::collections::BTreeMap;

use kernel::db::TenantTx;
use kernel::money::Currency;
use serde_json::json;
use sqlx::types::Json;

use super::{Capture, ChangeSettings, Settings, StoreState};

pub(super) async fn insert(tx: &mut TenantTx, store_name: &str, currency: Currency) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into settings (store_name, currency) values ($1, $2) on conflict do nothing",
        store_name,
        currency.code(),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn read(tx: &mut TenantTx) -> sqlx::Result<Settings> {
    let row = sqlx::query!(
        r#"select store_name, currency, support_email, checkout_ttl_minutes, low_stock_threshold, stripe_account,
                  country, capture as "capture: Capture", price_tolerance_minor, edit_cancels_checkout,
                  cod_review_minor, order_review_minor, pending_orders_review, hourly_orders_review,
                  duplicate_minutes, review_hold_hours, refund_approval_minor as "refund_approval_minor: Json<BTreeMap<String, i64>>",
                  payment_methods, manual_payment_days, created_at, updated_at
           from settings"#
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(Settings {
        store_name: row.store_name,
        currency: row.currency.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))?,
        support_email: row.support_email,
        checkout_ttl_minutes: row.checkout_ttl_minutes,
        low_stock_threshold: row.low_stock_threshold,
        stripe_account: row.stripe_account,
        country: row.country,
        capture: row.capture,
        price_tolerance_minor: row.price_tolerance_minor,
        edit_cancels_checkout: row.edit_cancels_checkout,
        cod_review_minor: row.cod_review_minor,
        order_review_minor: row.order_review_minor,
        pending_orders_review: row.pending_orders_review,
        hourly_orders_review: row.hourly_orders_review,
        duplicate_minutes: row.duplicate_minutes,
        review_hold_hours: row.review_hold_hours,
        refund_approval_minor: row.refund_approval_minor.0,
        payment_methods: row.payment_methods,
        manual_payment_days: row.manual_payment_days,
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}

/// Locks the one row, so that of two changes the second starts from what the first has left.
pub(super) async fn lock(tx: &mut TenantTx) -> sqlx::Result<()> {
    sqlx::query!("select one from settings for update").fetch_one(tx.conn()).await?;
    Ok(())
}

pub(super) async fn update(tx: &mut TenantTx, change: &ChangeSettings) -> sqlx::Result<()> {
    sqlx::query!(
        "update settings
         set store_name = coalesce($1, store_name),
             support_email = case when $2 then $3 else support_email end,
             checkout_ttl_minutes = case when $4 then $5 else checkout_ttl_minutes end,
             low_stock_threshold = coalesce($6, low_stock_threshold),
             country = case when $7 then $8 else country end,
             capture = coalesce($9, capture),
             price_tolerance_minor = coalesce($10, price_tolerance_minor),
             edit_cancels_checkout = coalesce($11, edit_cancels_checkout),
             cod_review_minor = case when $12 then $13 else cod_review_minor end,
             order_review_minor = case when $14 then $15 else order_review_minor end,
             pending_orders_review = case when $16 then $17 else pending_orders_review end,
             hourly_orders_review = case when $18 then $19 else hourly_orders_review end,
             duplicate_minutes = case when $20 then $21 else duplicate_minutes end,
             refund_approval_minor = coalesce($22, refund_approval_minor),
             payment_methods = coalesce($23, payment_methods),
             manual_payment_days = coalesce($24, manual_payment_days),
             review_hold_hours = case when $25 then $26 else review_hold_hours end,
             updated_at = now()",
        change.store_name.as_deref(),
        change.support_email.is_some(),
        change.support_email.as_ref().and_then(Option::as_deref),
        change.checkout_ttl_minutes.is_some(),
        change.checkout_ttl_minutes.flatten(),
        change.low_stock_threshold,
        change.country.is_some(),
        change.country.as_ref().and_then(Option::as_deref),
        change.capture as _,
        change.price_tolerance_minor,
        change.edit_cancels_checkout,
        change.cod_review_minor.is_some(),
        change.cod_review_minor.flatten(),
        change.order_review_minor.is_some(),
        change.order_review_minor.flatten(),
        change.pending_orders_review.is_some(),
        change.pending_orders_review.flatten(),
        change.hourly_orders_review.is_some(),
        change.hourly_orders_review.flatten(),
        change.duplicate_minutes.is_some(),
        change.duplicate_minutes.flatten(),
        change.refund_approval_minor.as_ref().map(|limits| json!(limits)),
        change.payment_methods.as_deref(),
        change.manual_payment_days,
        change.review_hold_hours.is_some(),
        change.review_hold_hours.flatten(),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Sends the money of card payments to another account.
pub(super) async fn set_stripe_account(tx: &mut TenantTx, account: Option<&str>) -> sqlx::Result<()> {
    sqlx::query!("update settings set stripe_account = $1, updated_at = now()", account).execute(tx.conn()).await?;
    Ok(())
}

pub(super) async fn lock_state(tx: &mut TenantTx) -> sqlx::Result<StoreState> {
    sqlx::query_as!(
        StoreState,
        r#"select next_order_number, catalog_version, pricing_version,
                  greatest(orders_month, to_char(now() at time zone 'utc', 'YYYY-MM')) as "month!",
                  case when orders_month >= to_char(now() at time zone 'utc', 'YYYY-MM') then orders_in_month else 0 end
                      as "orders_in_month!",
                  now() as "now!", exists (select from customers) as "knows_customers!"
           from store_state for update"#
    )
    .fetch_one(tx.conn())
    .await
}

/// Two transactions may begin on either side of midnight and lock in the other order: a month that was counted in does
/// not end before the next one has begun in the row itself.
pub(super) async fn lock_state_with_settings(tx: &mut TenantTx) -> sqlx::Result<(StoreState, Settings)> {
    let row = sqlx::query!(
        r#"select s.next_order_number, s.catalog_version, s.pricing_version,
                  greatest(s.orders_month, to_char(now() at time zone 'utc', 'YYYY-MM')) as "month!",
                  case when s.orders_month >= to_char(now() at time zone 'utc', 'YYYY-MM') then s.orders_in_month else 0
                      end as "orders_in_month!",
                  now() as "now!", exists (select from customers) as "knows_customers!",
                  t.store_name, t.currency, t.support_email, t.checkout_ttl_minutes, t.low_stock_threshold,
                  t.stripe_account, t.country, t.capture as "capture: Capture", t.price_tolerance_minor,
                  t.edit_cancels_checkout, t.cod_review_minor, t.order_review_minor, t.pending_orders_review,
                  t.hourly_orders_review, t.duplicate_minutes, t.review_hold_hours,
                  t.refund_approval_minor as "refund_approval_minor: Json<BTreeMap<String, i64>>",
                  t.payment_methods, t.manual_payment_days, t.created_at, t.updated_at
           from store_state s cross join settings t for update of s"#
    )
    .fetch_one(tx.conn())
    .await?;
    let state = StoreState {
        next_order_number: row.next_order_number,
        catalog_version: row.catalog_version,
        pricing_version: row.pricing_version,
        month: row.month,
        orders_in_month: row.orders_in_month,
        now: row.now,
        knows_customers: row.knows_customers,
    };
    let settings = Settings {
        store_name: row.store_name,
        currency: row.currency.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))?,
        support_email: row.support_email,
        checkout_ttl_minutes: row.checkout_ttl_minutes,
        low_stock_threshold: row.low_stock_threshold,
        stripe_account: row.stripe_account,
        country: row.country,
        capture: row.capture,
        price_tolerance_minor: row.price_tolerance_minor,
        edit_cancels_checkout: row.edit_cancels_checkout,
        cod_review_minor: row.cod_review_minor,
        order_review_minor: row.order_review_minor,
        pending_orders_review: row.pending_orders_review,
        hourly_orders_review: row.hourly_orders_review,
        duplicate_minutes: row.duplicate_minutes,
        review_hold_hours: row.review_hold_hours,
        refund_approval_minor: row.refund_approval_minor.0,
        payment_methods: row.payment_methods,
        manual_payment_days: row.manual_payment_days,
        created_at: row.created_at,
        updated_at: row.updated_at,
    };
    Ok((state, settings))
}

pub(super) async fn bump_catalog(tx: &mut TenantTx) -> sqlx::Result<()> {
    sqlx::query!("update store_state set catalog_version = catalog_version + 1").execute(tx.conn()).await?;
    Ok(())
}

pub(super) async fn bump_pricing(tx: &mut TenantTx) -> sqlx::Result<()> {
    sqlx::query!("update store_state set pricing_version = pricing_version + 1").execute(tx.conn()).await?;
    Ok(())
}

pub(super) async fn count_orders(tx: &mut TenantTx, month: &str, count: i64) -> sqlx::Result<()> {
    sqlx::query!(
        "update store_state
         set next_order_number = next_order_number + $2, orders_month = $1,
             orders_in_month = case when orders_month = $1 then orders_in_month + $2 else $2 end",
        month,
        count,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
