//! Which tax applies somewhere, and how much it is.

use std::cmp::Reverse;

use uuid::Uuid;

use super::quote::Basket;
use super::trail::{Rule, Step};
use super::{Rules, TaxRate};

/// The rates that hold where a basket goes.
pub(super) struct Place<'a>(Vec<&'a TaxRate>);

/// The tax on one thing.
pub(super) struct Tax {
    pub(super) added: i64,
    pub(super) contained: i64,
    pub(super) step: Option<Step>,
}

impl<'a> Place<'a> {
    /// Nowhere in particular there is no tax.
    pub(super) fn of(rules: &'a Rules, basket: &Basket<'_>) -> Self {
        let here = |rate: &&TaxRate| {
            basket.country.is_some_and(|country| country.eq_ignore_ascii_case(&rate.country))
                && rate.region.as_deref().is_none_or(|region| same_region(Some(region), basket.region))
        };
        Self(rules.tax_rates.iter().filter(here).collect())
    }

    /// The tax on goods that are filed under these categories.
    pub(super) fn on_goods(&self, minor: i64, categories: &[Uuid]) -> Tax {
        let fits = |rate: &&&TaxRate| rate.category_id.is_none_or(|category| categories.contains(&category));
        let rate = self.0.iter().filter(fits).max_by_key(|rate| rank(rate));
        tax(rate.copied(), minor, Rule::TaxAdded, Rule::TaxContained)
    }

    /// The tax on shipping: by the most special rate for all categories, if that one says so.
    pub(super) fn on_shipping(&self, minor: i64) -> Tax {
        let rate = self.0.iter().filter(|rate| rate.category_id.is_none()).max_by_key(|rate| rank(rate));
        let rate = rate.copied().filter(|rate| rate.on_shipping && minor > 0);
        tax(rate, minor, Rule::ShippingTaxAdded, Rule::ShippingTaxContained)
    }
}

/// Category and region before category, before region, before country. Goods in several categories with rates of their
/// own bear the highest.
fn rank(rate: &TaxRate) -> impl Ord + use<> {
    (rate.category_id.is_some(), rate.region.is_some(), rate.percent, Reverse(rate.id))
}

fn tax(rate: Option<&TaxRate>, minor: i64, added: Rule, contained: Rule) -> Tax {
    let Some(rate) = rate else { return Tax { added: 0, contained: 0, step: None } };
    let (rule, amount) =
        if rate.inclusive { (contained, rate.percent.contained_in(minor)) } else { (added, rate.percent.of(minor)) };
    let mut step = Step::new(rule, &rate.title, amount);
    step.id = Some(rate.id.0);
    step.of_minor = Some(minor);
    step.percent = Some(rate.percent);
    let (added, contained) = if rate.inclusive { (0, amount) } else { (amount, 0) };
    Tax { added, contained, step: Some(step) }
}

/// Regions are what people write: compared without case and spaces around them.
pub(super) fn same_region(one: Option<&str>, other: Option<&str>) -> bool {
    one.zip(other).is_some_and(|(one, other)| one.trim().to_lowercase() == other.trim().to_lowercase())
}
