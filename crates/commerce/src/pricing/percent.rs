//! Rates: exact to a ten-thousandth of a percent.

use std::fmt;
use std::str::FromStr;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// So many ten-thousandths of a percent are all of it.
const WHOLE: i128 = 1_000_000;

/// A rate from 0 to 100 %, in ten-thousandths of a percent. In JSON a number with at most four decimals; a text is read
/// too. Nothing is ever reckoned with floats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, utoipa::ToSchema)]
#[schema(value_type = f64, minimum = 0, maximum = 100, example = 7.5)]
pub struct Percent(i32);

/// The text is no rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a number from 0 to 100 with at most four decimals")]
pub struct NotAPercent;

impl Percent {
    /// From ten-thousandths of a percent.
    pub fn from_ten_thousandths(n: i32) -> Result<Self, NotAPercent> {
        if (0..=1_000_000).contains(&n) { Ok(Self(n)) } else { Err(NotAPercent) }
    }

    /// In ten-thousandths of a percent.
    pub fn ten_thousandths(self) -> i32 {
        self.0
    }

    /// This much of an amount that is not negative, half-up.
    pub(super) fn of(self, amount: i64) -> i64 {
        half_up(i128::from(amount) * i128::from(self.0), WHOLE)
    }

    /// How much of an amount that contains it is this rate's, half-up.
    pub(super) fn contained_in(self, amount: i64) -> i64 {
        half_up(i128::from(amount) * i128::from(self.0), WHOLE + i128::from(self.0))
    }
}

/// `n / d`, both not negative, halves up. The rates here never make it larger than what it is a part of.
fn half_up(n: i128, d: i128) -> i64 {
    i64::try_from((2 * n + d) / (2 * d)).unwrap_or(i64::MAX)
}

impl FromStr for Percent {
    type Err = NotAPercent;

    fn from_str(text: &str) -> Result<Self, NotAPercent> {
        let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |text: &str, most| {
            !text.is_empty() && text.len() <= most && text.bytes().all(|letter| letter.is_ascii_digit())
        };
        if !digits(whole, 3) || !digits(part, 4) {
            return Err(NotAPercent);
        }
        let number: i32 = format!("{whole}{part:0<4}").parse().map_err(|_| NotAPercent)?;
        Self::from_ten_thousandths(number)
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.0 / 10_000, self.0 % 10_000);
        if part == 0 {
            return write!(f, "{whole}");
        }
        write!(f, "{whole}.{}", format!("{part:04}").trim_end_matches('0'))
    }
}

impl Serialize for Percent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 % 10_000 == 0 {
            serializer.serialize_i32(self.0 / 10_000)
        } else {
            // The nearest float to a decimal of at most seven digits is written as that decimal.
            serializer.serialize_f64(f64::from(self.0) / 10_000.0)
        }
    }
}

impl<'de> Deserialize<'de> for Percent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl Visitor<'_> for Reader {
            type Value = Percent;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number from 0 to 100 with at most four decimals")
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Percent, E> {
                self.visit_str(&number.to_string())
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Percent, E> {
                self.visit_str(&number.to_string())
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Percent, E> {
                // Writes the shortest decimal that means this float: the one that was sent.
                self.visit_str(&number.to_string())
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Percent, E> {
                text.parse().map_err(E::custom)
            }
        }

        deserializer.deserialize_any(Reader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn percent(text: &str) -> Percent {
        text.parse().expect(text)
    }

    #[test]
    fn rates_are_read_and_written_without_loss() {
        for n in (0..=1_000_000).step_by(37) {
            let rate = Percent::from_ten_thousandths(n).expect("in range");
            assert_eq!(rate.to_string().parse(), Ok(rate));
            let json = serde_json::to_string(&rate).expect("a number");
            assert_eq!(serde_json::from_str::<Percent>(&json).expect(&json), rate);
        }
        assert_eq!(serde_json::to_string(&percent("19")).expect("19"), "19");
        assert_eq!(serde_json::to_string(&percent("7.7500")).expect("7.75"), "7.75");
        assert_eq!(serde_json::from_str::<Percent>("\"7.75\"").expect("text"), percent("7.75"));
        for wrong in ["", "-1", "100.0001", "1e1", "7,5", ".5", "5.", "0.00001", "1000", "NaN", "+1"] {
            assert!(wrong.parse::<Percent>().is_err(), "{wrong}");
        }
        for wrong in ["-1", "100.00001", "1e300", "true", "null", "[]", "101"] {
            assert!(serde_json::from_str::<Percent>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn halves_go_up() {
        assert_eq!(percent("10").of(5997), 600);
        assert_eq!(percent("50").of(1), 1);
        assert_eq!(percent("50").of(3), 2);
        assert_eq!(percent("49.9999").of(1), 0);
        assert_eq!(percent("100").of(i64::MAX), i64::MAX);
        assert_eq!(percent("19").contained_in(11_900), 1900);
        assert_eq!(percent("19").contained_in(1999), 319);
        assert_eq!(percent("100").contained_in(1), 1);
        assert_eq!(percent("0").contained_in(1999), 0);
    }
}
