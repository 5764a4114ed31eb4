//! Make plans and their prices known to the provider.

use serde::Serialize;
use stripe_gateway::GatewayError;
use stripe_gateway::billing::{NewMeteredPrice, NewPrice};

use super::db::{self, MeterPrice};
use super::prices::product;
use super::{Interval, Price};
use crate::platform::Landlord;

/// What was done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Synced {
    /// Plans on offer.
    pub plans: usize,
    /// Prices on offer.
    pub prices: usize,
    /// Prices that were taken off sale at the provider.
    pub withdrawn: usize,
    /// Prices of what is counted.
    pub metered: usize,
}

/// Why it did not work.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum SyncError {
    #[error("the provider: {0}")]
    Provider(#[from] GatewayError),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

/// Makes every plan on offer a product, every price of it a price there, and takes what is no longer on offer off sale.
/// May be done again at any time: all of it is found again by names of our own.
pub async fn sync(landlord: &Landlord) -> Result<Synced, SyncError> {
    let mut tx = landlord.db.begin().await?;
    for offer in db::offers(&mut tx).await? {
        db::put_on_offer(&mut tx, &offer).await?;
    }
    let offers = db::offers(&mut tx).await?;
    let prices = db::prices(&mut tx).await?;
    let metered = db::meter_prices(&mut tx, None).await?;
    tx.commit().await?;

    let mut done = Synced { plans: offers.len(), ..Synced::default() };
    for offer in &offers {
        landlord.stripe.ensure_product(&product(&offer.code), &offer.name).await?;
    }
    for price in &prices {
        let offered = price.active && offers.iter().any(|offer| offer.code == price.plan);
        if offered {
            ensure_price(landlord, price).await?;
            done.prices += 1;
        } else if let Some(found) = landlord.stripe.price_by_key(&price.lookup_key()).await?
            && found.active
        {
            landlord.stripe.set_price_active(&found.id, false).await?;
            done.withdrawn += 1;
        }
    }
    for price in &metered {
        ensure_metered(landlord, price).await?;
        done.metered += 1;
    }
    Ok(done)
}

/// The price's id at the provider, made there if need be. It is looked up by name each time: ids belong to one account
/// of the provider's, and the names to us.
pub async fn ensure_price(landlord: &Landlord, price: &Price) -> Result<String, SyncError> {
    let lookup_key = price.lookup_key();
    let id = match landlord.stripe.price_by_key(&lookup_key).await? {
        Some(found) => {
            if !found.active {
                landlord.stripe.set_price_active(&found.id, true).await?;
            }
            found.id
        }
        None => {
            landlord.stripe.ensure_product(&price.product(), &price.plan_name).await?;
            let new = NewPrice {
                idempotency_key: format!("souk-price-{lookup_key}"),
                lookup_key,
                product: price.product(),
                interval: price.interval.gateway(),
                amount_minor: price.amount_minor,
                currency: price.currency.clone(),
            };
            landlord.stripe.create_price(new).await?.id
        }
    };
    let mut tx = landlord.db.begin().await?;
    db::set_stripe_price(&mut tx, price.id, &id).await?;
    tx.commit().await?;
    Ok(id)
}

/// The name of the events that a feature's meter sums up.
pub fn meter_name(feature: &str) -> String {
    format!("souk_{feature}")
}

/// Ids at the provider of what a plan counts, to stand beside its price on a subscription.
pub async fn metered_prices(landlord: &Landlord, plan: &str, interval: Interval) -> Result<Vec<String>, SyncError> {
    let mut tx = landlord.db.begin().await?;
    let prices = db::meter_prices(&mut tx, Some(plan)).await?;
    tx.commit().await?;
    let mut ids = Vec::new();
    for price in prices.iter().filter(|price| price.interval == interval) {
        ids.push(ensure_metered(landlord, price).await?);
    }
    Ok(ids)
}

/// Is this the name of a price of what is counted?
pub fn is_metered_key(lookup_key: &str) -> bool {
    lookup_key.starts_with(METERED)
}

const METERED: &str = "souk-meter-";

async fn ensure_metered(landlord: &Landlord, price: &MeterPrice) -> Result<String, SyncError> {
    let MeterPrice { plan, feature, name, interval, currency, amount } = price;
    let currency = currency.to_ascii_lowercase();
    let lookup_key = format!("{METERED}{plan}-{feature}-{}-{}-{currency}", interval.name(), amount.replace('.', "_"));
    if let Some(found) = landlord.stripe.price_by_key(&lookup_key).await? {
        return Ok(found.id);
    }
    let meter = landlord.stripe.ensure_meter(&meter_name(feature), name).await?;
    landlord.stripe.ensure_product(&product(plan), plan).await?;
    let new = NewMeteredPrice {
        idempotency_key: format!("souk-price-{lookup_key}"),
        lookup_key,
        product: product(plan),
        interval: interval.gateway(),
        unit_amount_decimal: amount.clone(),
        currency,
        meter,
    };
    Ok(landlord.stripe.create_metered_price(new).await?.id)
}
