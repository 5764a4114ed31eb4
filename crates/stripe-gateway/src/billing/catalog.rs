//! Products, prices and meters: made once, found again by names of our own.

use std::collections::HashMap;

use stripe_billing::billing_meter::{
    CreateBillingMeter, CreateBillingMeterDefaultAggregation, CreateBillingMeterDefaultAggregationFormula,
    ListBillingMeter,
};
use stripe_product::price::{
    CreatePrice, CreatePriceRecurring, CreatePriceRecurringInterval, CreatePriceRecurringUsageType, ListPrice,
    UpdatePrice,
};
use stripe_product::product::{CreateProduct, RetrieveProduct, UpdateProduct};
use stripe_shared::Price;

use crate::retry::{Call, checked_id, currency};
use crate::{GatewayError, StripeGateway};

/// How often a price is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as Stripe names them")]
pub enum Interval {
    Month,
    Year,
}

impl Interval {
    fn stripe(self) -> CreatePriceRecurringInterval {
        match self {
            Self::Month => CreatePriceRecurringInterval::Month,
            Self::Year => CreatePriceRecurringInterval::Year,
        }
    }
}

/// A price to make.
#[derive(Debug, Clone)]
pub struct NewPrice {
    /// The same key never makes a second price.
    pub idempotency_key: String,
    /// Our own name, under which it is found again.
    pub lookup_key: String,
    /// The product.
    pub product: String,
    /// How often it is paid.
    pub interval: Interval,
    /// In the currency's minor unit.
    pub amount_minor: i64,
    /// ISO 4217.
    pub currency: String,
}

/// A price for each unit that a meter counts.
#[derive(Debug, Clone)]
pub struct NewMeteredPrice {
    /// The same key never makes a second price.
    pub idempotency_key: String,
    /// Our own name, under which it is found again.
    pub lookup_key: String,
    /// The product.
    pub product: String,
    /// How often it is paid.
    pub interval: Interval,
    /// In minor units, with decimals.
    pub unit_amount_decimal: String,
    /// ISO 4217.
    pub currency: String,
    /// What counts.
    pub meter: String,
}

/// A price that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceFound {
    /// `price_…`
    pub id: String,
    /// Can it still be subscribed to?
    pub active: bool,
    /// In minor units; absent when it is not a plain price.
    pub amount_minor: Option<i64>,
    /// ISO 4217, upper case.
    pub currency: String,
}

impl From<Price> for PriceFound {
    fn from(price: Price) -> Self {
        Self {
            id: price.id.to_string(),
            active: price.active,
            amount_minor: price.unit_amount,
            currency: price.currency.to_string().to_ascii_uppercase(),
        }
    }
}

impl StripeGateway {
    /// Makes a product under an id of our own, or gives the one that exists the name and puts it on sale.
    ///
    /// # Errors
    /// See [`GatewayError`].
    pub async fn ensure_product(&self, id: &str, name: &str) -> Result<(), GatewayError> {
        let id = checked_id(id)?;
        match self.send(&RetrieveProduct::new(id), Call { key: None, account: None }).await {
            Ok(product) => {
                if product.name != name || !product.active {
                    let request = UpdateProduct::new(id).name(name).active(true);
                    self.send(&request, Call { key: None, account: None }).await?;
                }
                Ok(())
            }
            Err(GatewayError::Rejected { status: 404, .. }) => {
                // The id is the idempotency: a second product cannot have it.
                let request = CreateProduct::new(name).id(id);
                match self.send(&request, Call { key: None, account: None }).await {
                    Ok(_) => Ok(()),
                    Err(GatewayError::Rejected { code, .. }) if code == "resource_already_exists" => Ok(()),
                    Err(error) => Err(error),
                }
            }
            Err(error) => Err(error),
        }
    }

    /// The price with this name of ours.
    ///
    /// # Errors
    /// See [`GatewayError`].
    pub async fn price_by_key(&self, lookup_key: &str) -> Result<Option<PriceFound>, GatewayError> {
        let request = ListPrice::new().lookup_keys(vec![lookup_key.to_owned()]).limit(1);
        let page = self.send(&request, Call { key: None, account: None }).await?;
        Ok(page.data.into_iter().next().map(PriceFound::from))
    }

    /// Makes a price.
    ///
    /// # Errors
    /// See [`GatewayError`]; after `Unknown` ask for it by its name.
    pub async fn create_price(&self, new: NewPrice) -> Result<PriceFound, GatewayError> {
        let request = CreatePrice::new(currency(&new.currency)?)
            .product(checked_id(&new.product)?)
            .unit_amount(new.amount_minor)
            .recurring(CreatePriceRecurring::new(new.interval.stripe()))
            .lookup_key(new.lookup_key);
        Ok(self.send(&request, Call { key: Some(&new.idempotency_key), account: None }).await?.into())
    }

    /// Makes a price for each unit that a meter counts.
    ///
    /// # Errors
    /// See [`GatewayError`]; after `Unknown` ask for it by its name.
    pub async fn create_metered_price(&self, new: NewMeteredPrice) -> Result<PriceFound, GatewayError> {
        let mut recurring = CreatePriceRecurring::new(new.interval.stripe());
        recurring.usage_type = Some(CreatePriceRecurringUsageType::Metered);
        recurring.meter = Some(checked_id(&new.meter)?.to_owned());
        let request = CreatePrice::new(currency(&new.currency)?)
            .product(checked_id(&new.product)?)
            .unit_amount_decimal(new.unit_amount_decimal)
            .recurring(recurring)
            .lookup_key(new.lookup_key);
        Ok(self.send(&request, Call { key: Some(&new.idempotency_key), account: None }).await?.into())
    }

    /// Takes a price off sale, or puts it back. Who pays it goes on paying it.
    ///
    /// # Errors
    /// See [`GatewayError`].
    pub async fn set_price_active(&self, id: &str, active: bool) -> Result<(), GatewayError> {
        let request = UpdatePrice::new(checked_id(id)?).active(active);
        self.send(&request, Call { key: None, account: None }).await?;
        Ok(())
    }

    /// Makes the meter that sums up events of this name, or finds it.
    ///
    /// # Errors
    /// See [`GatewayError`].
    pub async fn ensure_meter(&self, event_name: &str, display_name: &str) -> Result<String, GatewayError> {
        let mut after: Option<String> = None;
        loop {
            let mut request = ListBillingMeter::new().limit(100);
            if let Some(after) = after.take() {
                request = request.starting_after(after);
            }
            let page = self.send(&request, Call { key: None, account: None }).await?;
            if let Some(meter) = page.data.iter().find(|meter| meter.event_name == event_name) {
                return Ok(meter.id.to_string());
            }
            match page.data.last() {
                Some(last) if page.has_more => after = Some(last.id.to_string()),
                Some(_) | None => break,
            }
        }
        let aggregation = CreateBillingMeterDefaultAggregation::new(CreateBillingMeterDefaultAggregationFormula::Sum);
        let request = CreateBillingMeter::new(aggregation, display_name, event_name);
        let key = format!("souk-meter-{event_name}");
        Ok(self.send(&request, Call { key: Some(&key), account: None }).await?.id.to_string())
    }
}

/// Our own names on an object.
pub(super) fn named(metadata: Vec<(String, String)>) -> HashMap<String, String> {
    metadata.into_iter().collect()
}
