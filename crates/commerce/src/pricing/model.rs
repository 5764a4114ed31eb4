//! What the rules of a store's prices are.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Percent;

kernel::id! {
    /// Identifies a promotion.
    PromotionId
}

kernel::id! {
    /// Identifies a tax rate.
    TaxRateId
}

kernel::id! {
    /// Identifies a shipping method.
    ShippingMethodId
}

/// All rules by which a store's prices become totals, as they stood at one version.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    /// `store_state.pricing_version` when they were read.
    pub version: i64,
    /// Those that are not paused, whatever their dates say.
    pub promotions: Vec<Promotion>,
    /// All of them.
    pub tax_rates: Vec<TaxRate>,
    /// All of them by position; a paused one ships nothing.
    pub shipping_methods: Vec<ShippingMethod>,
}

/// Does a rule apply?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum RuleStatus {
    /// It does.
    Active,
    /// Not now.
    Paused,
}

/// Something that is taken off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promotion {
    /// Which one.
    pub id: PromotionId,
    /// What people call it.
    pub title: String,
    /// In capital letters; none: it applies by itself.
    pub code: Option<String>,
    /// What it takes off.
    pub benefit: Benefit,
    /// Only for goods of at least so much.
    pub minimum_subtotal_minor: i64,
    /// May it be added to others? Of those that apply by themselves and may not, one alone does.
    pub combines: bool,
    /// Lower ones are taken off first.
    pub priority: i32,
    /// How often it may be used in all.
    pub usage_limit: Option<i64>,
    /// How often by the same customer.
    pub per_customer_limit: Option<i32>,
    /// Not before.
    pub starts_at: Option<DateTime<Utc>>,
    /// No longer from then on.
    pub ends_at: Option<DateTime<Utc>>,
}

/// What a promotion takes off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Benefit {
    /// A part of what is left of the goods' price.
    Percent(Percent),
    /// So many minor units, as far as anything is left.
    Fixed(i64),
    /// What shipping costs.
    FreeShipping,
}

/// How much tax there is somewhere, on everything or on one category.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaxRate {
    /// Which one.
    pub id: TaxRateId,
    /// What people call it.
    pub title: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// As shoppers write it in `province`, compared without case; none: the whole country.
    pub region: Option<String>,
    /// None: all categories.
    pub category_id: Option<Uuid>,
    /// How much.
    pub percent: Percent,
    /// Is it contained in the price, or added to it?
    pub inclusive: bool,
    /// Is shipping taxed by it too? Only rates for all categories are.
    pub on_shipping: bool,
}

/// A way for goods to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShippingMethod {
    /// Which one.
    pub id: ShippingMethodId,
    /// What a checkout names.
    pub code: String,
    /// What people call it.
    pub title: String,
    /// Lower ones are offered first.
    pub position: i32,
    /// Where it goes, and for how much.
    pub zones: Vec<Zone>,
    /// Is it offered?
    pub active: bool,
}

/// Where a shipping method goes, and for how much.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Zone {
    /// ISO 3166-1 alpha-2; none: the rest of the world.
    #[serde(default)]
    #[schema(max_items = 250)]
    pub countries: Vec<String>,
    /// As shoppers write them in `province`, compared without case; none: all of these countries.
    #[serde(default)]
    #[schema(max_items = 250)]
    pub regions: Vec<String>,
    /// What it costs, where no weight decides.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 100_000_000_000_i64)]
    pub price_minor: i64,
    /// Costs nothing from so much on, once discounts are taken off.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 10_000_000_000_000_i64)]
    pub free_over_minor: Option<i64>,
    /// Prices by weight, from light to heavy; what is heavier than the last one does not go this way.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub weight_tiers: Vec<WeightTier>,
}

/// What shipping costs up to a weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WeightTier {
    /// Up to so many grams, and that many too.
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    pub up_to_grams: i64,
    /// What it costs.
    #[schema(minimum = 0, maximum = 100_000_000_000_i64)]
    pub price_minor: i64,
}

impl Rules {
    /// Promotions with a limit that may apply by themselves or by one of these codes: [`super::uses`] tells how often
    /// each of them is used.
    pub fn limited<'a>(&self, codes: impl IntoIterator<Item = &'a str>) -> Vec<PromotionId> {
        let codes: Vec<String> = codes.into_iter().map(normal_code).collect();
        let limited =
            |promotion: &&Promotion| promotion.usage_limit.is_some() || promotion.per_customer_limit.is_some();
        let named = |promotion: &&Promotion| promotion.code.as_ref().is_none_or(|code| codes.contains(code));
        self.promotions.iter().filter(limited).filter(named).map(|promotion| promotion.id).collect()
    }
}

/// A promotion's code as it is compared: without spaces around it, in capital letters.
pub fn normal_code(code: &str) -> String {
    code.trim().to_uppercase()
}
