//! What orders need to know of a store's variants, remembered by the process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{SaleVariant, VariantId};

/// Most variants of one store that are remembered; beyond, all are forgotten and read anew.
const CAPACITY: usize = 5000;

/// The variants of one store as of one version of its catalogue.
#[derive(Debug, Default)]
pub struct Shelf(Mutex<Remembered>);

#[derive(Debug, Default)]
struct Remembered {
    version: i64,
    variants: HashMap<VariantId, Arc<SaleVariant>>,
}

impl Shelf {
    /// Those of these variants that are remembered as of this version.
    pub(super) fn get(&self, version: i64, ids: &[VariantId]) -> HashMap<VariantId, Arc<SaleVariant>> {
        let known = self.lock();
        if known.version != version {
            return HashMap::new();
        }
        ids.iter().filter_map(|id| Some((*id, known.variants.get(id)?.clone()))).collect()
    }

    /// Remembers variants as of this version, unless a later one is known: what was read before a change must not
    /// be found after it.
    pub(super) fn put(&self, version: i64, variants: &HashMap<VariantId, Arc<SaleVariant>>) {
        let mut known = self.lock();
        if known.version > version {
            return;
        }
        if known.version < version || known.variants.len() + variants.len() > CAPACITY {
            known.variants.clear();
        }
        known.version = version;
        known.variants.extend(variants.iter().take(CAPACITY).map(|(id, variant)| (*id, variant.clone())));
    }

    fn lock(&self) -> MutexGuard<'_, Remembered> {
        // Nothing panics while it is held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::catalog::ProductId;

    fn variants(n: u128, price_minor: i64) -> HashMap<VariantId, Arc<SaleVariant>> {
        let variant_id = VariantId(Uuid::from_u128(n));
        let variant = SaleVariant {
            variant_id,
            product_id: ProductId(Uuid::nil()),
            sku: "S".into(),
            title: "T".into(),
            product_title: "P".into(),
            price_minor,
            weight_grams: 0,
            categories: Vec::new(),
            product_active: true,
            variant_active: true,
        };
        [(variant_id, Arc::new(variant))].into()
    }

    fn price(shelf: &Shelf, version: i64, n: u128) -> Option<i64> {
        let id = VariantId(Uuid::from_u128(n));
        shelf.get(version, &[id]).get(&id).map(|variant| variant.price_minor)
    }

    #[test]
    fn what_is_remembered_is_of_one_version() {
        let shelf = Shelf::default();
        shelf.put(1, &variants(1, 100));
        shelf.put(1, &variants(2, 200));
        assert_eq!((price(&shelf, 1, 1), price(&shelf, 1, 2)), (Some(100), Some(200)));
        assert_eq!(price(&shelf, 2, 1), None);
        shelf.put(2, &variants(1, 150));
        assert_eq!((price(&shelf, 2, 1), price(&shelf, 2, 2), price(&shelf, 1, 1)), (Some(150), None, None));
    }

    #[test]
    fn what_was_read_before_a_change_is_not_found_after_it() {
        let shelf = Shelf::default();
        shelf.put(2, &variants(1, 150));
        shelf.put(1, &variants(1, 100));
        assert_eq!((price(&shelf, 2, 1), price(&shelf, 1, 1)), (Some(150), None));
    }

    #[test]
    fn no_more_is_remembered_than_there_is_room_for() {
        let shelf = Shelf::default();
        for n in 0..=CAPACITY as u128 {
            shelf.put(1, &variants(n, 1));
        }
        assert_eq!(price(&shelf, 1, 0), None);
        assert_eq!(price(&shelf, 1, CAPACITY as u128), Some(1));
    }
}
