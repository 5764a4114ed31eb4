//! Change a category.

use kernel::db::retrying;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::json;

use super::create_category::check_parent;
use super::handle::valid_handle;
use super::{CatalogError, Category, CategoryId, db, plain_text};
use crate::activity::{self, Act};
use crate::settings;
use crate::shop::Shop;

/// What to change; a field that is not there stays as it is.
#[derive(Debug, Clone, Serialize, Deserialize, garde::Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeCategory {
    /// What people call it.
    #[garde(inner(length(chars, min = 1, max = 200), custom(plain_text)))]
    #[schema(min_length = 1, max_length = 200)]
    pub title: Option<String>,
    /// Its name in addresses.
    #[garde(inner(custom(valid_handle)))]
    #[schema(max_length = 120, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$")]
    pub handle: Option<String>,
    /// The category that it is part of; null: of none.
    #[serde(default, deserialize_with = "present")]
    #[garde(skip)]
    #[schema(value_type = Option<CategoryId>)]
    pub parent_id: Option<Option<CategoryId>>,
    /// Where it stands among the others: lower ones first.
    #[garde(skip)]
    pub position: Option<i32>,
}

/// Tells null, which takes a value away, from a field that is not there.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Changes the fields of a category that are given.
pub async fn change_category(shop: &Shop, id: CategoryId, change: &ChangeCategory) -> Result<Category, CatalogError> {
    retrying(|| async {
        let mut tx = shop.db.begin().await?;
        settings::lock_store(&mut tx).await?;
        let before = db::categories::one(&mut tx, id).await?.ok_or(CatalogError::NoCategory)?;
        if let Some(Some(parent)) = change.parent_id {
            check_parent(&mut tx, parent).await?;
            if db::categories::is_part_of(&mut tx, parent, id).await? {
                return Err(CatalogError::CategoryCycle);
            }
        }
        let after = db::categories::update(&mut tx, id, change).await?;
        settings::bump_catalog(&mut tx).await?;
        let act = Act {
            action: "category.updated",
            entity_type: "category",
            entity_id: id.0,
            before: Some(json!(before)),
            after: Some(json!(after)),
        };
        activity::note(&mut tx, shop, &act).await?;
        tx.commit().await?;
        Ok(after)
    })
    .await
}
