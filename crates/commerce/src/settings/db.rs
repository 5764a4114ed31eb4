//! The SQL of settings.

use kernel::db::TenantTx;
use kernel::money::Currency;

use super::{ChangeSettings, Settings, StoreState};

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
        "select store_name, currency, support_email, checkout_ttl_minutes, low_stock_threshold, stripe_account,
                created_at, updated_at
         from settings"
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
             updated_at = now()",
        change.store_name.as_deref(),
        change.support_email.is_some(),
        change.support_email.as_ref().and_then(Option::as_deref),
        change.checkout_ttl_minutes.is_some(),
        change.checkout_ttl_minutes.flatten(),
        change.low_stock_threshold,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn lock_state(tx: &mut TenantTx) -> sqlx::Result<StoreState> {
    sqlx::query_as!(StoreState, "select next_order_number, catalog_version from store_state for update")
        .fetch_one(tx.conn())
        .await
}

pub(super) async fn bump_catalog(tx: &mut TenantTx) -> sqlx::Result<()> {
    sqlx::query!("update store_state set catalog_version = catalog_version + 1").execute(tx.conn()).await?;
    Ok(())
}

pub(super) async fn advance_order_number(tx: &mut TenantTx, count: i64) -> sqlx::Result<()> {
    sqlx::query!("update store_state set next_order_number = next_order_number + $1", count).execute(tx.conn()).await?;
    Ok(())
}
