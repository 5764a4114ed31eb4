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
mod change_promotions;
mod change_shipping_methods;
mod change_tax_rates;
mod check;
mod db;
mod error;
pub mod http;
mod model;
mod percent;
mod promote;
mod promotion;
mod quote;
#[cfg(test)]
mod quote_tests;
mod record;
mod redeem;
mod share;
mod ship;
mod shipping_method;
mod tax;
mod tax_rate;
mod trail;

pub use cache::{RulesCache, rules};
pub use change_promotions::{change_promotion, create_promotion, delete_promotion};
pub use change_shipping_methods::{change_shipping_method, create_shipping_method, delete_shipping_method};
pub use change_tax_rates::{change_tax_rate, create_tax_rate, delete_tax_rate, is_taxed};
pub(crate) use check::country_code;
pub use error::PricingError;
pub use model::{
    Benefit, Promotion, PromotionId, RuleStatus, Rules, ShippingMethod, ShippingMethodId, TaxRate, TaxRateId,
    WeightTier, Zone, normal_code,
};
pub use percent::{NotAPercent, Percent};
pub use promotion::{ChangePromotion, CreatePromotion, PromotionKind, PromotionView};
pub use quote::{Basket, BasketLine, Quote, QuotedLine, Shipping, Uses, quote};
pub use redeem::{Counts, Redemption, redeem, release, uses};
pub use ship::{ShippingOffer, shipping_offers};
pub use shipping_method::{ChangeShippingMethod, CreateShippingMethod, ShippingMethodView};
pub use tax_rate::{ChangeTaxRate, CreateTaxRate, TaxRateView};
pub use trail::{Rule, Step};

/// Refuses one more of what every cart of the store has to know.
fn check_room(count: i64, most: i64, what: &str) -> Result<(), PricingError> {
    if count < most {
        return Ok(());
    }
    let error = kernel::problem::FieldError::new("", "TOO_MANY_RULES", format!("a store has at most {most} {what}"));
    Err(PricingError::Invalid(vec![error]))
}
