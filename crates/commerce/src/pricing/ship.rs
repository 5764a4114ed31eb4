//! Which way goods go, and what that costs.

use kernel::problem::FieldError;

use super::quote::{Basket, Shipping};
use super::tax::same_region;
use super::trail::{Rule, Step};
use super::{Rules, ShippingMethod, Zone};

/// What a store ships by that says nothing of shipping.
const STANDARD: &str = "standard";

/// The way a basket goes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Way<'a> {
    /// Nobody has asked yet.
    NotYet,
    /// The store has no methods: it ships for nothing.
    Standard,
    /// One of the store's methods.
    By { method: &'a ShippingMethod, price_minor: i64, free_over_minor: Option<i64> },
}

/// A way that is open to a basket.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct ShippingOffer {
    /// What a checkout names.
    pub code: String,
    /// What people call it.
    pub title: String,
    /// What it costs, without tax that is added.
    pub price_minor: i64,
}

impl Way<'_> {
    /// What it costs for goods of so much, discounts taken off.
    pub(super) fn price(&self, goods_minor: i64) -> i64 {
        match self {
            Self::NotYet | Self::Standard => 0,
            Self::By { free_over_minor: Some(free), .. } if goods_minor >= *free => 0,
            Self::By { price_minor, .. } => *price_minor,
        }
    }

    pub(super) fn code(&self) -> Option<String> {
        match self {
            Self::NotYet => None,
            Self::Standard => Some(STANDARD.to_owned()),
            Self::By { method, .. } => Some(method.code.clone()),
        }
    }

    pub(super) fn step(&self, price_minor: i64) -> Option<Step> {
        match self {
            Self::NotYet => None,
            Self::Standard => Some(Step::new(Rule::Shipping, STANDARD, price_minor)),
            Self::By { method, .. } => {
                let mut step = Step::new(Rule::Shipping, &method.title, price_minor);
                step.id = Some(method.id.0);
                Some(step)
            }
        }
    }
}

/// The way that a basket asks for.
pub(super) fn find<'a>(rules: &'a Rules, basket: &Basket<'_>) -> Result<Way<'a>, FieldError> {
    let asked = match basket.shipping {
        Shipping::NotYet => return Ok(Way::NotYet),
        Shipping::Default => None,
        Shipping::Method(code) => Some(code),
    };
    if rules.shipping_methods.is_empty() {
        return match asked {
            None | Some(STANDARD) => Ok(Way::Standard),
            Some(_) => Err(unavailable("is no way that this store ships; leave it out")),
        };
    }
    let mut open = open(rules, basket);
    let way = open.find(|way| asked.is_none_or(|code| way.code().as_deref() == Some(code)));
    way.ok_or_else(|| match asked {
        None => unavailable("the store does not ship these goods to that address"),
        Some(code) if rules.shipping_methods.iter().any(|method| method.active && method.code == code) => {
            unavailable("does not lead to that address, or not with these goods")
        }
        Some(_) => unavailable("is no way that this store ships"),
    })
}

/// The ways that are open to a basket with what each costs for goods of so much, discounts taken off.
pub fn shipping_offers(rules: &Rules, basket: &Basket<'_>, goods_minor: i64) -> Vec<ShippingOffer> {
    let offer = |way: Way<'_>| ShippingOffer {
        code: way.code().unwrap_or_default(),
        title: way.step(0).map(|step| step.title).unwrap_or_default(),
        price_minor: way.price(goods_minor),
    };
    if rules.shipping_methods.is_empty() {
        return vec![ShippingOffer { title: "Standard".to_owned(), ..offer(Way::Standard) }];
    }
    open(rules, basket).map(offer).collect()
}

fn unavailable(message: &str) -> FieldError {
    FieldError::new("shipping_method", "SHIPPING_UNAVAILABLE", message)
}

/// All ways that lead where the basket goes and carry its weight, in the order of their positions.
fn open<'a>(rules: &'a Rules, basket: &Basket<'_>) -> impl Iterator<Item = Way<'a>> {
    let weigh = |weight: i32, quantity: i32| i64::from(weight) * i64::from(quantity);
    let grams: i64 =
        basket.lines.iter().map(|line| weigh(line.weight_grams, line.quantity)).fold(0, i64::saturating_add);
    let (country, region) = (basket.country.map(str::to_uppercase), basket.region.map(str::to_owned));
    let mut methods: Vec<&ShippingMethod> = rules.shipping_methods.iter().filter(|method| method.active).collect();
    methods.sort_by_key(|method| (method.position, method.id));
    methods.into_iter().filter_map(move |method| {
        let zone = zone(method, country.as_deref(), region.as_deref())?;
        Some(Way::By { method, price_minor: carried(zone, grams)?, free_over_minor: zone.free_over_minor })
    })
}

/// The most special zone that holds the address: by region, by country, the rest of the world.
fn zone<'a>(method: &'a ShippingMethod, country: Option<&str>, region: Option<&str>) -> Option<&'a Zone> {
    let rank = |zone: &&Zone| {
        let named = country.is_some_and(|country| zone.countries.iter().any(|one| one == country));
        let inside = zone.regions.iter().any(|one| same_region(Some(one), region));
        match (zone.countries.is_empty(), zone.regions.is_empty()) {
            (true, _) => Some(0),
            (false, true) if named => Some(1),
            (false, false) if named && inside => Some(2),
            (false, _) => None,
        }
    };
    // The first of equals, as it is listed.
    method.zones.iter().rev().filter(|zone| rank(zone).is_some()).max_by_key(rank)
}

/// What so much weight costs in a zone; `None` when it is too heavy.
fn carried(zone: &Zone, grams: i64) -> Option<i64> {
    if zone.weight_tiers.is_empty() {
        return Some(zone.price_minor);
    }
    let carries = zone.weight_tiers.iter().filter(|tier| grams <= tier.up_to_grams);
    carries.min_by_key(|tier| tier.up_to_grams).map(|tier| tier.price_minor)
}
