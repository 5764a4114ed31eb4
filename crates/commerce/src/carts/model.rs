//! What a cart is.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::CartError;
use crate::catalog::VariantId;
use crate::idempotency::FoundKey;
use crate::pricing::PromotionId;
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
    /// The checkout that is under way.
    pub purchase: Option<Uuid>,
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

/// Under which keys requests are about which carts: columns of the same length.
#[derive(Debug, Clone, Default)]
pub struct AskedUnder {
    /// About which cart.
    pub carts: Vec<CartId>,
    /// Who and which route.
    pub scopes: Vec<String>,
    /// The client's keys.
    pub keys: Vec<String>,
}

/// Carts that were locked together.
#[derive(Debug, Default)]
pub(super) struct LockedMany {
    pub(super) carts: Vec<LockedCart>,
    /// Those whose lines may have changed before the lock was there.
    pub(super) stale: Vec<CartId>,
    pub(super) keys: Vec<FoundKey>,
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
    /// Tax that is added, if the goods go to `tax_country`.
    pub tax_minor: i64,
    /// Tax that the prices contain, if the goods go there.
    pub tax_included_minor: i64,
    /// Which country's taxes these are; null: none are reckoned.
    pub tax_country: Option<String>,
    /// What there is to pay, before shipping: `subtotal − discount + tax`.
    pub total_minor: i64,
    /// The code that its shopper wants to use, whether it applies now or not.
    pub promo_code: Option<String>,
    /// The promotions that apply.
    pub promotions: Vec<CartPromotion>,
    /// What its shopper should know, such as why the code does not apply.
    pub notices: Vec<Notice>,
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
    /// Its share of what is taken off.
    pub discount_minor: i64,
    /// Is it for sale? What is not must be taken out before the cart can be bought.
    pub available: bool,
    /// Are there as many in stock now?
    pub in_stock: bool,
    /// How the price of one has moved since its shopper last saw the cart; told once.
    pub price_changed: Option<PriceChange>,
}

/// How a price has moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct PriceChange {
    /// As the shopper saw it.
    pub from_minor: i64,
    /// Now.
    pub to_minor: i64,
}

/// A promotion that applies to a cart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct CartPromotion {
    /// Which one.
    pub id: PromotionId,
    /// What people call it.
    pub title: String,
    /// Its code; null: it applies by itself.
    pub code: Option<String>,
    /// What it takes off; of free shipping a cart does not know yet what that saves.
    pub discount_minor: i64,
}

/// Something that a cart's shopper should know.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Notice {
    /// What it is about, such as `promo`.
    pub about: &'static str,
    /// Such as `PROMO_MINIMUM_NOT_MET`.
    pub code: &'static str,
    /// For people.
    pub message: String,
    /// What else belongs to it, such as `missing_minor`.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    pub members: Map<String, Value>,
}

/// A cart's own row, and what of the store its prices depend on.
#[derive(Debug, Clone)]
pub(super) struct Head {
    pub(super) id: CartId,
    pub(super) status: CartStatus,
    pub(super) currency: String,
    pub(super) expires_at: DateTime<Utc>,
    pub(super) expired: bool,
    pub(super) promo_code: Option<String>,
    /// Where the store is.
    pub(super) country: Option<String>,
    pub(super) pricing_version: i64,
    pub(super) now: DateTime<Utc>,
}

/// A variant as it stands now, and how many of it the cart holds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Offer {
    pub(super) variant_id: VariantId,
    pub(super) for_sale: bool,
    pub(super) in_stock: i32,
    pub(super) held: i32,
}

/// A variant as it stands now, with all that a line of it tells.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Ware {
    pub(super) variant_id: VariantId,
    pub(super) sku: String,
    pub(super) title: String,
    pub(super) product_title: String,
    pub(super) price_minor: i64,
    pub(super) weight_grams: i32,
    pub(super) categories: Vec<Uuid>,
    pub(super) for_sale: bool,
    pub(super) in_stock: i32,
}

impl Ware {
    /// As a cart that holds nothing sees it.
    pub(super) fn offer(&self) -> Offer {
        Offer { variant_id: self.variant_id, for_sale: self.for_sale, in_stock: self.in_stock, held: 0 }
    }

    /// A new line of so many; its price counts as seen.
    pub(super) fn line(&self, quantity: i32) -> PricedLine {
        PricedLine {
            id: CartItemId::new(),
            variant_id: self.variant_id,
            quantity,
            sku: self.sku.clone(),
            title: self.title.clone(),
            product_title: self.product_title.clone(),
            price_minor: self.price_minor,
            seen_price_minor: Some(self.price_minor),
            weight_grams: self.weight_grams,
            categories: self.categories.clone(),
            for_sale: self.for_sale,
            in_stock: self.in_stock,
        }
    }
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
    /// What its shopper saw; `None` in carts from before this was noted.
    pub(super) seen_price_minor: Option<i64>,
    pub(super) weight_grams: i32,
    pub(super) categories: Vec<Uuid>,
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
}
