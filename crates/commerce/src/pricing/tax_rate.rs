//! What staff says a tax rate is.

use chrono::{DateTime, Utc};
use kernel::problem::FieldError;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::check::{Faults, present};
use super::{Percent, PricingError, TaxRateId};

/// A tax rate.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = TaxRate)]
pub struct TaxRateView {
    /// Its id.
    pub id: TaxRateId,
    /// What people call it.
    pub title: String,
    /// ISO 3166-1 alpha-2.
    #[schema(example = "DE")]
    pub country: String,
    /// As shoppers write it in `province`; null: the whole country.
    pub region: Option<String>,
    /// Null: all categories.
    pub category_id: Option<Uuid>,
    /// How much.
    pub percent: Percent,
    /// Is it contained in the price, or added to it?
    pub inclusive: bool,
    /// Is shipping taxed by it too? Only rates for all categories are.
    pub on_shipping: bool,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// A tax rate to be made.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateTaxRate {
    /// What people call it.
    #[schema(min_length = 1, max_length = 100)]
    pub title: String,
    /// ISO 3166-1 alpha-2.
    #[schema(pattern = "^[A-Z]{2}$", example = "DE")]
    pub country: String,
    /// As shoppers write it in `province`, compared without case; left out: the whole country.
    #[schema(min_length = 1, max_length = 100)]
    pub region: Option<String>,
    /// Left out: all categories.
    pub category_id: Option<Uuid>,
    /// How much.
    pub percent: Percent,
    /// Is it contained in the price, or added to it?
    pub inclusive: bool,
    /// Is shipping taxed by it too? Only rates for all categories are. `true` when it is left out.
    pub on_shipping: Option<bool>,
}

/// What to change; a field that is not there stays as it is, null takes a value away.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeTaxRate {
    /// What people call it.
    #[schema(min_length = 1, max_length = 100)]
    pub title: Option<String>,
    /// ISO 3166-1 alpha-2.
    #[schema(pattern = "^[A-Z]{2}$")]
    pub country: Option<String>,
    /// Null: the whole country.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100)]
    pub region: Option<Option<String>>,
    /// Null: all categories.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Uuid>)]
    pub category_id: Option<Option<Uuid>>,
    /// How much.
    pub percent: Option<Percent>,
    /// Is it contained in the price, or added to it?
    pub inclusive: Option<bool>,
    /// Is shipping taxed by it too?
    pub on_shipping: Option<bool>,
}

impl CreateTaxRate {
    /// As it is stored, or everything that is wrong with it. Whether the category is there, the database knows.
    pub(super) fn checked(mut self, told: Vec<FieldError>, category_there: bool) -> Result<Self, PricingError> {
        self.region = self.region.map(|region| region.trim().to_owned());
        let mut faults = Faults::after(told);
        faults.text("title", &self.title, 100);
        faults.country("country", &self.country);
        if let Some(region) = &self.region {
            faults.text("region", region, 100);
        }
        if let Some(category) = self.category_id.filter(|_| !category_there) {
            let error = FieldError::new("category_id", "CATEGORY_NOT_FOUND", "names no category of this store");
            faults.push(error.with("category_id", category.to_string()));
        }
        faults.none().map(|()| self)
    }
}

impl ChangeTaxRate {
    /// The rate as it would be.
    pub(super) fn of(&self, before: &TaxRateView) -> CreateTaxRate {
        CreateTaxRate {
            title: self.title.clone().unwrap_or_else(|| before.title.clone()),
            country: self.country.clone().unwrap_or_else(|| before.country.clone()),
            region: self.region.clone().unwrap_or_else(|| before.region.clone()),
            category_id: self.category_id.unwrap_or(before.category_id),
            percent: self.percent.unwrap_or(before.percent),
            inclusive: self.inclusive.unwrap_or(before.inclusive),
            on_shipping: Some(self.on_shipping.unwrap_or(before.on_shipping)),
        }
    }
}
