//! What a cart is.

use chrono::{DateTime, Utc};
use kernel::money;
use serde::{Deserialize, Serialize};

use super::CartError;
use crate::catalog::{VariantId, full_title};
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
    /// The code of a promotion that its shopper wants to use, in capital letters.
    pub promo_code: Option<String>,
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
    /// The price of one when its shopper last saw the cart.
    pub seen_price_minor: Option<i64>,
}

/// The secret that proves possession of a cart.
pub(super) fn token(shop: &Shop, id: CartId) -> String {
    shop.possession.token("cart", &[shop.id.0.as_bytes(), id.0.as_bytes()])
}

/// Is this the cart's secret?
pub fn proves(shop: &Shop, id: CartId, token: &str) -> bool {
    shop.possession.proves(token, "cart", &[shop.id.0.as_bytes(), id.0.as_bytes()])
}

/// A cart, as its shopper sees it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Cart {
    /// Its id.
    pub id: CartId,
    /// The secret that proves possession; told once, when the cart is created.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// How far it has got.
    pub status: CartStatus,
    /// What its prices are in.
    #[schema(example = "EUR")]
    pub currency: String,
    /// What is in it.
    pub items: Vec<CartItem>,
    /// The sum of the lines.
    pub subtotal_minor: i64,
    /// What is taken off.
    pub discount_minor: i64,
    /// What there is to pay, before shipping and tax.
    pub total_minor: i64,
    /// Until when it is kept if nobody touches it.
    pub expires_at: DateTime<Utc>,
}

/// A line of a cart.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct CartItem {
    /// Its id.
    pub id: CartItemId,
    /// Of what.
    pub variant_id: VariantId,
    /// The merchant's own name for it.
    pub sku: String,
    /// The product's title, and the variant's where it says more.
    pub title: String,
    /// How many.
    pub quantity: i32,
    /// Price of one now.
    pub unit_price_minor: i64,
    /// Price of all of them; 0 for what is no longer for sale, because it will not be charged.
    pub total_minor: i64,
    /// Is it for sale? What is not must be taken out before the cart can be bought.
    pub available: bool,
    /// Are there as many in stock now?
    pub in_stock: bool,
}

/// A cart's own row.
#[derive(Debug, Clone)]
pub(super) struct Head {
    pub(super) id: CartId,
    pub(super) status: CartStatus,
    pub(super) currency: String,
    pub(super) expires_at: DateTime<Utc>,
    pub(super) expired: bool,
}

/// A variant as it stands now, and how many of it the cart holds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Offer {
    pub(super) variant_id: VariantId,
    pub(super) for_sale: bool,
    pub(super) in_stock: i32,
    pub(super) held: i32,
}

/// A line with what it is about.
#[derive(Debug, Clone)]
pub(super) struct PricedLine {
    pub(super) id: CartItemId,
    pub(super) variant_id: VariantId,
    pub(super) quantity: i32,
    pub(super) sku: String,
    pub(super) title: String,
    pub(super) product_title: String,
    pub(super) price_minor: i64,
    pub(super) for_sale: bool,
    pub(super) in_stock: i32,
}

impl Head {
    /// Refuses edits of a cart that is not open.
    pub(super) fn editable(&self) -> Result<(), CartError> {
        match self.status {
            CartStatus::Open => Ok(()),
            CartStatus::InCheckout => Err(CartError::Locked),
            CartStatus::Completed => Err(CartError::Completed),
        }
    }

    /// The cart with these lines, summed up.
    pub(super) fn with(self, lines: Vec<PricedLine>) -> Result<Cart, CartError> {
        let items = lines.into_iter().map(PricedLine::item).collect::<Result<Vec<_>, _>>()?;
        let subtotal_minor = money::total(items.iter().map(|item| i128::from(item.total_minor)))?;
        Ok(Cart {
            id: self.id,
            token: None,
            status: self.status,
            currency: self.currency,
            items,
            subtotal_minor,
            discount_minor: 0,
            total_minor: subtotal_minor,
            expires_at: self.expires_at,
        })
    }
}

impl PricedLine {
    fn item(self) -> Result<CartItem, money::OutOfRange> {
        let total_minor = if self.for_sale { money::line_total(self.price_minor, self.quantity)? } else { 0 };
        let title = full_title(&self.product_title, &self.title);
        Ok(CartItem {
            id: self.id,
            variant_id: self.variant_id,
            sku: self.sku,
            title,
            quantity: self.quantity,
            unit_price_minor: self.price_minor,
            total_minor,
            available: self.for_sale,
            in_stock: self.in_stock >= self.quantity,
        })
    }
}

#[cfg(test)]
mod tests {
    use kernel::money::MAX_UNIT_MINOR;
    use uuid::Uuid;

    use super::*;

    fn line(price_minor: i64, quantity: i32, for_sale: bool) -> PricedLine {
        PricedLine {
            id: CartItemId(Uuid::nil()),
            variant_id: VariantId(Uuid::nil()),
            quantity,
            sku: "S".to_owned(),
            title: "red / M".to_owned(),
            product_title: "Shirt".to_owned(),
            price_minor,
            for_sale,
            in_stock: 2,
        }
    }

    fn head(status: CartStatus) -> Head {
        let expires_at = DateTime::from_timestamp(0, 0).unwrap_or_default();
        Head { id: CartId(Uuid::nil()), status, currency: "EUR".to_owned(), expires_at, expired: false }
    }

    #[test]
    fn what_is_not_for_sale_is_seen_but_not_counted() {
        let lines = vec![line(1999, 3, true), line(500, 2, false)];
        let cart = head(CartStatus::Open).with(lines).expect("in range");
        assert_eq!((cart.subtotal_minor, cart.total_minor), (5997, 5997));
        assert_eq!((cart.items[1].total_minor, cart.items[1].unit_price_minor), (0, 500));
        assert_eq!((cart.items[0].available, cart.items[0].in_stock), (true, false));
        assert_eq!((cart.items[1].available, cart.items[1].in_stock), (false, true));
        assert_eq!(cart.items[0].title, "Shirt – red / M");
    }

    #[test]
    fn sums_stay_in_range() {
        let lines = vec![line(MAX_UNIT_MINOR, 100, true), line(1, 1, true)];
        assert!(matches!(head(CartStatus::Open).with(lines), Err(CartError::OutOfRange(_))));
    }

    #[test]
    fn only_an_open_cart_can_be_edited() {
        assert!(head(CartStatus::Open).editable().is_ok());
        assert!(matches!(head(CartStatus::InCheckout).editable(), Err(CartError::Locked)));
        assert!(matches!(head(CartStatus::Completed).editable(), Err(CartError::Completed)));
    }
}
