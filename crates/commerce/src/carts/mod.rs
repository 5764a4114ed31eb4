//! Carts: what a shopper is about to buy, at the prices of the moment.
//!
//! ```text
//! open ──checkout──> in_checkout ──complete──> completed
//!   └<────reopen──────────┘
//! ```
//!
//! Whoever holds a cart's secret may see and edit it; only an open cart can be edited. An open cart that nobody
//! touched for 30 days counts as gone. A cart reserves nothing.
//!
//! A cart's totals are [`crate::pricing::quote`]'s, without shipping, and with the taxes of a destination that is only
//! guessed: what is charged is reckoned at the checkout.
//!
//! Owns the tables `carts` and `cart_items`; reads titles, prices, weights, categories and levels from the tables of
//! catalogue and inventory in the one query that shows a cart, and country and version of the rules from those of
//! settings together with the cart's own row. With its lock comes, from checkout's table, the purchase it is in.

mod add_item;
mod checkout;
mod create;
mod db;
mod error;
pub mod http;
mod made_by_day;
mod model;
mod open;
mod promo;
mod set_quantity;
mod view;

pub use add_item::{AddItem, add_item};
pub use checkout::{close, complete, lock_for_checkout, lock_with_keys, reopen};
pub use create::{CreateCart, create};
pub use error::{CartError, Refusal, RefusedLine};
pub use made_by_day::made_by_day;
pub use model::{
    AskedUnder, Cart, CartId, CartItem, CartItemId, CartLine, CartPromotion, CartStatus, LockedCart, Notice,
    PriceChange, proves,
};
pub use open::{show, ways};
pub use promo::{UsePromo, drop_promo, use_promo};
pub use set_quantity::{SetQuantity, set_quantity};
pub use view::{CartShipping, Destination};
