//! What a new variant is made of.

use std::collections::{BTreeMap, HashSet};

use kernel::db::TenantTx;
use kernel::money::MAX_UNIT_MINOR;
use serde::{Deserialize, Serialize};

use super::error::TakenSku;
use super::model::MAX_GRAMS;
use super::{CatalogError, VariantId, VariantStatus, db, plain_text};
use crate::shop::Shop;

/// A variant to be made.
#[derive(Debug, Clone, Serialize, Deserialize, garde::Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewVariant {
    /// The merchant's own name for it; unique in the store.
    #[garde(length(chars, min = 1, max = 64), custom(plain_text))]
    #[schema(min_length = 1, max_length = 64)]
    pub sku: String,
    /// What sets it apart; made from the options when it is left out.
    #[garde(inner(length(chars, min = 1, max = 200), custom(plain_text)))]
    #[schema(min_length = 1, max_length = 200)]
    pub title: Option<String>,
    /// Price of one.
    #[garde(range(min = 0, max = MAX_UNIT_MINOR))]
    #[schema(minimum = 0, maximum = 100_000_000_000_i64)]
    pub price_minor: i64,
    /// The store's currency, or nothing.
    #[garde(inner(length(max = 3)))]
    #[schema(max_length = 3, example = "EUR")]
    pub currency: Option<String>,
    /// Such as colour and size; at most 3.
    #[serde(default)]
    #[garde(custom(valid_options))]
    pub options: BTreeMap<String, String>,
    /// Weight of one, for shipping that is priced by weight.
    #[serde(default)]
    #[garde(range(min = 0, max = MAX_GRAMS))]
    #[schema(minimum = 0, maximum = 1_000_000)]
    pub weight_grams: i32,
    /// `active` when it is left out.
    #[garde(skip)]
    pub status: Option<VariantStatus>,
}

/// A variant as it is stored.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) id: VariantId,
    pub(super) sku: String,
    pub(super) title: String,
    pub(super) price_minor: i64,
    pub(super) options: BTreeMap<String, String>,
    pub(super) weight_grams: i32,
    pub(super) status: VariantStatus,
}

/// At most three options with short names and values.
pub(super) fn valid_options(options: &BTreeMap<String, String>, (): &()) -> garde::Result {
    if options.len() > 3 {
        return Err(garde::Error::new("must be at most 3"));
    }
    for (name, value) in options {
        if name.chars().count() > 50 || value.chars().count() > 100 {
            return Err(garde::Error::new("must have names of at most 50 and values of at most 100 characters"));
        }
        plain_text(name, &())?;
        plain_text(value, &())?;
    }
    Ok(())
}

impl NewVariant {
    pub(super) fn make(&self) -> Made {
        Made {
            id: VariantId::new(),
            sku: self.sku.clone(),
            title: self.title.clone().unwrap_or_else(|| title(&self.options)),
            price_minor: self.price_minor,
            options: self.options.clone(),
            weight_grams: self.weight_grams,
            status: self.status.unwrap_or(VariantStatus::Active),
        }
    }
}

/// The title of a variant that has neither title nor options.
pub(super) const UNTITLED: &str = "Default";

/// A title for a variant that was given none.
fn title(options: &BTreeMap<String, String>) -> String {
    if options.is_empty() {
        return UNTITLED.to_owned();
    }
    options.values().map(String::as_str).collect::<Vec<_>>().join(" / ").chars().take(200).collect()
}

/// Refuses prices in another currency.
pub(super) fn check_currencies<'a>(
    shop: &Shop,
    named: impl IntoIterator<Item = (String, Option<&'a String>)>,
) -> Result<(), CatalogError> {
    let wrong = named.into_iter().find(|(_, code)| code.is_some_and(|code| code != shop.currency.code()));
    match wrong {
        Some((field, _)) => Err(CatalogError::WrongCurrency { field, currency: shop.currency }),
        None => Ok(()),
    }
}

/// Refuses SKUs that are named twice or that variants other than `own` have. The store must be locked.
pub(super) async fn check_skus(
    tx: &mut TenantTx,
    wanted: &[(String, &str)],
    own: Option<VariantId>,
) -> Result<(), CatalogError> {
    let skus: Vec<String> = wanted.iter().map(|(_, sku)| (*sku).to_owned()).collect();
    let held = db::variants::held_skus(tx, &skus, own).await?;
    let taken = taken(wanted, held);
    if taken.is_empty() { Ok(()) } else { Err(CatalogError::SkuTaken(taken)) }
}

fn taken(wanted: &[(String, &str)], held: Vec<String>) -> Vec<TakenSku> {
    let mut seen: HashSet<String> = held.into_iter().collect();
    let again = wanted.iter().filter(|(_, sku)| !seen.insert((*sku).to_owned()));
    again.map(|(field, sku)| TakenSku { field: field.clone(), sku: (*sku).to_owned() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sku_is_taken_by_another_variant_or_by_the_same_request() {
        let wanted = [("v[0]".to_owned(), "a"), ("v[1]".to_owned(), "b"), ("v[2]".to_owned(), "a")];
        assert_eq!(taken(&wanted, vec![]), [TakenSku { field: "v[2]".to_owned(), sku: "a".to_owned() }]);
        let fields: Vec<String> = taken(&wanted, vec!["a".to_owned()]).into_iter().map(|taken| taken.field).collect();
        assert_eq!(fields, ["v[0]", "v[2]"]);
    }

    #[test]
    fn titles_come_from_options() {
        let map = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect::<BTreeMap<_, _>>()
        };
        assert_eq!(title(&map(&[])), "Default");
        assert_eq!(title(&map(&[("colour", "red"), ("size", "M")])), "red / M");
        assert!(valid_options(&map(&[("a", "1"), ("b", "2"), ("c", "3")]), &()).is_ok());
        assert!(valid_options(&map(&[("a", "1"), ("b", "2"), ("c", "3"), ("d", "4")]), &()).is_err());
        assert!(valid_options(&map(&[("", "1")]), &()).is_err());
    }
}
