//! Prices: one-off or recurring, licensed or metered.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::products::{self, Product};
use crate::decimal::Decimal;
use crate::error::ApiError;
use crate::form::{Metadata, Params};
use crate::ids::new_id;
use crate::intents;
use crate::search::Terms;
use crate::state::{Body, Change, Snapshot, Tx};
use crate::subscriptions::Interval;
use crate::table::Row;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recurring {
    pub interval: Interval,
    pub count: u32,
    pub meter: Option<String>,
    pub metered: bool,
    pub trial_period_days: Option<i64>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Price {
    pub id: String,
    pub account: Option<String>,
    pub created: i64,
    pub active: bool,
    pub currency: String,
    /// What one costs in minor units, possibly a fraction of one.
    pub unit: Decimal,
    pub nickname: Option<String>,
    pub lookup_key: Option<String>,
    pub product: String,
    pub tax_behavior: String,
    pub recurring: Option<Recurring>,
    pub metadata: Metadata,
}

impl Price {
    pub fn metered(&self) -> bool {
        self.recurring.as_ref().is_some_and(|recurring| recurring.metered)
    }

    /// The same as the older API knows it.
    pub fn as_plan(&self) -> Value {
        let recurring = self.recurring.as_ref();
        json!({
            "id": self.id, "object": "plan", "active": self.active, "amount": self.unit.whole(),
            "amount_decimal": self.unit.to_string(), "billing_scheme": "per_unit", "created": self.created,
            "currency": self.currency, "interval": recurring.map(|recurring| recurring.interval.word()),
            "interval_count": recurring.map(|recurring| recurring.count), "livemode": false,
            "metadata": self.metadata, "meter": recurring.and_then(|recurring| recurring.meter.clone()),
            "nickname": self.nickname, "product": self.product, "tiers_mode": null, "transform_usage": null,
            "trial_period_days": null, "usage_type": if self.metered() { "metered" } else { "licensed" },
        })
    }
}

impl Row for Price {
    const NAME: &'static str = "price";
    const PARAM: &'static str = "price";

    fn id(&self) -> &str {
        &self.id
    }

    fn account(&self) -> Option<&str> {
        self.account.as_deref()
    }

    fn render(&self) -> Value {
        let recurring = self.recurring.as_ref().map(|recurring| {
            json!({
                "interval": recurring.interval.word(), "interval_count": recurring.count, "meter": recurring.meter,
                "trial_period_days": recurring.trial_period_days,
                "usage_type": if recurring.metered { "metered" } else { "licensed" },
            })
        });
        json!({
            "id": self.id, "object": "price", "created": self.created, "livemode": false, "active": self.active,
            "billing_scheme": "per_unit", "currency": self.currency, "custom_unit_amount": null,
            "lookup_key": self.lookup_key, "metadata": self.metadata, "nickname": self.nickname,
            "product": self.product, "tax_behavior": self.tax_behavior, "tiers_mode": null,
            "transform_quantity": null, "type": if recurring.is_some() { "recurring" } else { "one_time" },
            "recurring": recurring, "unit_amount": self.unit.whole(), "unit_amount_decimal": self.unit.to_string(),
        })
    }
}

const TAX: &[&str] = &["exclusive", "inclusive", "unspecified"];

const NEW: &[&str] = &[
    "active",
    "billing_scheme",
    "currency",
    "lookup_key",
    "metadata",
    "nickname",
    "product",
    "product_data",
    "recurring",
    "tax_behavior",
    "transfer_lookup_key",
    "unit_amount",
    "unit_amount_decimal",
];

pub fn create(tx: &mut Tx<'_>, account: Option<&str>, params: &Params) -> Result<Body, ApiError> {
    params.only(NEW)?;
    let price = match params.text("product")? {
        Some(product) => {
            let product = products::living(tx, account, &product)?;
            of_product(tx, &product, params)?
        }
        None if params.has("product_data") => {
            let made = products::create(tx, account, &params.within("product_data"))?;
            let Body::Object(made) = made else { return Err(ApiError::internal()) };
            let Snapshot::Product(product) = *made else { return Err(ApiError::internal()) };
            of_product(tx, &product, params)?
        }
        None => return Err(ApiError::missing_param("product")),
    };
    tx.put(Change::Price(price.clone()));
    tx.emit("price.created", Snapshot::Price(price.clone()));
    Ok(Body::of(Snapshot::Price(price)))
}

/// Reads a new price of `product`; the caller keeps it.
pub fn of_product(tx: &mut Tx<'_>, product: &Product, params: &Params) -> Result<Price, ApiError> {
    if params.text("billing_scheme")?.is_some_and(|scheme| scheme != "per_unit") {
        let message = "The sandbox knows only prices per unit: billing_scheme=per_unit";
        return Err(ApiError::invalid(message, Some("billing_scheme"), None));
    }
    let account = product.account.clone();
    let mut price = Price {
        id: new_id("price"),
        created: tx.now(),
        active: params.boolean("active")?.unwrap_or(true),
        currency: intents::currency(params)?.ok_or_else(|| ApiError::missing_param("currency"))?,
        unit: unit(params)?,
        nickname: params.text("nickname")?,
        lookup_key: None,
        product: product.id.clone(),
        tax_behavior: params.choice("tax_behavior", TAX)?.unwrap_or_else(|| "unspecified".to_owned()),
        recurring: match params.has("recurring") {
            true => Some(recurring(tx, account.as_deref(), &params.within("recurring"))?),
            false => None,
        },
        metadata: Metadata::new(),
        account,
    };
    params.merge_metadata(&mut price.metadata)?;
    name(tx, &mut price, params)?;
    Ok(price)
}

pub fn update(tx: &mut Tx<'_>, account: Option<&str>, id: &str, params: &Params) -> Result<Body, ApiError> {
    params.only(&["active", "lookup_key", "metadata", "nickname", "tax_behavior", "transfer_lookup_key"])?;
    let mut price = tx.state.prices.get(account, id)?.clone();
    let before = price.render();
    if let Some(active) = params.boolean("active")? {
        price.active = active;
    }
    if let Some(nickname) = params.change("nickname")? {
        price.nickname = nickname;
    }
    if let Some(tax) = params.choice("tax_behavior", TAX)? {
        price.tax_behavior = tax;
    }
    params.merge_metadata(&mut price.metadata)?;
    name(tx, &mut price, params)?;
    tx.put(Change::Price(price.clone()));
    tx.emit_update("price.updated", &before, Snapshot::Price(price.clone()));
    Ok(Body::of(Snapshot::Price(price)))
}

pub fn retrieve(tx: &Tx<'_>, account: Option<&str>, id: &str) -> Result<Body, ApiError> {
    Ok(Body::of(Snapshot::Price(tx.state.prices.get(account, id)?.clone())))
}

pub fn list(tx: &Tx<'_>, account: Option<&str>, params: &Params) -> Result<Body, ApiError> {
    let (active, product, keys) = (params.boolean("active")?, params.text("product")?, params.list("lookup_keys"));
    let kind = params.choice("type", &["recurring", "one_time"])?;
    let currency = params.text("currency")?;
    let wanted = |price: &Price| {
        active.is_none_or(|active| price.active == active)
            && product.as_ref().is_none_or(|product| &price.product == product)
            && currency.as_ref().is_none_or(|currency| currency.eq_ignore_ascii_case(&price.currency))
            && kind.as_ref().is_none_or(|kind| (kind == "recurring") == price.recurring.is_some())
            && (keys.is_empty() || price.lookup_key.as_ref().is_some_and(|key| keys.contains(key)))
    };
    Ok(Body::json(&tx.state.prices.list(account, params, "/v1/prices", wanted)?))
}

pub fn search(tx: &Tx<'_>, account: Option<&str>, params: &Params) -> Result<Body, ApiError> {
    let terms = Terms::read(params)?;
    let wanted = |price: &Price| terms.hold(&price.render());
    Ok(Body::json(&tx.state.prices.search(account, params, "/v1/prices/search", wanted)?))
}

/// A price that new things may be sold at.
pub fn for_sale(tx: &Tx<'_>, account: Option<&str>, id: &str) -> Result<Price, ApiError> {
    let price = tx.state.prices.get(account, id)?;
    if !price.active {
        let message = format!("The price specified is inactive. This field only accepts active prices: '{id}'");
        return Err(ApiError::invalid(&message, Some("price"), Some("price_inactive")));
    }
    Ok(price.clone())
}

fn unit(params: &Params) -> Result<Decimal, ApiError> {
    if let Some(amount) = params.between("unit_amount", 0, 999_999_999_999)? {
        return Ok(Decimal::from_whole(amount));
    }
    let text = params.text("unit_amount_decimal")?.ok_or_else(|| ApiError::missing_param("unit_amount"))?;
    text.parse().map_err(|()| {
        let message = format!("Invalid decimal: {text}; must contain at maximum 12 decimal places");
        ApiError::invalid(&message, Some("unit_amount_decimal"), Some("parameter_invalid_decimal"))
    })
}

fn recurring(tx: &Tx<'_>, account: Option<&str>, params: &Params) -> Result<Recurring, ApiError> {
    let within = |error: ApiError| {
        let param = error.param.as_ref().map(|param| format!("recurring[{param}]"));
        ApiError { param, ..error }
    };
    let read = || -> Result<Recurring, ApiError> {
        params.only(&["interval", "interval_count", "meter", "trial_period_days", "usage_type"])?;
        let interval = params.choice("interval", &["day", "week", "month", "year"])?;
        let interval = interval.and_then(|word| Interval::parse(&word));
        let interval = interval.ok_or_else(|| ApiError::missing_param("interval"))?;
        let count = params.between("interval_count", 1, interval.most())?.unwrap_or(1);
        let metered = params.choice("usage_type", &["licensed", "metered"])?.is_some_and(|usage| usage == "metered");
        let meter = params.text("meter")?;
        match &meter {
            Some(meter) if metered => {
                tx.state.meters.get(account, meter)?;
            }
            Some(_) => {
                let message = "`meter` can only be set on prices with usage_type=metered.";
                return Err(ApiError::invalid(message, Some("meter"), None));
            }
            None if metered => {
                let message = "Prices with usage_type=metered must be backed by a meter.";
                return Err(ApiError::invalid(message, Some("meter"), Some("parameter_missing")));
            }
            None => {}
        }
        let trial_period_days = params.between("trial_period_days", 1, 730)?;
        Ok(Recurring { interval, count: u32::try_from(count).unwrap_or(1), meter, metered, trial_period_days })
    };
    read().map_err(within)
}

/// Gives the price its lookup key, taking it from the price that had it when asked to.
fn name(tx: &mut Tx<'_>, price: &mut Price, params: &Params) -> Result<(), ApiError> {
    let Some(key) = params.change("lookup_key")? else { return Ok(()) };
    let transfer = params.boolean("transfer_lookup_key")?.unwrap_or(false);
    let theirs = |other: &&Price| other.account == price.account && other.id != price.id;
    let holder = tx.state.prices.iter().filter(theirs).find(|other| key.is_some() && other.lookup_key == key).cloned();
    if let Some(mut holder) = holder {
        if !transfer {
            let message = format!(
                "A price (`{}`) already uses that lookup key, and you did not pass `transfer_lookup_key: true`.",
                holder.id
            );
            return Err(ApiError::invalid(&message, Some("lookup_key"), None));
        }
        let before = holder.render();
        holder.lookup_key = None;
        tx.put(Change::Price(holder.clone()));
        tx.emit_update("price.updated", &before, Snapshot::Price(holder));
    }
    price.lookup_key = key;
    Ok(())
}
