//! Change a store's settings.

use kernel::db::retrying;
use serde::{Deserialize, Deserializer};
use serde_json::json;

use super::{Settings, SettingsError, db};
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
