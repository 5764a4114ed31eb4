//! What plans cost, a month or a year.

use kernel::db::LandlordTx;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::db;
use crate::subscriptions::Priced;

/// How often a price is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Interval {
    Month,
    Year,
}

impl Interval {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Month => "month",
            Self::Year => "year",
        }
    }

    /// As the gateway has it.
    pub fn gateway(self) -> stripe_gateway::billing::Interval {
        match self {
            Self::Month => stripe_gateway::billing::Interval::Month,
            Self::Year => stripe_gateway::billing::Interval::Year,
        }
    }
}

/// A price of a plan. It never changes; another one takes its place on offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Price {
    /// Row.
    pub id: Uuid,
    /// Code of the plan.
    pub plan: String,
    /// Name of the plan for people.
    pub plan_name: String,
    /// How often it is paid.
    pub interval: Interval,
    /// In minor units.
    pub amount_minor: i64,
    /// What in.
    pub currency: String,
    /// Is it on offer?
    pub active: bool,
}

impl Price {
    /// Our own name for it at the provider: whoever has the same price has the same name.
    pub fn lookup_key(&self) -> String {
        let Self { plan, amount_minor, .. } = self;
        format!("souk-{plan}-{}-{amount_minor}-{}", self.interval.name(), self.currency.to_ascii_lowercase())
    }

    /// The plan's product at the provider.
    pub fn product(&self) -> String {
        product(&self.plan)
    }

    /// What a year costs.
    pub fn yearly(&self) -> i128 {
        match self.interval {
            Interval::Month => i128::from(self.amount_minor) * 12,
            Interval::Year => i128::from(self.amount_minor),
        }
    }
}

/// A plan's product at the provider. Its ids have no hyphens.
pub fn product(plan: &str) -> String {
    format!("souk_plan_{}", plan.replace('-', "__"))
}

/// All prices that there are or were, by the names that they have at the provider.
pub async fn priced(tx: &mut LandlordTx) -> sqlx::Result<Vec<Priced>> {
    let prices = db::prices(tx).await?;
    Ok(prices
        .into_iter()
        .map(|price| Priced { lookup_key: price.lookup_key(), id: price.id, plan: price.plan })
        .collect())
}

/// A price, on offer or not.
pub async fn price(tx: &mut LandlordTx, id: Uuid) -> sqlx::Result<Option<Price>> {
    Ok(db::prices(tx).await?.into_iter().find(|price| price.id == id))
}

/// The price of a plan on offer, in its own currency.
pub async fn price_on_offer(tx: &mut LandlordTx, plan: &str, interval: Interval) -> sqlx::Result<Option<Price>> {
    let Some(offer) = super::on_offer(tx, Some(plan)).await? else { return Ok(None) };
    let prices = db::prices(tx).await?;
    let fits = |price: &Price| {
        price.active && price.plan == offer.code && price.interval == interval && price.currency == offer.currency
    };
    Ok(prices.into_iter().find(fits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_at_the_provider_say_what_is_paid() {
        let price = Price {
            id: Uuid::nil(),
            plan: "pro-plus".to_owned(),
            plan_name: "Pro".to_owned(),
            interval: Interval::Year,
            amount_minor: 19_000,
            currency: "USD".to_owned(),
            active: true,
        };
        assert_eq!(price.lookup_key(), "souk-pro-plus-year-19000-usd");
        assert_eq!(price.product(), "souk_plan_pro__plus");
        assert_eq!(Price { interval: Interval::Month, ..price }.yearly(), 228_000);
    }
}
