//! Create a category.

use kernel::db::{TenantTx, retrying};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::handle::{candidates, valid_handle};
use super::{CatalogError, Category, CategoryId, db, plain_text};
use crate::activity::{self, Act};
use crate::settings;
use crate::shop::Shop;

/// A category to be made.
#[derive(Debug, Clone, Serialize, Deserialize, garde::Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateCategory {
    /// What people call it.
    #[garde(length(chars, min = 1, max = 200), custom(plain_text))]
    #[schema(min_length = 1, max_length = 200)]
    pub title: String,
    /// Its name in addresses; made from the title when it is left out.
    #[garde(inner(custom(valid_handle)))]
    #[schema(max_length = 120, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$")]
    pub handle: Option<String>,
    /// The category that it is part of.
    #[garde(skip)]
    pub parent_id: Option<CategoryId>,
    /// Where it stands among the others: lower ones first.
    #[serde(default)]
    #[garde(skip)]
    pub position: i32,
}

/// Creates a category.
pub async fn create_category(shop: &Shop, request: &CreateCategory) -> Result<Category, CatalogError> {
    retrying(|| async {
        let mut tx = shop.db.begin().await?;
        settings::lock_store(&mut tx).await?;
        if let Some(parent) = request.parent_id {
            check_parent(&mut tx, parent).await?;
        }
        let handle = match &request.handle {
            Some(handle) => handle.clone(),
            None => free_handle(&mut tx, &request.title).await?,
        };
        let category = db::categories::insert(&mut tx, CategoryId::new(), &handle, request).await?;
        settings::bump_catalog(&mut tx).await?;
        let act = Act {
            action: "category.created",
            entity_type: "category",
            entity_id: category.id.0,
            before: None,
            after: Some(json!(category)),
        };
        activity::note(&mut tx, shop, &act).await?;
        tx.commit().await?;
        Ok(category)
    })
    .await
}

/// Refuses a parent that is not there.
pub(super) async fn check_parent(tx: &mut TenantTx, parent: CategoryId) -> Result<(), CatalogError> {
    if db::categories::known(tx, &[parent]).await?.is_empty() {
        return Err(CatalogError::UnknownCategory { field: "parent_id", id: parent });
    }
    Ok(())
}

/// The nicest handle for a title that no category has. The store must be locked.
async fn free_handle(tx: &mut TenantTx, title: &str) -> sqlx::Result<String> {
    let mut candidates = candidates(title, "category");
    let held = db::categories::held_handles(tx, &candidates).await?;
    let last = candidates.pop().unwrap_or_default();
    Ok(candidates.into_iter().find(|handle| !held.contains(handle)).unwrap_or(last))
}
