//! What a cart is.

use serde::{Deserialize, Serialize};

use crate::catalog::VariantId;
use crate::shop::Shop;

kernel::id! {
    /// Identifies a cart.
    CartId
}

kernel::id! {
    /// Identifies a line of a cart.
    CartItemId
}

/// How far a cart has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum CartStatus {
    Open,
    InCheckout,
    Completed,
}

/// A cart that is locked until the transaction ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockedCart {
    /// Which one.
    pub id: CartId,
    /// How far it has got.
    pub status: CartStatus,
    /// What its prices are in.
    pub currency: String,
    /// Was it left alone for so long that it counts as gone?
    pub expired: bool,
    /// What is in it, in the order in which it was put there.
    pub lines: Vec<CartLine>,
}

/// What is in a cart of one variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CartLine {
    /// Which line.
    pub item_id: CartItemId,
    /// Of what.
    pub variant_id: VariantId,
    /// How many.
    pub quantity: i32,
}

/// The secret that proves possession of a cart.
pub(super) fn token(shop: &Shop, id: CartId) -> String {
    shop.possession.token("cart", &[shop.id.0.as_bytes(), id.0.as_bytes()])
}

/// Is this the cart's secret?
pub fn proves(shop: &Shop, id: CartId, token: &str) -> bool {
    shop.possession.proves(token, "cart", &[shop.id.0.as_bytes(), id.0.as_bytes()])
}
