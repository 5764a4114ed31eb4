//! What shoppers find in the catalogue.

use kernel::page::{self, Page};
use kernel::problem::Problem;
use serde::Deserialize;
use uuid::Uuid;

use super::cursor::List;
use super::handle::is_handle;
use super::{CatalogError, Product, Sort, VariantStatus, db};
use crate::shop::Shop;
use kernel::text::storable;

/// The longest search.
const MAX_SEARCH: usize = 200;

/// What a shopper looks for.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Browse {
    /// Words in title or description, at most 200 characters; "quotes", OR and -minus are understood.
    #[param(max_length = 200)]
    pub q: Option<String>,
    /// Handle or id of a category; products in its parts are not included.
    pub category: Option<String>,
    /// How to sort; the newest first when it is left out.
    #[serde(default)]
    #[param(required = false)]
    pub sort: Sort,
    /// How many, from 1 to 100.
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<i64>,
    /// `next_cursor` of the page before, of the same search in the same order.
    pub cursor: Option<String>,
}

/// Checks a search; a blank one is none.
pub(super) fn search(q: Option<&str>) -> Result<Option<&str>, Problem> {
    let Some(q) = q.map(str::trim).filter(|q| !q.is_empty()) else { return Ok(None) };
    if q.chars().count() > MAX_SEARCH {
        return Err(Problem::invalid_query("q", format!("must be at most {MAX_SEARCH} characters")));
    }
    storable(q, &()).map_err(|error| Problem::invalid_query("q", error.message()))?;
    Ok(Some(q))
}

/// A page of the products that are shown.
pub async fn browse(shop: &Shop, browse: &Browse) -> Result<Page<Product>, Problem> {
    let limit = page::limit(browse.limit)?;
    let q = search(browse.q.as_deref())?;
    let mut tx = shop.db.begin().await.map_err(Problem::database)?;
    let category = match browse.category.as_deref() {
        None => None,
        Some(name) if is_handle(name) => {
            let found = db::categories::called(&mut tx, name, name.parse().ok()).await.map_err(Problem::database)?;
            let Some(found) = found else { return Ok(Page { data: Vec::new(), next_cursor: None }) };
            Some(found)
        }
        Some(_) => return Ok(Page { data: Vec::new(), next_cursor: None }),
    };

    let list = List::new(shop.id, browse.sort, q, category);
    let after = list.after(browse.cursor.as_deref())?;
    let shown = match category {
        None => db::shown::all(&mut tx, q, browse.sort, &after, limit + 1).await,
        Some(category) => db::shown::filed(&mut tx, category, q, browse.sort, &after, limit + 1).await,
    };
    let shown = shown.map_err(Problem::database)?;
    let page = page::cut(shown, limit, |last| list.cursor(last.id.0, &last.title, last.lowest_price_minor));
    tx.commit().await.map_err(Problem::database)?;
    let data = page.data.into_iter().map(|shown| shown.product(shop.currency)).collect();
    Ok(Page { data, next_cursor: page.next_cursor })
}

/// The product of this handle or id, if it is shown.
pub async fn find(shop: &Shop, name: &str) -> Result<Product, CatalogError> {
    let id: Option<Uuid> = name.parse().ok();
    if id.is_none() && !is_handle(name) {
        return Err(CatalogError::NoProduct);
    }
    let mut tx = shop.db.begin().await?;
    let id = db::shown::called(&mut tx, name, id).await?.ok_or(CatalogError::NoProduct)?;
    let mut found = db::products::load(&mut tx, shop, &[id], Some(VariantStatus::Active)).await?;
    tx.commit().await?;
    found.pop().ok_or(CatalogError::NoProduct)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn searches_are_short_and_visible() {
        assert_eq!(search(Some("  red shirt ")).ok(), Some(Some("red shirt")));
        assert_eq!(search(Some(" ")).ok(), Some(None));
        assert!(search(Some(&"ä".repeat(200))).is_ok());
        assert!(search(Some(&"ä".repeat(201))).is_err());
        assert!(search(Some("a\0")).is_err());
    }
}
