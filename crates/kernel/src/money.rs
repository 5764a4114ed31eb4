//! Money: `i64` minor units of one ISO 4217 currency, checked sums, no floats.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The largest price of one unit, in minor units.
pub const MAX_UNIT_MINOR: i64 = 100_000_000_000;

/// The largest total of a cart or an order, in minor units: below 2^53, so that JSON clients keep it exact.
pub const MAX_TOTAL_MINOR: i64 = 10_000_000_000_000;

/// A sum left the range that money may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the amount is out of range")]
pub struct OutOfRange;

/// An ISO 4217 currency in use, such as `EUR`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency(iso_currency::Currency);

/// The text is no currency that money can be held in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an ISO 4217 currency with minor units")]
pub struct UnknownCurrency(String);

impl Currency {
    /// Three capital letters.
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// How many decimals an amount has when people read it: 2 for EUR, 0 for JPY, 3 for BHD.
    pub fn decimals(self) -> u16 {
        self.0.exponent().unwrap_or(0)
    }
}

impl FromStr for Currency {
    type Err = UnknownCurrency;

    fn from_str(text: &str) -> Result<Self, UnknownCurrency> {
        iso_currency::Currency::from_code(text)
            .filter(|currency| currency.exponent().is_some())
            .map(Self)
            .ok_or_else(|| UnknownCurrency(text.chars().take(8).collect()))
    }
}

impl TryFrom<String> for Currency {
    type Error = UnknownCurrency;

    fn try_from(text: String) -> Result<Self, UnknownCurrency> {
        text.parse()
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> String {
        currency.code().to_owned()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// `unit × quantity`, both non-negative.
pub fn line_total(unit_minor: i64, quantity: i32) -> Result<i64, OutOfRange> {
    total([i128::from(unit_minor) * i128::from(quantity)])
}

/// The sum of non-negative parts, at most [`MAX_TOTAL_MINOR`].
pub fn total(parts: impl IntoIterator<Item = i128>) -> Result<i64, OutOfRange> {
    let sum: i128 = parts.into_iter().try_fold(0i128, |sum, part| sum.checked_add(part)).ok_or(OutOfRange)?;
    i64::try_from(sum).ok().filter(|sum| (0..=MAX_TOTAL_MINOR).contains(sum)).ok_or(OutOfRange)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn currencies_know_their_decimals() {
        let decimals = |code: &str| code.parse::<Currency>().map(Currency::decimals);
        assert_eq!(decimals("EUR"), Ok(2));
        assert_eq!(decimals("JPY"), Ok(0));
        assert_eq!(decimals("BHD"), Ok(3));
        for wrong in ["eur", "XXX", "", "EURO", "€"] {
            assert!(decimals(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn sums_never_wrap() {
        assert_eq!(line_total(1999, 3), Ok(5997));
        assert_eq!(line_total(i64::MAX, i32::MAX), Err(OutOfRange));
        assert_eq!(total([i128::from(MAX_TOTAL_MINOR), 1]), Err(OutOfRange));
        assert_eq!(total([i128::MAX, i128::MAX]), Err(OutOfRange));
        assert_eq!(total([-1]), Err(OutOfRange));
    }
}
