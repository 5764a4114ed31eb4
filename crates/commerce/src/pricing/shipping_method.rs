//! What staff says a shipping method is.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use kernel::money::{MAX_TOTAL_MINOR, MAX_UNIT_MINOR};
use kernel::problem::FieldError;
use serde::{Deserialize, Serialize};

use super::check::Faults;
use super::{PricingError, RuleStatus, ShippingMethodId, Zone};

/// The most zones of a shipping method.
const MAX_ZONES: usize = 100;

/// A shipping method.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = ShippingMethod)]
pub struct ShippingMethodView {
    /// Its id.
    pub id: ShippingMethodId,
    /// What a checkout names.
    pub code: String,
    /// What people call it.
    pub title: String,
    /// Lower ones are offered first; the first that leads there is taken when a checkout names none.
    pub position: i32,
    /// Where it goes, and for how much.
    pub zones: Vec<Zone>,
    /// Is it offered?
    pub status: RuleStatus,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// A shipping method to be made.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateShippingMethod {
    /// What a checkout names.
    #[schema(max_length = 40, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", example = "express")]
    pub code: String,
    /// What people call it.
    #[schema(min_length = 1, max_length = 100)]
    pub title: String,
    /// Lower ones are offered first.
    #[serde(default)]
    pub position: i32,
    /// Where it goes, and for how much.
    #[schema(min_items = 1, max_items = 100)]
    pub zones: Vec<Zone>,
    /// `active` when it is left out.
    pub status: Option<RuleStatus>,
}

/// What to change; a field that is not there stays as it is.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeShippingMethod {
    /// What a checkout names.
    #[schema(max_length = 40, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$")]
    pub code: Option<String>,
    /// What people call it.
    #[schema(min_length = 1, max_length = 100)]
    pub title: Option<String>,
    /// Lower ones are offered first.
    pub position: Option<i32>,
    /// All zones, in place of what they were.
    #[schema(min_items = 1, max_items = 100)]
    pub zones: Option<Vec<Zone>>,
    /// Is it offered?
    pub status: Option<RuleStatus>,
}

impl CreateShippingMethod {
    /// As it is stored, or everything that is wrong with it.
    pub(super) fn checked(self, told: Vec<FieldError>) -> Result<Self, PricingError> {
        let mut faults = Faults::after(told);
        if !valid_code(&self.code) {
            faults.add("code", "must be at most 40 small letters, digits and single hyphens between them");
        }
        faults.text("title", &self.title, 100);
        if self.zones.is_empty() || self.zones.len() > MAX_ZONES {
            faults.add("zones", format!("must be 1 to {MAX_ZONES}"));
        }
        let mut places = HashSet::new();
        for (n, zone) in self.zones.iter().take(MAX_ZONES).enumerate() {
            check_zone(&mut faults, n, zone);
            let again = places_of(zone).into_iter().filter(|place| !places.insert(place.clone())).count();
            if again > 0 {
                faults.add(format!("zones[{n}]"), "holds a place that another zone of this method holds");
            }
        }
        faults.none().map(|()| self)
    }
}

/// Country and region, each empty for all of them.
fn places_of(zone: &Zone) -> Vec<(String, String)> {
    let all = [String::new()];
    let countries: &[String] = if zone.countries.is_empty() { &all } else { &zone.countries };
    let regions: &[String] = if zone.regions.is_empty() { &all } else { &zone.regions };
    let mut places = Vec::new();
    for country in countries {
        places.extend(regions.iter().map(|region| (country.clone(), region.trim().to_lowercase())));
    }
    places
}

fn check_zone(faults: &mut Faults, n: usize, zone: &Zone) {
    let field = |name: &str| format!("zones[{n}].{name}");
    if zone.countries.len() > 250 {
        faults.add(field("countries"), "must be at most 250");
    }
    if zone.regions.len() > 250 {
        faults.add(field("regions"), "must be at most 250");
    }
    for (at, country) in zone.countries.iter().take(250).enumerate() {
        faults.country(field(&format!("countries[{at}]")), country);
    }
    if !zone.regions.is_empty() && zone.countries.len() != 1 {
        faults.add(field("regions"), "need exactly one country that they are in");
    }
    for (at, region) in zone.regions.iter().take(250).enumerate() {
        faults.text(&field(&format!("regions[{at}]")), region, 100);
    }
    faults.range(&field("price_minor"), Some(zone.price_minor), 0, MAX_UNIT_MINOR);
    faults.range(&field("free_over_minor"), zone.free_over_minor, 0, MAX_TOTAL_MINOR);
    if zone.weight_tiers.len() > 50 {
        faults.add(field("weight_tiers"), "must be at most 50");
    }
    for (at, tier) in zone.weight_tiers.iter().take(50).enumerate() {
        let field = |name: &str| field(&format!("weight_tiers[{at}].{name}"));
        faults.range(&field("up_to_grams"), Some(tier.up_to_grams), 1, 1_000_000_000);
        faults.range(&field("price_minor"), Some(tier.price_minor), 0, MAX_UNIT_MINOR);
        if at > 0 && tier.up_to_grams <= zone.weight_tiers[at - 1].up_to_grams {
            faults.add(field("up_to_grams"), "must be more than the tier before has");
        }
    }
}

fn valid_code(code: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty() && part.bytes().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit())
    };
    code.len() <= 40 && code.split('-').all(part)
}

impl ChangeShippingMethod {
    /// The method as it would be.
    pub(super) fn of(&self, before: &ShippingMethodView) -> CreateShippingMethod {
        CreateShippingMethod {
            code: self.code.clone().unwrap_or_else(|| before.code.clone()),
            title: self.title.clone().unwrap_or_else(|| before.title.clone()),
            position: self.position.unwrap_or(before.position),
            zones: self.zones.clone().unwrap_or_else(|| before.zones.clone()),
            status: Some(self.status.unwrap_or(before.status)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_wrong_with_zones_is_told_at_once() {
        let wrong = serde_json::json!({
            "code": "Express", "title": "", "zones": [
                { "countries": ["de"], "price_minor": -1 },
                { "countries": ["US"], "regions": ["CA"] },
                { "countries": ["US"], "regions": ["ca "] },
                { "regions": ["CA"] },
                { "weight_tiers": [{ "up_to_grams": 5, "price_minor": 1 }, { "up_to_grams": 5, "price_minor": 1 }] },
                {},
            ],
        });
        let wrong: CreateShippingMethod = serde_json::from_value(wrong).expect("well-formed");
        let Err(PricingError::Invalid(errors)) = wrong.checked(Vec::new()) else { panic!("accepted") };
        let fields: Vec<&str> = errors.iter().map(|error| error.field.as_str()).collect();
        let all = [
            "code",
            "title",
            "zones[0].countries[0]",
            "zones[0].price_minor",
            "zones[2]",
            "zones[3].regions",
            "zones[4].weight_tiers[1].up_to_grams",
            "zones[5]",
        ];
        assert_eq!(fields, all);
    }
}
