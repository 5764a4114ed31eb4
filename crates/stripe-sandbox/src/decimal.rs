//! Exact decimals of up to twelve places, for prices that are fractions of a minor unit.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

const PLACES: usize = 12;
const ONE: i128 = 1_000_000_000_000;

/// An amount in minor units, in steps of 10⁻¹².
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Decimal(i128);

impl Decimal {
    pub fn from_whole(amount: i64) -> Self {
        Self(i128::from(amount) * ONE)
    }

    /// The amount when it is whole.
    pub fn whole(self) -> Option<i64> {
        if self.0 % ONE == 0 { i64::try_from(self.0 / ONE).ok() } else { None }
    }

    /// This many of it, in minor units, half away from zero.
    pub fn times(self, quantity: i64) -> i64 {
        rounded(self.0.saturating_mul(i128::from(quantity)), ONE)
    }
}

/// `amount × part / whole`, half away from zero.
pub fn share(amount: i64, part: i64, whole: i64) -> i64 {
    rounded(i128::from(amount) * i128::from(part), i128::from(whole.max(1)))
}

/// The sum, as large as it can be when it is larger.
pub fn sum(amounts: impl IntoIterator<Item = i64>) -> i64 {
    amounts.into_iter().fold(0, i64::saturating_add)
}

fn rounded(numerator: i128, denominator: i128) -> i64 {
    let half = denominator / 2;
    let magnitude = numerator.saturating_abs().saturating_add(half) / denominator;
    i64::try_from(magnitude * numerator.signum()).unwrap_or(i64::MAX)
}

impl FromStr for Decimal {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || whole.len() > 12 || fraction.len() > PLACES || !digits(whole) || !digits(fraction) {
            return Err(());
        }
        let units: i128 = format!("{whole}{fraction:0<PLACES$}").parse().map_err(|_| ())?;
        Ok(Self(units))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, fraction) = (self.0 / ONE, self.0 % ONE);
        if fraction == 0 {
            return write!(f, "{whole}");
        }
        let fraction = format!("{fraction:0PLACES$}");
        write!(f, "{whole}.{}", fraction.trim_end_matches('0'))
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|()| serde::de::Error::custom("not a decimal"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_of_a_cent_are_exact() {
        let price: Decimal = "0.005".parse().unwrap();
        assert_eq!((price.times(100), price.times(99), price.whole()), (1, 0, None));
        assert_eq!((price.to_string(), Decimal::from_whole(1500).to_string()), ("0.005".to_owned(), "1500".to_owned()));
        for odd in ["", ".5", "-1", "1e3", "1.2345678901234", "9999999999999"] {
            assert!(odd.parse::<Decimal>().is_err(), "{odd}");
        }
    }

    #[test]
    fn shares_round_half_away_from_zero() {
        assert_eq!((share(1000, 1, 2), share(5, 1, 2), share(-5, 1, 2), share(999, 10, 30)), (500, 3, -3, 333));
        assert_eq!(share(i64::MAX, 2, 4), i64::MAX / 2 + 1);
        let most: Decimal = "999999999999.999999999999".parse().unwrap();
        assert_eq!((most.times(i64::MAX), sum([i64::MAX, i64::MAX])), (i64::MAX, i64::MAX), "no input overflows");
    }
}
