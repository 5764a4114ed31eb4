//! Change a store's settings.

use std::collections::BTreeMap;

use kernel::db::retrying;
use kernel::money::MAX_TOTAL_MINOR;
use serde::{Deserialize, Deserializer};
use serde_json::json;

use super::{Capture, Settings, SettingsError, db};
use crate::access::Role;
use crate::activity::{self, Act};
use crate::shop::Shop;

/// What to change; a field that is not there stays as it is.
#[derive(Debug, Clone, Deserialize, garde::Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeSettings {
    /// What shoppers see.
    #[garde(inner(length(chars, min = 1, max = 120), custom(visible)))]
    #[schema(min_length = 1, max_length = 120)]
    pub store_name: Option<String>,
    /// Where shoppers may write to; null takes it away.
    #[serde(default, deserialize_with = "present")]
    #[garde(inner(inner(email, length(max = 254))))]
    #[schema(value_type = Option<String>, format = "email", max_length = 254)]
    pub support_email: Option<Option<String>>,
    /// How long a checkout holds stock; null: as the platform says.
    #[serde(default, deserialize_with = "present")]
    #[garde(inner(inner(range(min = 1, max = 60))))]
    #[schema(value_type = Option<i32>, minimum = 1, maximum = 60)]
    pub checkout_ttl_minutes: Option<Option<i32>>,
    /// Staff is told when no more than this is available of a variant.
    #[garde(inner(range(min = 0)))]
    #[schema(minimum = 0)]
    pub low_stock_threshold: Option<i32>,
    /// Where the store is, as ISO 3166-1 alpha-2 says it; null: nowhere in particular.
    #[serde(default, deserialize_with = "present")]
    #[garde(inner(inner(custom(country_code))))]
    #[schema(value_type = Option<String>, pattern = "^[A-Z]{2}$", example = "DE")]
    pub country: Option<Option<String>>,
    /// How card payments are taken.
    #[garde(skip)]
    pub capture: Option<Capture>,
    /// By how much a total may have moved since the shopper saw it.
    #[garde(inner(range(min = 0, max = MAX_TOTAL_MINOR)))]
    #[schema(minimum = 0, maximum = 10_000_000_000_000_i64)]
    pub price_tolerance_minor: Option<i64>,
    /// Does an edit of a cart that is being bought call the purchase off?
    #[garde(skip)]
    pub edit_cancels_checkout: Option<bool>,
    /// Cash on delivery above this waits for an identity check; null: as the platform says, and so below.
    #[serde(default, deserialize_with = "present")]
    #[garde(inner(inner(range(min = 0, max = MAX_TOTAL_MINOR))))]
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 10_000_000_000_000_i64)]
    pub cod_review_minor: Option<Option<i64>>,
    /// Any order above this waits for an approval.
    #[serde(default, deserialize_with = "present")]
    #[garde(inner(inner(range(min = 0, max = MAX_TOTAL_MINOR))))]
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 10_000_000_000_000_i64)]
    pub order_review_minor: Option<Option<i64>>,
    /// A customer with so many orders that are not sure yet is looked at.
    #[serde(default, deserialize_with = "present")]
    #[garde(inner(inner(range(min = 1))))]
    #[schema(value_type = Option<i32>, minimum = 1)]
    pub pending_orders_review: Option<Option<i32>>,
    /// So is one with so many orders within an hour.
    #[serde(default, deserialize_with = "present")]
    #[garde(inner(inner(range(min = 1))))]
    #[schema(value_type = Option<i32>, minimum = 1)]
    pub hourly_orders_review: Option<Option<i32>>,
    /// And one who orders the same again within so many minutes; 0: never.
    #[serde(default, deserialize_with = "present")]
    #[garde(inner(inner(range(min = 0, max = 1440))))]
    #[schema(value_type = Option<i32>, minimum = 0, maximum = 1440)]
    pub duplicate_minutes: Option<Option<i32>>,
    /// After so many hours an order that waits for a word is rejected by itself; 0: never.
    #[serde(default, deserialize_with = "present")]
    #[garde(inner(inner(range(min = 0, max = 720))))]
    #[schema(value_type = Option<i32>, minimum = 0, maximum = 720)]
    pub review_hold_hours: Option<Option<i32>>,
    /// All limits by role, in place of what they were: refunds above them need a second person.
    #[garde(inner(custom(limits_by_role)))]
    pub refund_approval_minor: Option<BTreeMap<String, i64>>,
    /// How shoppers may pay: `card`, `cod`, `manual`.
    #[garde(inner(custom(known_methods)))]
    #[schema(min_items = 1)]
    pub payment_methods: Option<Vec<String>>,
    /// How many days goods wait for money that comes by itself, such as a bank transfer.
    #[garde(inner(range(min = 1, max = 60)))]
    #[schema(minimum = 1, maximum = 60)]
    pub manual_payment_days: Option<i32>,
}

fn country_code(code: &str, (): &()) -> garde::Result {
    if code.len() == 2 && code.bytes().all(|letter| letter.is_ascii_uppercase()) {
        Ok(())
    } else {
        Err(garde::Error::new("must be two capital letters, such as DE"))
    }
}

fn limits_by_role(limits: &BTreeMap<String, i64>, (): &()) -> garde::Result {
    if let Some(name) = limits.keys().find(|name| Role::from_name(name).is_none()) {
        let name: String = name.chars().take(40).collect();
        return Err(garde::Error::new(format!("`{name}` is no role")));
    }
    if limits.values().any(|limit| !(0..=MAX_TOTAL_MINOR).contains(limit)) {
        return Err(garde::Error::new(format!("must be amounts from 0 to {MAX_TOTAL_MINOR}")));
    }
    Ok(())
}

fn known_methods(methods: &[String], (): &()) -> garde::Result {
    let known = methods.iter().all(|method| matches!(method.as_str(), "card" | "cod" | "manual"));
    if known && !methods.is_empty() && methods.len() <= 3 {
        return Ok(());
    }
    Err(garde::Error::new("must name at least one of `card`, `cod` and `manual`"))
}

/// Tells null, which takes a value away, from a field that is not there.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

fn visible(text: &str, (): &()) -> garde::Result {
    if text.trim().is_empty() || text.chars().any(char::is_control) {
        return Err(garde::Error::new("must be visible text"));
    }
    Ok(())
}

/// Changes the settings that are given.
pub async fn change(shop: &Shop, change: &ChangeSettings) -> Result<Settings, SettingsError> {
    retrying(|| async {
        let mut tx = shop.db.begin().await?;
        db::lock(&mut tx).await?;
        let before = db::read(&mut tx).await?;
        db::update(&mut tx, change).await?;
        let after = db::read(&mut tx).await?;
        let act = Act {
            action: "settings.updated",
            entity_type: "settings",
            entity_id: shop.id.0,
            before: Some(json!(before)),
            after: Some(json!(after)),
        };
        activity::note(&mut tx, shop, &act).await?;
        tx.commit().await?;
        Ok(after)
    })
    .await
}
