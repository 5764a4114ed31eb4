//! Which promotions apply to a basket, and what each of them takes off.

use std::collections::HashMap;

use kernel::problem::FieldError;

use super::quote::{Basket, Uses};
use super::ship::Way;
use super::trail::{Rule, Step, amount};
use super::{Benefit, Promotion, PromotionId, Rules, normal_code};

/// What a promotion does to a basket.
#[derive(Debug)]
pub(super) struct Applied<'a> {
    pub(super) promotion: &'a Promotion,
    pub(super) saved_minor: i64,
    /// What its percentage was taken of.
    of_minor: i64,
}

/// What promotions do to a basket.
#[derive(Debug)]
pub(super) struct Outcome<'a> {
    pub(super) promotions: Vec<Applied<'a>>,
    /// What is left to pay for the goods.
    pub(super) left_minor: i64,
    /// What shipping costs before a promotion takes it off.
    pub(super) shipping_minor: i64,
    pub(super) free_shipping: bool,
}

impl Applied<'_> {
    /// Is it taken off the goods, or off shipping?
    pub(super) fn off_goods(&self) -> bool {
        !matches!(self.promotion.benefit, Benefit::FreeShipping)
    }

    pub(super) fn step(&self) -> Step {
        let name = self.promotion.code.as_deref().unwrap_or(&self.promotion.title);
        let rule = if self.off_goods() { Rule::Promotion } else { Rule::FreeShipping };
        let mut step = Step::new(rule, name, -self.saved_minor);
        step.id = Some(self.promotion.id.0);
        match self.promotion.benefit {
            Benefit::Percent(percent) => (step.percent, step.of_minor) = (Some(percent), Some(self.of_minor)),
            Benefit::Fixed(_) | Benefit::FreeShipping => {}
        }
        step
    }
}

/// The promotion that the basket's code names, or everything that keeps it from applying.
pub(super) fn by_code<'a>(
    rules: &'a Rules,
    basket: &Basket<'_>,
    subtotal_minor: i64,
    uses: &HashMap<PromotionId, Uses>,
) -> Result<Option<&'a Promotion>, Vec<FieldError>> {
    let Some(code) = basket.code.map(normal_code).filter(|code| !code.is_empty()) else { return Ok(None) };
    let named = rules.promotions.iter().find(|promotion| promotion.code.as_ref() == Some(&code));
    // What has not begun is nobody's business yet.
    let Some(promotion) = named.filter(|promotion| promotion.starts_at.is_none_or(|start| start <= basket.now)) else {
        return Err(vec![wrong("PROMO_NOT_FOUND", "is no code of this store")]);
    };
    let problems = problems(promotion, basket, subtotal_minor, uses);
    if problems.is_empty() { Ok(Some(promotion)) } else { Err(problems) }
}

fn wrong(code: &'static str, message: impl Into<String>) -> FieldError {
    FieldError::new("promo_code", code, message)
}

/// Everything that keeps a promotion that has begun from applying.
fn problems(
    promotion: &Promotion,
    basket: &Basket<'_>,
    subtotal_minor: i64,
    uses: &HashMap<PromotionId, Uses>,
) -> Vec<FieldError> {
    let mut problems = Vec::new();
    if promotion.ends_at.is_some_and(|end| end <= basket.now) {
        problems.push(wrong("PROMO_EXPIRED", "is over"));
    }
    let used = uses.get(&promotion.id).copied().unwrap_or_default();
    if promotion.usage_limit.is_some_and(|limit| used.total >= limit) {
        problems.push(wrong("PROMO_LIMIT_REACHED", "has been used as often as it may be"));
    } else if promotion.per_customer_limit.is_some_and(|limit| used.by_customer >= i64::from(limit)) {
        problems.push(wrong("PROMO_LIMIT_REACHED", "you have used it as often as one customer may"));
    }
    let minimum = promotion.minimum_subtotal_minor;
    if subtotal_minor < minimum {
        let message = format!("is for goods of at least {}", amount(minimum, basket.currency));
        let missing = minimum - subtotal_minor;
        problems.push(
            wrong("PROMO_MINIMUM_NOT_MET", message)
                .with("minimum_subtotal_minor", minimum)
                .with("missing_minor", missing),
        );
    }
    problems
}

/// All that apply, in the order in which they are taken off: the code's; all that apply by themselves and combine; and
/// of those that do not, the one with which there is least to pay, unless a code is in use that does not combine.
pub(super) fn choose<'a>(
    rules: &'a Rules,
    basket: &Basket<'_>,
    subtotal_minor: i64,
    uses: &HashMap<PromotionId, Uses>,
    by_code: Option<&'a Promotion>,
    way: &Way<'_>,
) -> Vec<&'a Promotion> {
    let begun = |promotion: &Promotion| promotion.starts_at.is_none_or(|start| start <= basket.now);
    let applies = |promotion: &&Promotion| {
        promotion.code.is_none() && begun(promotion) && problems(promotion, basket, subtotal_minor, uses).is_empty()
    };
    let automatic = || rules.promotions.iter().filter(applies);
    let mut chosen: Vec<&Promotion> = by_code.into_iter().collect();
    chosen.extend(automatic().filter(|promotion| promotion.combines));
    if by_code.is_none_or(|promotion| promotion.combines) {
        let with = |promotion: &'a Promotion| {
            let mut all = chosen.clone();
            all.push(promotion);
            all
        };
        let cost = |all: &[&Promotion]| {
            let outcome = apply(all, subtotal_minor, way);
            let shipping = if outcome.free_shipping { 0 } else { outcome.shipping_minor };
            // Free shipping is worth something even while nobody knows how much.
            (i128::from(outcome.left_minor) + i128::from(shipping), !outcome.free_shipping)
        };
        let alone = automatic().filter(|promotion| !promotion.combines);
        let best =
            alone.map(|one| (cost(&with(one)), one.priority, one.id, one)).min_by_key(|one| (one.0, one.1, one.2));
        if let Some((_, _, _, best)) = best.filter(|one| one.0 < cost(&chosen)) {
            chosen.push(best);
        }
    }
    // What does nothing by itself is not told; a code was asked for.
    let told: Vec<PromotionId> = apply(&chosen, subtotal_minor, way)
        .promotions
        .iter()
        .filter(|one| {
            let later = matches!(way, Way::NotYet) && !one.off_goods();
            one.promotion.code.is_some() || one.saved_minor > 0 || later
        })
        .map(|one| one.promotion.id)
        .collect();
    chosen.retain(|promotion| told.contains(&promotion.id));
    chosen
}

/// What these promotions do together.
pub(super) fn apply<'a>(chosen: &[&'a Promotion], subtotal_minor: i64, way: &Way<'_>) -> Outcome<'a> {
    let mut ordered = chosen.to_vec();
    ordered.sort_by_key(|promotion| (promotion.priority, promotion.id));
    let mut left_minor = subtotal_minor;
    let mut promotions = Vec::with_capacity(ordered.len());
    for promotion in ordered {
        let saved_minor = match promotion.benefit {
            Benefit::Percent(percent) => percent.of(left_minor),
            Benefit::Fixed(amount) => amount.min(left_minor),
            Benefit::FreeShipping => 0,
        };
        promotions.push(Applied { promotion, saved_minor, of_minor: left_minor });
        left_minor -= saved_minor;
    }
    let shipping_minor = way.price(left_minor);
    // Of several that take shipping off, the first does.
    let free = promotions.iter_mut().find(|one| !one.off_goods());
    let free_shipping = free.is_some();
    if let Some(free) = free {
        free.saved_minor = shipping_minor;
    }
    Outcome { promotions, left_minor, shipping_minor, free_shipping }
}
