//! Prices: what goods cost once promotions, shipping and taxes are reckoned, and by which rules.
//!
//! The heart is [`quote`]: a pure function of a store's [`Rules`], a [`Basket`] and how often promotions are used. The
//! rules are read once for each version of them (`store_state.pricing_version`), and then remembered by the process;
//! every change of a rule takes the store's lock first and makes a new version.
//!
//! ```text
//! lines ─ promotions, by priority: the code's, those that combine, the best of the others ─ shared over the lines
//!       ─ tax of each line, on what is left of its price ─ shipping ─ its tax
//! total = subtotal − discount + shipping + tax     (contained tax is told beside it)
//! ```
//!
//! Owns the tables `promotions`, `promotion_redemptions`, `tax_rates` and `shipping_methods`; reads from `categories`
//! whether a category is there.

mod cache;
mod db;
mod model;
mod percent;
mod promote;
mod quote;
mod redeem;
mod share;
mod ship;
mod tax;
mod trail;

pub use cache::{RulesCache, rules};
pub use model::{
    Benefit, Promotion, PromotionId, Rules, ShippingMethod, ShippingMethodId, TaxRate, TaxRateId, WeightTier, Zone,
    normal_code,
};
pub use percent::{NotAPercent, Percent};
pub use quote::{Basket, BasketLine, Quote, QuotedLine, Shipping, Uses, quote};
pub use redeem::{Counts, Redemption, redeem, release, uses};
pub use ship::{ShippingOffer, shipping_offers};
pub use trail::{Rule, Step};
