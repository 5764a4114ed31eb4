//! Where a shopper's list of products goes on: sorts, and cursors that fit one list alone.

use kernel::id::TenantId;
use kernel::page;
use kernel::problem::Problem;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::CategoryId;
use kernel::text::storable;

/// How a list is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
pub enum Sort {
    /// The newest first.
    #[default]
    #[serde(rename = "newest")]
    Newest,
    /// The oldest first.
    #[serde(rename = "oldest")]
    Oldest,
    /// By title.
    #[serde(rename = "title")]
    Title,
    /// By title, backwards.
    #[serde(rename = "-title")]
    TitleDown,
    /// The cheapest first, by each product's cheapest variant.
    #[serde(rename = "price")]
    Price,
    /// The dearest first, by each product's cheapest variant.
    #[serde(rename = "-price")]
    PriceDown,
}

/// The last product of the page before, as far as its list's sort needs it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct After {
    pub(super) id: Option<Uuid>,
    pub(super) title: Option<String>,
    pub(super) price: Option<i64>,
}

/// A cursor of a list of products.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cursor {
    sort: Sort,
    /// Which store, search and category.
    list: [u8; 8],
    id: Uuid,
    title: Option<String>,
    price: Option<i64>,
}

/// What cursors of one list have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct List {
    sort: Sort,
    list: [u8; 8],
}

impl List {
    pub(super) fn new(store: TenantId, sort: Sort, q: Option<&str>, category: Option<CategoryId>) -> Self {
        let mut digest = Sha256::new();
        digest.update(store.0.as_bytes());
        digest.update(category.map_or(Uuid::nil(), |id| id.0).as_bytes());
        digest.update(q.unwrap_or_default().as_bytes());
        let mut list = [0; 8];
        list.copy_from_slice(&digest.finalize()[..8]);
        Self { sort, list }
    }

    /// The cursor that goes on after this product.
    pub(super) fn cursor(self, id: Uuid, title: &str, price: i64) -> Cursor {
        let (by_title, by_price) = match self.sort {
            Sort::Newest | Sort::Oldest => (false, false),
            Sort::Title | Sort::TitleDown => (true, false),
            Sort::Price | Sort::PriceDown => (false, true),
        };
        Cursor {
            sort: self.sort,
            list: self.list,
            id,
            title: by_title.then(|| title.to_owned()),
            price: by_price.then_some(price),
        }
    }

    /// Reads a cursor; one of another list is refused.
    pub(super) fn after(self, cursor: Option<&str>) -> Result<After, Problem> {
        let Some(cursor) = page::after::<Cursor>(cursor)? else { return Ok(After::default()) };
        let fits = match self.sort {
            Sort::Newest | Sort::Oldest => cursor.title.is_none() && cursor.price.is_none(),
            Sort::Title | Sort::TitleDown => {
                cursor.title.as_deref().is_some_and(|title| storable(title, &()).is_ok()) && cursor.price.is_none()
            }
            Sort::Price | Sort::PriceDown => cursor.title.is_none() && cursor.price.is_some(),
        };
        if !fits || cursor.sort != self.sort || cursor.list != self.list {
            return Err(Problem::invalid_query("cursor", "is not a cursor of this list"));
        }
        Ok(After { id: Some(cursor.id), title: cursor.title, price: cursor.price })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(cursor: &Cursor) -> Option<String> {
        page::cut(vec![(), ()], 1, |()| cursor).next_cursor
    }

    #[test]
    fn a_cursor_fits_its_own_list_only() {
        let store = TenantId(Uuid::from_u128(1));
        let shirts = Some("shirts");
        let list = List::new(store, Sort::Title, shirts, None);
        let cursor = text(&list.cursor(Uuid::from_u128(5), "Red", 100));
        let after = list.after(cursor.as_deref()).expect("its own");
        assert_eq!(after, After { id: Some(Uuid::from_u128(5)), title: Some("Red".to_owned()), price: None });

        for other in [
            List::new(store, Sort::TitleDown, shirts, None),
            List::new(store, Sort::Newest, shirts, None),
            List::new(store, Sort::Title, None, None),
            List::new(store, Sort::Title, shirts, Some(CategoryId(Uuid::from_u128(2)))),
            List::new(TenantId(Uuid::from_u128(2)), Sort::Title, shirts, None),
        ] {
            assert!(other.after(cursor.as_deref()).is_err(), "{other:?}");
        }
    }

    #[test]
    fn a_forged_cursor_is_refused() {
        let list = List::new(TenantId(Uuid::from_u128(1)), Sort::Title, None, None);
        let forged = [
            Cursor { title: Some("nul\0".to_owned()), ..list.cursor(Uuid::nil(), "", 0) },
            Cursor { title: None, ..list.cursor(Uuid::nil(), "", 0) },
            Cursor { price: Some(1), ..list.cursor(Uuid::nil(), "", 0) },
        ];
        for cursor in forged {
            assert!(list.after(text(&cursor).as_deref()).is_err(), "{cursor:?}");
        }
        assert!(list.after(Some("!")).is_err());
        assert_eq!(list.after(None).ok(), Some(After::default()));
    }
}
