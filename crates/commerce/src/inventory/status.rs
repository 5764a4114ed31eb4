//! How each variant stands: enough, few, or none.

use kernel::db::TenantTx;
use serde::{Deserialize, Serialize};

use super::db;
use crate::catalog::VariantId;
use crate::settings;

/// How a variant stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::enum_variant_names, reason = "the names on the wire")]
pub enum StockStatus {
    /// More is available than the store's threshold.
    InStock,
    /// No more than the store's threshold, and not nothing.
    LowStock,
    /// Nothing can be sold.
    OutOfStock,
}

impl StockStatus {
    /// How so much available stands.
    fn of(available: i32, threshold: i32) -> Self {
        if available <= 0 {
            Self::OutOfStock
        } else if available <= threshold {
            Self::LowStock
        } else {
            Self::InStock
        }
    }

    /// From how much available to how much, both of which are in it.
    fn range(self, threshold: i32) -> (i32, i32) {
        match self {
            Self::InStock => (threshold.max(0).saturating_add(1), i32::MAX),
            Self::LowStock => (1, threshold),
            Self::OutOfStock => (i32::MIN, 0),
        }
    }
}

/// How a variant stands, as staff sees it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct VariantStock {
    /// Of what.
    pub variant_id: VariantId,
    /// The merchant's own name for it.
    pub sku: String,
    /// What shoppers see.
    pub title: String,
    /// In the store room, reserved ones included.
    pub on_hand: i32,
    /// Set aside for orders.
    pub reserved: i32,
    /// How many can still be sold.
    pub available: i32,
    /// `in_stock`, `low_stock` or `out_of_stock`.
    pub status: StockStatus,
}

/// Variants and how they stand, by ascending id; those that stand so, if one likes.
pub(super) async fn status(
    tx: &mut TenantTx,
    only: Option<StockStatus>,
    after: Option<VariantId>,
    limit: i64,
) -> sqlx::Result<Vec<VariantStock>> {
    let threshold = settings::read(tx).await?.low_stock_threshold;
    let range = only.map_or((i32::MIN, i32::MAX), |status| status.range(threshold));
    let rows = db::levels_between(tx, after, range, limit).await?;
    Ok(rows
        .into_iter()
        .map(|row| VariantStock {
            variant_id: row.variant_id,
            sku: row.sku,
            title: row.title,
            on_hand: row.on_hand,
            reserved: row.reserved,
            available: row.available,
            status: StockStatus::of(row.available, threshold),
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_stands_in_one_way_alone() {
        for threshold in [0, 1, 5] {
            for available in -1..8 {
                let of = StockStatus::of(available, threshold);
                for status in [StockStatus::InStock, StockStatus::LowStock, StockStatus::OutOfStock] {
                    let (from, to) = status.range(threshold);
                    assert_eq!(
                        (from..=to).contains(&available),
                        status == of,
                        "{available} of {threshold}: {status:?}"
                    );
                }
            }
        }
    }
}
