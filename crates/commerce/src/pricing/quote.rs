//! What a basket costs under a store's rules, and why. Pure: no database, no clock.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use kernel::money::{self, Currency};
use kernel::problem::FieldError;
use uuid::Uuid;

use super::promote::{self, Applied};
use super::share::share;
use super::ship::{self, Way};
use super::tax::Place;
use super::trail::{Rule, Step};
use super::{Benefit, PromotionId, Rules};

/// Some of one variant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BasketLine {
    /// Of what.
    pub variant_id: Uuid,
    /// What its product is filed under.
    pub categories: Vec<Uuid>,
    /// How many.
    pub quantity: i32,
    /// Price of one.
    pub unit_price_minor: i64,
    /// Weight of one.
    pub weight_grams: i32,
}

/// What somebody wants to buy, and all that its price depends on.
#[derive(Debug, Clone, Copy)]
pub struct Basket<'a> {
    /// The goods.
    pub lines: &'a [BasketLine],
    /// Where they go: ISO 3166-1 alpha-2. None: nobody knows yet, and there is no tax.
    pub country: Option<&'a str>,
    /// Where in that country, as the shopper writes it.
    pub region: Option<&'a str>,
    /// How they go.
    pub shipping: Shipping<'a>,
    /// A promotion's code, as the shopper writes it.
    pub code: Option<&'a str>,
    /// The moment.
    pub now: DateTime<Utc>,
    /// What the prices are in.
    pub currency: Currency,
}

/// How goods are to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shipping<'a> {
    /// It is not time to ask: nothing is reckoned for it.
    NotYet,
    /// The first way that leads there.
    Default,
    /// This way.
    Method(&'a str),
}

/// How often a promotion is used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Uses {
    /// By everybody.
    pub total: i64,
    /// By the customer that the basket belongs to.
    pub by_customer: i64,
}

/// What a basket costs. `total = subtotal − discount + shipping + tax`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// The sum of the lines' prices.
    pub subtotal_minor: i64,
    /// What is taken off the goods.
    pub discount_minor: i64,
    /// What shipping costs.
    pub shipping_minor: i64,
    /// Tax that is added, on goods and on shipping.
    pub tax_minor: i64,
    /// Tax that prices and shipping contain.
    pub tax_included_minor: i64,
    /// The part of `tax_minor` that shipping bears.
    pub shipping_tax_minor: i64,
    /// The part of `tax_included_minor` that shipping bears.
    pub shipping_tax_included_minor: i64,
    /// What there is to pay.
    pub total_minor: i64,
    /// The lines, in the basket's order. Their shares and shipping's add up to the totals exactly.
    pub lines: Vec<QuotedLine>,
    /// What applies, in the order in which it is taken off, and what each saves; free shipping saves what shipping would
    /// have cost, which is not part of `discount_minor`.
    pub promotions: Vec<(PromotionId, i64)>,
    /// The code that is in use, in capital letters.
    pub promo_code: Option<String>,
    /// The code of the way the goods go.
    pub shipping_method: Option<String>,
    /// How the totals came about. All but contained tax adds up to the total.
    pub trail: Vec<Step>,
}

/// What a line costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuotedLine {
    /// Price × quantity.
    pub total_minor: i64,
    /// Its share of the discount.
    pub discount_minor: i64,
    /// Its share of the tax that is added.
    pub tax_minor: i64,
    /// Its share of the tax that is contained.
    pub tax_included_minor: i64,
    /// How that came about.
    pub trail: Vec<Step>,
}

/// What the basket costs, or everything that is wrong with it.
///
/// `uses` is needed for promotions with limits alone (see [`Rules::limited`]); one that is not in it counts as unused.
pub fn quote(rules: &Rules, basket: &Basket<'_>, uses: &HashMap<PromotionId, Uses>) -> Result<Quote, Vec<FieldError>> {
    let mut problems = Vec::new();
    let mut lines: Vec<QuotedLine> = basket.lines.iter().filter_map(|line| priced(line).ok()).collect();
    let subtotal = money::total(lines.iter().map(|line| i128::from(line.total_minor)));
    let subtotal = subtotal.ok().filter(|_| lines.len() == basket.lines.len());
    if subtotal.is_none() {
        problems.push(out_of_range());
    }
    let subtotal_minor = subtotal.unwrap_or(money::MAX_TOTAL_MINOR);
    let by_code = promote::by_code(rules, basket, subtotal_minor, uses).unwrap_or_else(|mut wrong| {
        problems.append(&mut wrong);
        None
    });
    let way = ship::find(rules, basket).unwrap_or_else(|wrong| {
        problems.push(wrong);
        Way::NotYet
    });
    if !problems.is_empty() {
        return Err(problems);
    }

    let chosen = promote::choose(rules, basket, subtotal_minor, uses, by_code, &way);
    let applied = promote::apply(&chosen, subtotal_minor, &way);
    for promotion in &applied.promotions {
        take_off(&mut lines, basket, promotion);
    }
    let discount_minor = subtotal_minor - applied.left_minor;

    let mut trail = vec![Step::new(Rule::Subtotal, "Subtotal", subtotal_minor)];
    trail.extend(applied.promotions.iter().filter(|one| one.off_goods()).map(Applied::step));
    let place = Place::of(rules, basket);
    let mut sums = tax_lines(&mut lines, basket, &place);
    trail.append(&mut sums.trail);
    let shipping_minor = if applied.free_shipping { 0 } else { applied.shipping_minor };
    trail.extend(way.step(applied.shipping_minor));
    trail.extend(applied.promotions.iter().filter(|one| !one.off_goods() && one.saved_minor > 0).map(Applied::step));
    let on_shipping = place.on_shipping(shipping_minor);
    trail.extend(on_shipping.step);

    let tax_minor = sums.added + on_shipping.added;
    let parts = [subtotal_minor - discount_minor, shipping_minor, tax_minor];
    let total_minor = money::total(parts.into_iter().map(i128::from)).map_err(|_| vec![out_of_range()])?;
    Ok(Quote {
        subtotal_minor,
        discount_minor,
        shipping_minor,
        tax_minor,
        tax_included_minor: sums.contained + on_shipping.contained,
        shipping_tax_minor: on_shipping.added,
        shipping_tax_included_minor: on_shipping.contained,
        total_minor,
        lines,
        promotions: applied.promotions.iter().map(|one| (one.promotion.id, one.saved_minor)).collect(),
        promo_code: by_code.and_then(|promotion| promotion.code.clone()),
        shipping_method: way.code(),
        trail,
    })
}

fn out_of_range() -> FieldError {
    FieldError::new("cart_id", "AMOUNT_OUT_OF_RANGE", "is more than an order can hold")
}

fn priced(line: &BasketLine) -> Result<QuotedLine, money::OutOfRange> {
    let total_minor = money::line_total(line.unit_price_minor, line.quantity)?;
    let mut step = Step::new(Rule::ListPrice, "List price", total_minor);
    step.of_minor = Some(line.unit_price_minor);
    step.quantity = Some(line.quantity);
    Ok(QuotedLine { total_minor, discount_minor: 0, tax_minor: 0, tax_included_minor: 0, trail: vec![step] })
}

/// Shares what a promotion takes off the goods over the lines, by what is left of each.
fn take_off(lines: &mut [QuotedLine], basket: &Basket<'_>, applied: &Applied<'_>) {
    if !applied.off_goods() {
        return;
    }
    let left: Vec<i64> = lines.iter().map(|line| line.total_minor - line.discount_minor).collect();
    let keys: Vec<Uuid> = basket.lines.iter().map(|line| line.variant_id).collect();
    for ((line, left), part) in lines.iter_mut().zip(&left).zip(share(applied.saved_minor, &left, &keys)) {
        if part > 0 {
            line.discount_minor += part;
            let mut step = applied.step();
            step.amount_minor = -part;
            step.of_minor = matches!(applied.promotion.benefit, Benefit::Percent(_)).then_some(*left);
            line.trail.push(step);
        }
    }
}

/// The taxes of all lines.
struct Taxes {
    added: i64,
    contained: i64,
    trail: Vec<Step>,
}

fn tax_lines(lines: &mut [QuotedLine], basket: &Basket<'_>, place: &Place<'_>) -> Taxes {
    let mut taxes = Taxes { added: 0, contained: 0, trail: Vec::new() };
    for (line, sold) in lines.iter_mut().zip(basket.lines) {
        let tax = place.on_goods(line.total_minor - line.discount_minor, &sold.categories);
        line.tax_minor = tax.added;
        line.tax_included_minor = tax.contained;
        taxes.added += tax.added;
        taxes.contained += tax.contained;
        if let Some(step) = tax.step {
            match taxes.trail.iter_mut().find(|sum| sum.id == step.id) {
                Some(sum) => sum.add(&step),
                None => taxes.trail.push(step.clone()),
            }
            line.trail.push(step);
        }
    }
    taxes
}
