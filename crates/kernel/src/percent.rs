//! Shares of an amount, in exact decimals.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

/// A share from 0 to 100 per cent with at most four decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(try_from = "String")]
pub struct Percent(u32);

/// What one per cent is counted as.
const ONE: u32 = 10_000;

/// The text is no share.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a decimal from 0 to 100 with at most four decimals")]
pub struct NotAPercent(String);

impl Percent {
    /// So much of an amount in minor units, half a unit and more rounded up.
    pub fn of(self, amount_minor: i64) -> i64 {
        let whole = i128::from(ONE) * 100;
        let share = (i128::from(amount_minor) * i128::from(self.0) + whole / 2).div_euclid(whole);
        // At most the amount itself.
        i64::try_from(share).unwrap_or(amount_minor)
    }
}

impl FromStr for Percent {
    type Err = NotAPercent;

    fn from_str(text: &str) -> Result<Self, NotAPercent> {
        let refused = || NotAPercent(text.chars().take(16).collect());
        let (units, decimals) = text.split_once('.').unwrap_or((text, ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if units.is_empty() || !digits(units) || !digits(decimals) || decimals.len() > 4 || text.ends_with('.') {
            return Err(refused());
        }
        let units: u32 = units.parse().map_err(|_| refused())?;
        let decimals: u32 = format!("{decimals:0<4}").parse().map_err(|_| refused())?;
        let share = units.checked_mul(ONE).and_then(|share| share.checked_add(decimals)).ok_or_else(refused)?;
        if share > 100 * ONE { Err(refused()) } else { Ok(Self(share)) }
    }
}

impl TryFrom<String> for Percent {
    type Error = NotAPercent;

    fn try_from(text: String) -> Result<Self, NotAPercent> {
        text.parse()
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:04}", self.0 / ONE, self.0 % ONE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(text: &str, amount: i64) -> i64 {
        text.parse::<Percent>().expect("a percent").of(amount)
    }

    #[test]
    fn halves_are_rounded_up() {
        assert_eq!((share("2.5", 1000), share("2.5", 1999), share("2.5", 20), share("2.5", 19)), (25, 50, 1, 0));
        assert_eq!((share("0", 1999), share("100", i64::MAX), share("0.0001", 500_000)), (0, i64::MAX, 1));
    }

    #[test]
    fn what_is_no_share_is_refused() {
        for text in ["", ".", ".5", "5.", "-1", "100.0001", "1.23456", "1e2", "2,5", " 1", "99999999999"] {
            assert!(text.parse::<Percent>().is_err(), "{text:?}");
        }
    }
}
