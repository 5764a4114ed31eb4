//! What staff says a promotion is.

use chrono::{DateTime, Utc};
use kernel::money::MAX_TOTAL_MINOR;
use kernel::problem::FieldError;
use serde::{Deserialize, Serialize};

use super::check::{Faults, present};
use super::{Percent, PricingError, PromotionId, RuleStatus, normal_code};

/// What kind of promotion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum PromotionKind {
    /// Takes a part of the goods' price off: `percent`.
    Percent,
    /// Takes an amount off: `amount_minor`.
    Fixed,
    /// Takes off what shipping costs.
    FreeShipping,
}

/// A promotion.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = Promotion)]
pub struct PromotionView {
    /// Its id.
    pub id: PromotionId,
    /// What people call it.
    pub title: String,
    /// What shoppers type; null: it applies by itself.
    pub code: Option<String>,
    /// What kind.
    pub kind: PromotionKind,
    /// Which part is taken off.
    pub percent: Option<Percent>,
    /// How much is taken off.
    pub amount_minor: Option<i64>,
    /// Only for goods of at least so much.
    pub minimum_subtotal_minor: i64,
    /// May it be added to others?
    pub combines: bool,
    /// Lower ones are taken off first.
    pub priority: i32,
    /// How often it may be used in all.
    pub usage_limit: Option<i64>,
    /// How often by the same customer.
    pub per_customer_limit: Option<i32>,
    /// How often it is used.
    pub used: i64,
    /// Not before.
    pub starts_at: Option<DateTime<Utc>>,
    /// No longer from then on.
    pub ends_at: Option<DateTime<Utc>>,
    /// Does it apply?
    pub status: RuleStatus,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// A promotion to be made.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreatePromotion {
    /// What people call it.
    #[schema(min_length = 1, max_length = 200)]
    pub title: String,
    /// What shoppers type, in any case; left out: it applies by itself.
    #[schema(max_length = 40, example = "SUMMER")]
    pub code: Option<String>,
    /// What kind.
    pub kind: PromotionKind,
    /// Which part is taken off: for `percent`, and only there. Not 0.
    pub percent: Option<Percent>,
    /// How much is taken off: for `fixed`, and only there.
    #[schema(minimum = 1, maximum = 10_000_000_000_000_i64)]
    pub amount_minor: Option<i64>,
    /// Only for goods of at least so much.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 10_000_000_000_000_i64)]
    pub minimum_subtotal_minor: i64,
    /// May it be added to others?
    #[serde(default)]
    pub combines: bool,
    /// Lower ones are taken off first; 100 when it is left out.
    pub priority: Option<i32>,
    /// How often it may be used in all; left out: as often as one likes.
    #[schema(minimum = 1)]
    pub usage_limit: Option<i64>,
    /// How often by the same customer; left out: as often as one likes.
    #[schema(minimum = 1)]
    pub per_customer_limit: Option<i32>,
    /// Not before.
    pub starts_at: Option<DateTime<Utc>>,
    /// No longer from then on.
    pub ends_at: Option<DateTime<Utc>>,
    /// `active` when it is left out.
    pub status: Option<RuleStatus>,
}

/// What to change; a field that is not there stays as it is, null takes a value away.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangePromotion {
    /// What people call it.
    #[schema(min_length = 1, max_length = 200)]
    pub title: Option<String>,
    /// What shoppers type; null: it applies by itself.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, max_length = 40)]
    pub code: Option<Option<String>>,
    /// What kind. Another kind forgets `percent` and `amount_minor`.
    pub kind: Option<PromotionKind>,
    /// Which part is taken off.
    pub percent: Option<Percent>,
    /// How much is taken off.
    #[schema(minimum = 1, maximum = 10_000_000_000_000_i64)]
    pub amount_minor: Option<i64>,
    /// Only for goods of at least so much.
    #[schema(minimum = 0, maximum = 10_000_000_000_000_i64)]
    pub minimum_subtotal_minor: Option<i64>,
    /// May it be added to others?
    pub combines: Option<bool>,
    /// Lower ones are taken off first.
    pub priority: Option<i32>,
    /// How often it may be used in all.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<i64>, minimum = 1)]
    pub usage_limit: Option<Option<i64>>,
    /// How often by the same customer.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<i32>, minimum = 1)]
    pub per_customer_limit: Option<Option<i32>>,
    /// Not before.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<DateTime<Utc>>)]
    pub starts_at: Option<Option<DateTime<Utc>>>,
    /// No longer from then on.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<DateTime<Utc>>)]
    pub ends_at: Option<Option<DateTime<Utc>>>,
    /// Does it apply?
    pub status: Option<RuleStatus>,
}

impl CreatePromotion {
    /// As it is stored, or everything that is wrong with it.
    pub(super) fn checked(mut self, told: Vec<FieldError>) -> Result<Self, PricingError> {
        self.code = self.code.as_deref().map(normal_code);
        let mut faults = Faults::after(told);
        faults.text("title", &self.title, 200);
        if self.code.as_deref().is_some_and(|code| !valid_code(code)) {
            faults.add(
                "code",
                "must be 2 to 40 letters, digits, hyphens and underscores, with a letter or digit at both ends",
            );
        }
        let (percent, amount) = match self.kind {
            PromotionKind::Percent => (true, false),
            PromotionKind::Fixed => (false, true),
            PromotionKind::FreeShipping => (false, false),
        };
        // Of what kind it was meant to be, nobody knows.
        let kind_told = faults.told("kind");
        match self.percent {
            _ if kind_told => {}
            None if percent => faults.add("percent", "is needed for this kind"),
            Some(_) if !percent => faults.add("percent", "does not belong to this kind"),
            Some(rate) if rate.ten_thousandths() == 0 => faults.add("percent", "must be more than 0"),
            Some(_) | None => {}
        }
        match self.amount_minor {
            _ if kind_told => {}
            None if amount => faults.add("amount_minor", "is needed for this kind"),
            Some(_) if !amount => faults.add("amount_minor", "does not belong to this kind"),
            Some(_) | None => faults.range("amount_minor", self.amount_minor, 1, MAX_TOTAL_MINOR),
        }
        faults.range("minimum_subtotal_minor", Some(self.minimum_subtotal_minor), 0, MAX_TOTAL_MINOR);
        faults.range("usage_limit", self.usage_limit, 1, i64::MAX);
        faults.range("per_customer_limit", self.per_customer_limit.map(i64::from), 1, i64::from(i32::MAX));
        for (field, time) in [("starts_at", self.starts_at), ("ends_at", self.ends_at)] {
            if time.is_some_and(|time| !storable(time)) {
                faults.add(field, "must be within the years 1 to 9999");
            }
        }
        if self.starts_at.zip(self.ends_at).is_some_and(|(start, end)| end <= start) {
            faults.add("ends_at", "must be after starts_at");
        }
        faults.none().map(|()| self)
    }
}

fn valid_code(code: &str) -> bool {
    let plain = |letter: u8| letter.is_ascii_uppercase() || letter.is_ascii_digit();
    let ends = code.bytes().next().is_some_and(plain) && code.bytes().last().is_some_and(plain);
    ends && (2..=40).contains(&code.len()) && code.bytes().all(|letter| plain(letter) || matches!(letter, b'-' | b'_'))
}

/// The years that both JSON and the database can write.
fn storable(time: DateTime<Utc>) -> bool {
    use chrono::Datelike as _;
    (1..=9999).contains(&time.year())
}

impl ChangePromotion {
    /// The promotion as it would be.
    pub(super) fn of(&self, before: &PromotionView) -> CreatePromotion {
        let kept = self.kind.is_none_or(|kind| kind == before.kind);
        CreatePromotion {
            title: self.title.clone().unwrap_or_else(|| before.title.clone()),
            code: self.code.clone().unwrap_or_else(|| before.code.clone()),
            kind: self.kind.unwrap_or(before.kind),
            percent: self.percent.or(before.percent.filter(|_| kept)),
            amount_minor: self.amount_minor.or(before.amount_minor.filter(|_| kept)),
            minimum_subtotal_minor: self.minimum_subtotal_minor.unwrap_or(before.minimum_subtotal_minor),
            combines: self.combines.unwrap_or(before.combines),
            priority: Some(self.priority.unwrap_or(before.priority)),
            usage_limit: self.usage_limit.unwrap_or(before.usage_limit),
            per_customer_limit: self.per_customer_limit.unwrap_or(before.per_customer_limit),
            starts_at: self.starts_at.unwrap_or(before.starts_at),
            ends_at: self.ends_at.unwrap_or(before.ends_at),
            status: Some(self.status.unwrap_or(before.status)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_short_and_plain() {
        for right in ["AB", "SUMMER-25", "A_B", &"X".repeat(40)] {
            assert!(valid_code(right), "{right}");
        }
        for wrong in ["", "A", "-AB", "AB_", "A B", "ÄB", "ab", &"X".repeat(41)] {
            assert!(!valid_code(wrong), "{wrong}");
        }
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let wrong = serde_json::json!({
            "title": " ", "code": "!", "kind": "fixed", "percent": 10, "minimum_subtotal_minor": -1, "usage_limit": 0,
            "per_customer_limit": 0, "starts_at": "2026-01-02T00:00:00Z", "ends_at": "2026-01-01T00:00:00Z",
        });
        let wrong: CreatePromotion = serde_json::from_value(wrong).expect("well-formed");
        let Err(PricingError::Invalid(errors)) = wrong.checked(Vec::new()) else { panic!("accepted") };
        let fields: Vec<&str> = errors.iter().map(|error| error.field.as_str()).collect();
        let all = [
            "title",
            "code",
            "percent",
            "amount_minor",
            "minimum_subtotal_minor",
            "usage_limit",
            "per_customer_limit",
            "ends_at",
        ];
        assert_eq!(fields, all);
    }
}
