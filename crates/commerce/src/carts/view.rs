//! What a cart costs, by the rules of the moment.

use std::collections::HashMap;
use std::sync::Arc;

use kernel::db::TenantTx;
use kernel::money::{self, Currency};
use kernel::page::Page;
use kernel::problem::{FieldError, Problem};
use serde::{Deserialize, Serialize};

use super::model::{Head, PricedLine};
use super::{Cart, CartError, CartItem, CartPromotion, CartStatus, Notice, PriceChange};
use crate::catalog::full_title;
use crate::pricing::{
    self, Basket, BasketLine, PromotionId, Quote, QuotedLine, Rules, Shipping, Uses, country_code, quote,
    shipping_offers,
};
use crate::shop::Shop;

/// Where a cart's goods would go.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Destination {
    /// ISO 3166-1 alpha-2; left out: where the store is.
    #[param(pattern = "^[A-Za-z]{2}$", example = "DE")]
    country: Option<String>,
    /// Where in that country.
    #[param(max_length = 200)]
    province: Option<String>,
    /// Makes no difference to prices.
    #[param(max_length = 40)]
    #[expect(dead_code, reason = "forms send the whole address")]
    postal_code: Option<String>,
}

impl Destination {
    /// Refuses what is no country.
    pub(super) fn checked(mut self) -> Result<Self, Problem> {
        self.country = self.country.map(|code| code.to_ascii_uppercase());
        match &self.country {
            Some(code) if !country_code(code) => {
                Err(Problem::invalid_query("country", "must be two letters, such as DE"))
            }
            Some(_) | None => Ok(self),
        }
    }
}

/// A way that is open to a cart.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct CartShipping {
    /// What a checkout names as `shipping_method`.
    pub code: String,
    /// What people call it.
    pub title: String,
    /// What it costs this cart, without tax that is added.
    pub price_minor: i64,
    /// What there is to pay in all, if the cart goes this way.
    pub total_minor: i64,
}

/// By what a cart is priced.
pub(super) struct Prices {
    rules: Arc<Rules>,
    uses: HashMap<PromotionId, Uses>,
    currency: Currency,
    to: Destination,
}

impl Prices {
    /// The rules of the moment: without a statement while they are known and none of them has a limit.
    pub(super) async fn read(tx: &mut TenantTx, shop: &Shop, head: &Head, to: &Destination) -> Result<Self, CartError> {
        let rules = pricing::rules(tx, shop, head.pricing_version).await?;
        let limited = rules.limited(head.promo_code.as_deref());
        // Who buys is known at the checkout.
        let uses = pricing::uses(tx, &limited, &[]).await?.of(None);
        Ok(Self { rules, uses, currency: shop.currency, to: to.clone() })
    }

    /// The cart with these lines, summed up.
    pub(super) fn cart(&self, head: Head, lines: Vec<PricedLine>) -> Result<Cart, CartError> {
        let goods = goods(&lines)?;
        let (quote, wrong) = self.sum(&head, &goods)?;
        let told = head.status == CartStatus::Open;
        let mut shares = quote.lines.iter();
        let item = |line: PricedLine| {
            let share = if line.for_sale { shares.next() } else { None };
            item(line, share, told)
        };
        Ok(Cart {
            items: lines.into_iter().map(item).collect(),
            id: head.id,
            token: None,
            status: head.status,
            currency: head.currency,
            subtotal_minor: quote.subtotal_minor,
            discount_minor: quote.discount_minor,
            tax_minor: quote.tax_minor,
            tax_included_minor: quote.tax_included_minor,
            tax_country: self.to.country.clone().or(head.country),
            total_minor: quote.total_minor,
            promotions: self.promotions(&quote),
            promo_code: head.promo_code,
            notices: wrong.into_iter().map(notice).collect(),
            expires_at: head.expires_at,
        })
    }

    /// What keeps the cart's code from applying.
    pub(super) fn problems(&self, head: &Head, lines: &[PricedLine]) -> Result<Vec<FieldError>, CartError> {
        Ok(self.sum(head, &goods(lines)?)?.1)
    }

    /// What each way costs that is open to the cart.
    pub(super) fn ways(&self, head: &Head, lines: &[PricedLine]) -> Result<Page<CartShipping>, CartError> {
        let goods = goods(lines)?;
        let (summed, wrong) = self.sum(head, &goods)?;
        let code = head.promo_code.as_deref().filter(|_| wrong.is_empty());
        let basket = Basket { code, ..self.basket(head, &goods) };
        let offers = shipping_offers(&self.rules, &basket, summed.subtotal_minor - summed.discount_minor);
        let way = |offer: pricing::ShippingOffer| {
            let basket = Basket { shipping: Shipping::Method(&offer.code), ..basket };
            let quote = quote(&self.rules, &basket, &self.uses).map_err(|_| money::OutOfRange)?;
            let (price_minor, total_minor) = (quote.shipping_minor, quote.total_minor);
            Ok(CartShipping { code: offer.code, title: offer.title, price_minor, total_minor })
        };
        let data = offers.into_iter().map(way).collect::<Result<_, CartError>>()?;
        Ok(Page { data, next_cursor: None })
    }

    /// A code that does not apply is told; what it would have taken off is not.
    fn sum(&self, head: &Head, goods: &[BasketLine]) -> Result<(Quote, Vec<FieldError>), CartError> {
        let basket = self.basket(head, goods);
        match quote(&self.rules, &basket, &self.uses) {
            Ok(quote) => Ok((quote, Vec::new())),
            Err(wrong) => {
                let without = Basket { code: None, ..basket };
                let quote = quote(&self.rules, &without, &self.uses).map_err(|_| money::OutOfRange)?;
                Ok((quote, wrong))
            }
        }
    }

    fn basket<'a>(&'a self, head: &'a Head, lines: &'a [BasketLine]) -> Basket<'a> {
        Basket {
            lines,
            country: self.to.country.as_deref().or(head.country.as_deref()),
            region: self.to.province.as_deref(),
            shipping: Shipping::NotYet,
            code: head.promo_code.as_deref(),
            now: head.now,
            currency: self.currency,
        }
    }

    fn promotions(&self, quote: &Quote) -> Vec<CartPromotion> {
        let named = |(id, discount_minor): &(PromotionId, i64)| {
            let promotion = self.rules.promotions.iter().find(|promotion| promotion.id == *id)?;
            let (title, code) = (promotion.title.clone(), promotion.code.clone());
            Some(CartPromotion { id: *id, title, code, discount_minor: *discount_minor })
        };
        quote.promotions.iter().filter_map(named).collect()
    }
}

/// What will be charged: lines of what is for sale.
fn goods(lines: &[PricedLine]) -> Result<Vec<BasketLine>, CartError> {
    let sold = lines.iter().filter(|line| line.for_sale).map(|line| {
        money::line_total(line.price_minor, line.quantity)?;
        Ok(BasketLine {
            variant_id: line.variant_id.0,
            categories: line.categories.clone(),
            quantity: line.quantity,
            unit_price_minor: line.price_minor,
            weight_grams: line.weight_grams,
        })
    });
    sold.collect()
}

fn item(line: PricedLine, share: Option<&QuotedLine>, told: bool) -> CartItem {
    CartItem {
        price_changed: line.price_change().filter(|_| told),
        id: line.id,
        variant_id: line.variant_id,
        title: full_title(&line.product_title, &line.title),
        sku: line.sku,
        quantity: line.quantity,
        unit_price_minor: line.price_minor,
        total_minor: share.map_or(0, |share| share.total_minor),
        discount_minor: share.map_or(0, |share| share.discount_minor),
        available: line.for_sale,
        in_stock: line.in_stock >= line.quantity,
    }
}

fn notice(wrong: FieldError) -> Notice {
    Notice { about: "promo", code: wrong.code, message: wrong.message, members: wrong.members }
}

impl PricedLine {
    /// How its price has moved since the shopper saw it.
    fn price_change(&self) -> Option<PriceChange> {
        let from_minor = self.seen_price_minor.filter(|seen| self.for_sale && *seen != self.price_minor)?;
        Some(PriceChange { from_minor, to_minor: self.price_minor })
    }

    /// Is its price to be noted as seen?
    pub(super) fn is_news(&self) -> bool {
        self.for_sale && self.seen_price_minor != Some(self.price_minor)
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use kernel::money::MAX_UNIT_MINOR;
    use uuid::Uuid;

    use super::*;
    use crate::carts::{CartId, CartItemId};
    use crate::catalog::VariantId;

    fn line(price_minor: i64, quantity: i32, for_sale: bool) -> PricedLine {
        PricedLine {
            id: CartItemId(Uuid::nil()),
            variant_id: VariantId(Uuid::nil()),
            quantity,
            sku: "S".to_owned(),
            title: "red / M".to_owned(),
            product_title: "Shirt".to_owned(),
            price_minor,
            seen_price_minor: Some(1999),
            weight_grams: 0,
            categories: Vec::new(),
            for_sale,
            in_stock: 2,
        }
    }

    fn head(status: CartStatus) -> Head {
        let now = DateTime::from_timestamp(0, 0).unwrap_or_default();
        Head {
            id: CartId(Uuid::nil()),
            status,
            currency: "EUR".to_owned(),
            expires_at: now,
            expired: false,
            promo_code: Some("NOTHING".to_owned()),
            country: None,
            pricing_version: 1,
            now,
        }
    }

    fn cart(status: CartStatus, lines: Vec<PricedLine>) -> Result<Cart, CartError> {
        let prices = Prices {
            rules: Arc::default(),
            uses: HashMap::new(),
            currency: "EUR".parse().expect("EUR"),
            to: Destination::default(),
        };
        prices.cart(head(status), lines)
    }

    #[test]
    fn what_is_not_for_sale_is_seen_but_not_counted() {
        let lines = vec![line(500, 2, false), line(1999, 3, true)];
        let cart = cart(CartStatus::Open, lines).expect("in range");
        assert_eq!((cart.subtotal_minor, cart.total_minor), (5997, 5997));
        assert_eq!((cart.items[0].total_minor, cart.items[0].unit_price_minor), (0, 500));
        assert_eq!((cart.items[1].available, cart.items[1].in_stock), (true, false));
        assert_eq!((cart.items[0].available, cart.items[0].in_stock), (false, true));
        assert_eq!((cart.items[0].price_changed, cart.items[1].price_changed), (None, None));
        assert_eq!(cart.items[1].title, "Shirt – red / M");
    }

    #[test]
    fn a_price_that_moved_is_told_and_a_code_that_does_not_apply_is_no_error() {
        let told = cart(CartStatus::Open, vec![line(2099, 1, true)]).expect("in range");
        assert_eq!(told.items[0].price_changed, Some(PriceChange { from_minor: 1999, to_minor: 2099 }));
        assert_eq!(told.notices[0].code, "PROMO_NOT_FOUND");
        let bought = cart(CartStatus::Completed, vec![line(2099, 1, true)]).expect("in range");
        assert_eq!(bought.items[0].price_changed, None);
    }

    #[test]
    fn sums_stay_in_range() {
        let lines = vec![line(MAX_UNIT_MINOR, 100, true), line(1, 1, true)];
        assert!(matches!(cart(CartStatus::Open, lines), Err(CartError::OutOfRange(_))));
    }

    #[test]
    fn only_an_open_cart_can_be_edited() {
        assert!(head(CartStatus::Open).editable().is_ok());
        assert!(matches!(head(CartStatus::InCheckout).editable(), Err(CartError::Locked)));
        assert!(matches!(head(CartStatus::Completed).editable(), Err(CartError::Completed)));
    }
}
