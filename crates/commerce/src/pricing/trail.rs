//! How an amount came about, rule by rule.

use kernel::money::Currency;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Percent;

/// What kind of rule it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Price × quantity.
    ListPrice,
    /// The sum of the lines.
    Subtotal,
    /// A promotion took something off.
    Promotion,
    /// What shipping costs.
    Shipping,
    /// A promotion took shipping off.
    FreeShipping,
    /// Tax that is added to the goods' price.
    TaxAdded,
    /// Tax that the goods' price contains.
    TaxContained,
    /// Tax that is added to shipping.
    ShippingTaxAdded,
    /// Tax that shipping contains.
    ShippingTaxContained,
}

/// What one rule did to an amount.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Step {
    /// What kind of rule.
    pub rule: Rule,
    /// Which promotion, tax rate or shipping method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
    /// What it was called at that time.
    pub title: String,
    /// What it did: more than nothing adds, less takes off. Contained tax is told, and adds nothing.
    pub amount_minor: i64,
    /// Of what: the price of one, what a percentage was taken of, what was taxed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of_minor: Option<i64>,
    /// How many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<i32>,
    /// At what rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent: Option<Percent>,
}

impl Step {
    pub(super) fn new(rule: Rule, title: &str, amount_minor: i64) -> Self {
        Self { rule, id: None, title: title.to_owned(), amount_minor, of_minor: None, quantity: None, percent: None }
    }

    /// Adds what the same rule did elsewhere.
    pub(super) fn add(&mut self, other: &Self) {
        self.amount_minor += other.amount_minor;
        self.of_minor = self.of_minor.zip(other.of_minor).map(|(one, other)| one + other);
    }

    /// Does it change the amount? Contained tax does not.
    pub fn counts(&self) -> bool {
        !matches!(self.rule, Rule::TaxContained | Rule::ShippingTaxContained)
    }

    /// The same in words, such as `promotion SUMMER: 10 % of 59.97 EUR`.
    pub fn words(&self, currency: Currency) -> String {
        let title = &self.title;
        let amount = amount(self.amount_minor.abs(), currency);
        let of = self.of_minor.map(|minor| self::amount(minor, currency)).unwrap_or_default();
        let rate = self.percent.map(|percent| format!("{percent} %")).unwrap_or_default();
        match (self.rule, self.percent) {
            (Rule::ListPrice, _) => format!("list price {of} × {}", self.quantity.unwrap_or(1)),
            (Rule::Subtotal, _) => format!("sum of the lines: {amount}"),
            (Rule::Promotion, Some(_)) => format!("promotion {title}: {rate} of {of}"),
            (Rule::Promotion, None) => format!("promotion {title}: {amount} off"),
            (Rule::Shipping, _) => format!("shipping {title}: {amount}"),
            (Rule::FreeShipping, _) => format!("promotion {title}: shipping for nothing, {amount} off"),
            (Rule::TaxAdded, _) => format!("tax {title}: {rate} added to {of}"),
            (Rule::TaxContained, _) => format!("tax {title}: {rate} contained in {of}"),
            (Rule::ShippingTaxAdded, _) => format!("tax {title}: {rate} added to shipping of {of}"),
            (Rule::ShippingTaxContained, _) => format!("tax {title}: {rate} contained in shipping of {of}"),
        }
    }
}

/// An amount as people read it.
pub(super) fn amount(minor: i64, currency: Currency) -> String {
    let decimals = usize::from(currency.decimals());
    if decimals == 0 {
        return format!("{minor} {currency}");
    }
    let digits = format!("{minor:0>width$}", width = decimals + 1);
    let (whole, part) = digits.split_at(digits.len() - decimals);
    format!("{whole}.{part} {currency}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read_as_their_currency_is_written() {
        let read = |minor, code: &str| amount(minor, code.parse().expect(code));
        assert_eq!(read(5, "EUR"), "0.05 EUR");
        assert_eq!(read(1999, "EUR"), "19.99 EUR");
        assert_eq!(read(1999, "JPY"), "1999 JPY");
        assert_eq!(read(1999, "BHD"), "1.999 BHD");
    }

    #[test]
    fn a_step_explains_itself() {
        let euro = "EUR".parse().expect("EUR");
        let mut step = Step::new(Rule::ListPrice, "List price", 5997);
        (step.of_minor, step.quantity) = (Some(1999), Some(3));
        assert_eq!(step.words(euro), "list price 19.99 EUR × 3");
        let mut step = Step::new(Rule::Promotion, "SUMMER", -600);
        (step.of_minor, step.percent) = (Some(5997), "10".parse().ok());
        assert_eq!(step.words(euro), "promotion SUMMER: 10 % of 59.97 EUR");
        let stored = serde_json::to_string(&step).expect("JSON");
        assert_eq!(serde_json::from_str::<Step>(&stored).expect("the same"), step);
    }
}
