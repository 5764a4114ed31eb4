//! What baskets cost, rule by rule, and what holds for all of them.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::*;

fn percent(text: &str) -> Percent {
    text.parse().expect(text)
}

fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

fn at(hour: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(hour * 3600, 0).expect("a moment")
}

fn line(n: u128, unit_price_minor: i64, quantity: i32) -> BasketLine {
    BasketLine { variant_id: id(n), categories: vec![], quantity, unit_price_minor, weight_grams: 500 }
}

fn promotion(n: u128, benefit: Benefit) -> Promotion {
    Promotion {
        id: PromotionId(id(n)),
        title: format!("P{n}"),
        code: None,
        benefit,
        minimum_subtotal_minor: 0,
        combines: true,
        priority: 100,
        usage_limit: None,
        per_customer_limit: None,
        starts_at: None,
        ends_at: None,
    }
}

fn coded(n: u128, code: &str, benefit: Benefit) -> Promotion {
    Promotion { code: Some(code.to_owned()), combines: false, ..promotion(n, benefit) }
}

fn rate(n: u128, country: &str, text: &str, inclusive: bool) -> TaxRate {
    TaxRate {
        id: TaxRateId(id(n)),
        title: format!("{country} {text}"),
        country: country.to_owned(),
        region: None,
        category_id: None,
        percent: percent(text),
        inclusive,
        on_shipping: true,
    }
}

fn zone(countries: &[&str], price_minor: i64) -> Zone {
    Zone {
        countries: countries.iter().map(|&country| country.to_owned()).collect(),
        regions: vec![],
        price_minor,
        free_over_minor: None,
        weight_tiers: vec![],
    }
}

fn method(n: u128, code: &str, zones: Vec<Zone>) -> ShippingMethod {
    let position = i32::try_from(n).expect("small");
    let title = code.to_uppercase();
    ShippingMethod { id: ShippingMethodId(id(n)), code: code.to_owned(), title, position, zones, active: true }
}

fn basket(lines: &[BasketLine]) -> Basket<'_> {
    Basket {
        lines,
        country: Some("DE"),
        region: None,
        shipping: Shipping::Default,
        code: None,
        now: at(10),
        currency: "EUR".parse().expect("EUR"),
    }
}

fn priced(rules: &Rules, basket: &Basket<'_>) -> Quote {
    let quote = quote(rules, basket, &HashMap::new()).expect("a price");
    adds_up(&quote);
    quote
}

fn codes(rules: &Rules, basket: &Basket<'_>, uses: &HashMap<PromotionId, Uses>) -> Vec<&'static str> {
    quote(rules, basket, uses).expect_err("a problem").iter().map(|error| error.code).collect()
}

/// What must hold for every quote.
fn adds_up(quote: &Quote) {
    assert_eq!(quote.total_minor, quote.subtotal_minor - quote.discount_minor + quote.shipping_minor + quote.tax_minor);
    let sum = |part: fn(&QuotedLine) -> i64| quote.lines.iter().map(part).sum::<i64>();
    assert_eq!(sum(|line| line.total_minor), quote.subtotal_minor);
    assert_eq!(sum(|line| line.discount_minor), quote.discount_minor);
    assert_eq!(sum(|line| line.tax_minor) + quote.shipping_tax_minor, quote.tax_minor);
    assert_eq!(sum(|line| line.tax_included_minor) + quote.shipping_tax_included_minor, quote.tax_included_minor);
    for line in &quote.lines {
        assert!((0..=line.total_minor).contains(&line.discount_minor), "{line:?}");
        assert!(line.tax_minor >= 0 && (0..=line.total_minor - line.discount_minor).contains(&line.tax_included_minor));
        let told: i64 = line.trail.iter().filter(|step| step.counts()).map(|step| step.amount_minor).sum();
        assert_eq!(told, line.total_minor - line.discount_minor + line.tax_minor, "{line:?}");
    }
    assert!(quote.shipping_minor >= 0 && quote.total_minor >= 0);
    let told: i64 = quote.trail.iter().filter(|step| step.counts()).map(|step| step.amount_minor).sum();
    assert_eq!(told, quote.total_minor, "{quote:?}");
}

#[test]
fn a_store_without_rules_asks_the_list_price_and_ships_for_nothing() {
    let lines = [line(1, 1999, 3), line(2, 1, 1)];
    let quote = priced(&Rules::default(), &basket(&lines));
    assert_eq!((quote.subtotal_minor, quote.total_minor), (5998, 5998));
    assert_eq!(quote.shipping_method.as_deref(), Some("standard"));
    assert!(quote.promotions.is_empty());
    let named = priced(&Rules::default(), &Basket { shipping: Shipping::Method("standard"), ..basket(&lines) });
    assert_eq!(named.total_minor, 5998);
    let wrong = Basket { shipping: Shipping::Method("express"), ..basket(&lines) };
    assert_eq!(codes(&Rules::default(), &wrong, &HashMap::new()), ["SHIPPING_UNAVAILABLE"]);
}

#[test]
fn promotions_are_taken_off_by_priority_each_from_what_is_left() {
    let mut first = promotion(2, Benefit::Fixed(1000));
    first.priority = 1;
    let rules = Rules { promotions: vec![promotion(1, Benefit::Percent(percent("10"))), first], ..Rules::default() };
    let quote = priced(&rules, &basket(&[line(1, 1999, 3)]));
    assert_eq!(quote.promotions, [(PromotionId(id(2)), 1000), (PromotionId(id(1)), 500)]);
    assert_eq!((quote.discount_minor, quote.total_minor), (1500, 4497));
}

#[test]
fn never_more_is_taken_off_than_there_is() {
    let rules = Rules {
        promotions: vec![promotion(1, Benefit::Fixed(10_000)), promotion(2, Benefit::Percent(percent("50")))],
        ..Rules::default()
    };
    let quote = priced(&rules, &basket(&[line(1, 999, 1), line(2, 1, 2)]));
    assert_eq!((quote.discount_minor, quote.total_minor), (1001, 0));
    assert_eq!(quote.promotions, [(PromotionId(id(1)), 1001)], "what does nothing is not told");
}

#[test]
fn a_code_is_read_in_any_case_and_stands_alone_unless_it_combines() {
    let mut alone = promotion(2, Benefit::Fixed(300));
    alone.combines = false;
    let mut rules = Rules {
        promotions: vec![coded(1, "SUMMER", Benefit::Percent(percent("10"))), alone, promotion(3, Benefit::Fixed(1))],
        ..Rules::default()
    };
    let lines = [line(1, 1000, 1)];
    let with = Basket { code: Some(" summer "), ..basket(&lines) };
    let quote = priced(&rules, &with);
    assert_eq!((quote.discount_minor, quote.promo_code.as_deref()), (101, Some("SUMMER")));
    assert_eq!(priced(&rules, &basket(&lines)).discount_minor, 301, "without the code the others apply");
    rules.promotions[0].combines = true;
    assert_eq!(priced(&rules, &with).discount_minor, 100 + 300 + 1);
}

#[test]
fn of_those_that_do_not_combine_the_best_for_the_shopper_applies() {
    let alone = |n, benefit| Promotion { combines: false, ..promotion(n, benefit) };
    let rules = Rules {
        promotions: vec![
            alone(1, Benefit::Percent(percent("10"))),
            alone(2, Benefit::Fixed(300)),
            alone(3, Benefit::FreeShipping),
        ],
        shipping_methods: vec![method(1, "post", vec![zone(&[], 490)])],
        ..Rules::default()
    };
    let best = |unit: i64| priced(&rules, &basket(&[line(1, unit, 1)])).promotions[0];
    assert_eq!(best(2000), (PromotionId(id(3)), 490));
    assert_eq!(best(6000), (PromotionId(id(1)), 600));
    let cart = Basket { shipping: Shipping::NotYet, ..basket(&[]) };
    assert_eq!(priced(&rules, &Basket { lines: &[line(1, 2000, 1)], ..cart }).promotions[0].1, 300);
    let mut only = rules.clone();
    only.promotions.drain(..2);
    let told = priced(&only, &Basket { lines: &[line(1, 2000, 1)], ..cart }).promotions;
    assert_eq!(told, [(PromotionId(id(3)), 0)], "a cart tells of free shipping before it knows what that saves");
}

#[test]
fn everything_that_is_wrong_with_a_code_and_with_shipping_is_told_at_once() {
    let mut over = coded(1, "OVER", Benefit::Fixed(1));
    (over.ends_at, over.minimum_subtotal_minor) = (Some(at(10)), 1001);
    (over.usage_limit, over.per_customer_limit) = (Some(5), Some(1));
    let mut later = coded(2, "LATER", Benefit::Fixed(1));
    later.starts_at = Some(at(11));
    let mut now = coded(3, "NOW", Benefit::Fixed(1));
    (now.starts_at, now.ends_at) = (Some(at(10)), Some(at(11)));
    (now.usage_limit, now.per_customer_limit) = (Some(5), Some(2));
    let rules = Rules {
        promotions: vec![over, later, now],
        shipping_methods: vec![method(1, "post", vec![zone(&["US"], 1)])],
        ..Rules::default()
    };
    let lines = [line(1, 1000, 1)];
    let with = |code| Basket { code: Some(code), ..basket(&lines) };
    let uses = |n, total, by_customer| HashMap::from([(PromotionId(id(n)), Uses { total, by_customer })]);
    let all = ["PROMO_EXPIRED", "PROMO_LIMIT_REACHED", "PROMO_MINIMUM_NOT_MET", "SHIPPING_UNAVAILABLE"];
    assert_eq!(codes(&rules, &with("over"), &uses(1, 5, 1)), all);
    for unknown in ["later", "nothing", "ö"] {
        assert_eq!(codes(&rules, &with(unknown), &HashMap::new()), ["PROMO_NOT_FOUND", "SHIPPING_UNAVAILABLE"]);
    }
    let there = |code| Basket { country: Some("us"), ..with(code) };
    assert_eq!(quote(&rules, &there("now"), &uses(3, 4, 1)).expect("fine").discount_minor, 1);
    assert_eq!(codes(&rules, &there("now"), &uses(3, 5, 0)), ["PROMO_LIMIT_REACHED"]);
    assert_eq!(codes(&rules, &there("now"), &uses(3, 0, 2)), ["PROMO_LIMIT_REACHED"]);
    assert_eq!(priced(&rules, &there(" ")).promo_code, None, "no code is no problem");
}

#[test]
fn an_automatic_promotion_that_does_not_apply_is_left_out_in_silence() {
    let mut limited = promotion(1, Benefit::Fixed(1));
    limited.usage_limit = Some(1);
    let mut big = promotion(2, Benefit::Fixed(2));
    big.minimum_subtotal_minor = 1000;
    let rules = Rules { promotions: vec![limited, big], ..Rules::default() };
    assert_eq!(rules.limited([]), [PromotionId(id(1))]);
    let off = |unit, total| {
        let uses = HashMap::from([(PromotionId(id(1)), Uses { total, by_customer: 0 })]);
        quote(&rules, &basket(&[line(1, unit, 1)]), &uses).expect("a price").discount_minor
    };
    assert_eq!((off(999, 0), off(999, 1), off(1000, 0), off(1000, 1)), (1, 0, 3, 2));
}

#[test]
fn the_most_special_tax_rate_applies() {
    let (food, wine) = (id(70), id(71));
    let mut rules = Rules { tax_rates: vec![rate(1, "DE", "19", true)], ..Rules::default() };
    let special = |n, text, region: Option<&str>, category_id| TaxRate {
        region: region.map(str::to_owned),
        category_id,
        ..rate(n, "DE", text, true)
    };
    rules.tax_rates.push(special(2, "10", Some("Bayern"), None));
    rules.tax_rates.push(special(3, "7", None, Some(food)));
    rules.tax_rates.push(special(4, "5", Some("Bayern"), Some(food)));
    rules.tax_rates.push(special(5, "8", None, Some(wine)));
    rules.tax_rates.push(rate(6, "AT", "20", true));
    let named = |country, region, categories: &[Uuid]| {
        let lines = [BasketLine { categories: categories.to_vec(), ..line(1, 10_000, 1) }];
        let quote = priced(&rules, &Basket { country, region, ..basket(&lines) });
        let step = quote.lines[0].trail.last().cloned().filter(|step| step.percent.is_some());
        step.map(|step| step.percent.map(|percent| percent.to_string()).unwrap_or_default())
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(named(Some("DE"), None, &[]), some("19"));
    assert_eq!(named(Some("de"), Some(" bayern "), &[]), some("10"));
    assert_eq!(named(Some("DE"), Some("Hessen"), &[food]), some("7"));
    assert_eq!(named(Some("DE"), Some("BAYERN"), &[food]), some("5"));
    assert_eq!(named(Some("DE"), Some("Bayern"), &[id(72)]), some("10"));
    assert_eq!(named(Some("DE"), None, &[food, wine]), some("8"), "of two categories the higher");
    assert_eq!(named(Some("AT"), None, &[food]), some("20"));
    assert_eq!(named(Some("FR"), None, &[food]), None);
    assert_eq!(named(None, None, &[food]), None);
}

#[test]
fn inclusive_and_exclusive_taxes_stand_in_one_order_and_on_shipping() {
    let books = id(70);
    let contained = TaxRate { category_id: Some(books), ..rate(2, "DE", "7", true) };
    let mut rules = Rules {
        tax_rates: vec![rate(1, "DE", "19", false), contained],
        shipping_methods: vec![method(1, "post", vec![zone(&["DE"], 490)])],
        ..Rules::default()
    };
    let lines = [line(1, 1999, 1), BasketLine { categories: vec![books], ..line(2, 1070, 1) }];
    let quote = priced(&rules, &basket(&lines));
    assert_eq!((quote.lines[0].tax_minor, quote.lines[0].tax_included_minor), (380, 0));
    assert_eq!((quote.lines[1].tax_minor, quote.lines[1].tax_included_minor), (0, 70));
    assert_eq!((quote.shipping_tax_minor, quote.tax_minor, quote.tax_included_minor), (93, 473, 70));
    assert_eq!(quote.total_minor, 1999 + 1070 + 490 + 473);
    rules.tax_rates[0].inclusive = true;
    let quote = priced(&rules, &basket(&lines));
    assert_eq!((quote.shipping_tax_included_minor, quote.tax_included_minor), (78, 319 + 70 + 78));
    assert_eq!(quote.total_minor, 1999 + 1070 + 490);
    rules.tax_rates[0].on_shipping = false;
    assert_eq!(priced(&rules, &basket(&lines)).shipping_tax_included_minor, 0);
}

#[test]
fn tax_is_taken_on_what_is_left_after_the_discount() {
    let rules = Rules {
        promotions: vec![promotion(1, Benefit::Percent(percent("50")))],
        tax_rates: vec![rate(1, "DE", "10", false)],
        ..Rules::default()
    };
    let quote = priced(&rules, &basket(&[line(1, 1001, 1)]));
    assert_eq!((quote.discount_minor, quote.tax_minor, quote.total_minor), (501, 50, 550));
}

#[test]
fn currencies_without_decimals_and_with_three_round_to_their_own_minor_units() {
    let rules = Rules { tax_rates: vec![rate(1, "DE", "10", false)], ..Rules::default() };
    for currency in ["JPY", "BHD"] {
        let lines = [line(1, 105, 1)];
        let quote = priced(&rules, &Basket { currency: currency.parse().expect(currency), ..basket(&lines) });
        assert_eq!((quote.tax_minor, quote.total_minor), (11, 116));
    }
}

#[test]
fn shipping_follows_the_most_special_zone() {
    let mut bavaria = zone(&["DE"], 300);
    bavaria.regions = vec!["Bayern".to_owned()];
    let post = method(1, "post", vec![zone(&[], 2000), zone(&["DE", "AT"], 490), bavaria]);
    let rules =
        Rules { shipping_methods: vec![method(2, "express", vec![zone(&["DE"], 1500)]), post], ..Rules::default() };
    let lines = [line(1, 1000, 1)];
    let cost = |country, region, shipping| {
        let quote = priced(&rules, &Basket { country, region, shipping, ..basket(&lines) });
        (quote.shipping_minor, quote.shipping_method.unwrap_or_default())
    };
    let post = |minor| (minor, "post".to_owned());
    assert_eq!(cost(Some("DE"), None, Shipping::Default), post(490));
    assert_eq!(cost(Some("DE"), Some("bayern"), Shipping::Default), post(300));
    assert_eq!(cost(Some("AT"), Some("bayern"), Shipping::Default), post(490));
    assert_eq!(cost(Some("US"), None, Shipping::Default), post(2000));
    assert_eq!(cost(Some("DE"), None, Shipping::Method("express")), (1500, "express".to_owned()));
    assert_eq!(cost(Some("US"), None, Shipping::NotYet), (0, String::new()));
    let far = Basket { country: Some("US"), shipping: Shipping::Method("express"), ..basket(&lines) };
    assert_eq!(codes(&rules, &far, &HashMap::new()), ["SHIPPING_UNAVAILABLE"]);
    let offers = shipping_offers(&rules, &basket(&lines), 1000);
    let offered: Vec<(&str, i64)> = offers.iter().map(|offer| (offer.code.as_str(), offer.price_minor)).collect();
    assert_eq!(offered, [("post", 490), ("express", 1500)]);
    let mut paused = rules.clone();
    paused.shipping_methods.iter_mut().for_each(|method| method.active = false);
    assert_eq!(codes(&paused, &basket(&lines), &HashMap::new()), ["SHIPPING_UNAVAILABLE"]);
}

#[test]
fn shipping_is_free_over_an_amount_that_counts_discounts() {
    let mut free = zone(&[], 490);
    free.free_over_minor = Some(5000);
    let mut rules = Rules { shipping_methods: vec![method(1, "post", vec![free])], ..Rules::default() };
    let cost = |rules: &Rules, unit| priced(rules, &basket(&[line(1, unit, 1)])).shipping_minor;
    assert_eq!((cost(&rules, 4999), cost(&rules, 5000)), (490, 0));
    rules.promotions = vec![promotion(1, Benefit::Fixed(1))];
    assert_eq!((cost(&rules, 5000), cost(&rules, 5001)), (490, 0));
    rules.promotions = vec![promotion(1, Benefit::FreeShipping)];
    assert_eq!(cost(&rules, 1), 0);
}

#[test]
fn shipping_by_weight_takes_the_first_tier_that_carries_it() {
    let mut heavy = zone(&[], 0);
    heavy.weight_tiers =
        vec![WeightTier { up_to_grams: 1000, price_minor: 490 }, WeightTier { up_to_grams: 2000, price_minor: 990 }];
    let rules = Rules { shipping_methods: vec![method(1, "post", vec![heavy])], ..Rules::default() };
    let cost = |quantity| priced(&rules, &basket(&[line(1, 1, quantity)])).shipping_minor;
    assert_eq!((cost(1), cost(2), cost(3), cost(4)), (490, 490, 990, 990));
    assert_eq!(codes(&rules, &basket(&[line(1, 1, 5)]), &HashMap::new()), ["SHIPPING_UNAVAILABLE"]);
}

#[test]
fn sums_that_money_cannot_hold_are_refused() {
    let most = kernel::money::MAX_UNIT_MINOR;
    for lines in [vec![line(1, most, 100), line(2, 1, 1)], vec![line(1, i64::MAX, i32::MAX)]] {
        assert_eq!(codes(&Rules::default(), &basket(&lines), &HashMap::new()), ["AMOUNT_OUT_OF_RANGE"]);
    }
    let rules = Rules { tax_rates: vec![rate(1, "DE", "1", false)], ..Rules::default() };
    assert_eq!(codes(&rules, &basket(&[line(1, most, 100)]), &HashMap::new()), ["AMOUNT_OUT_OF_RANGE"]);
}

/// Numbers that look like chance and are the same each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }

    fn amount(&mut self) -> i64 {
        let most = [1, 2, 10, 100, 5000, 1_000_000, 100_000_000_000][usize::try_from(self.below(7)).expect("small")];
        i64::try_from(self.below(most + 1)).expect("an amount")
    }

    fn rules(&mut self) -> Rules {
        let mut rules = Rules::default();
        for n in 0..self.below(20) {
            let benefit = match self.below(3) {
                0 => Benefit::Percent(
                    Percent::from_ten_thousandths(i32::try_from(self.below(1_000_001)).expect("%")).expect("%"),
                ),
                1 => Benefit::Fixed(self.amount().max(1)),
                _ => Benefit::FreeShipping,
            };
            let mut one = promotion(u128::from(n) + 1, benefit);
            one.combines = self.below(2) == 0;
            one.priority = i32::try_from(self.below(3)).expect("small");
            one.minimum_subtotal_minor = if self.below(3) == 0 { self.amount() } else { 0 };
            one.code = (self.below(3) == 0).then(|| format!("CODE{n}"));
            rules.promotions.push(one);
        }
        for n in 0..self.below(8) {
            let text = ["19", "7", "5.5", "0.0001", "100", "21.1234"][usize::try_from(self.below(6)).expect("small")];
            let mut one = rate(u128::from(n) + 1, "DE", text, self.below(2) == 0);
            one.category_id = (self.below(2) == 0).then(|| id(u128::from(self.below(3)) + 70));
            one.region = (self.below(3) == 0).then(|| "Bayern".to_owned());
            one.on_shipping = self.below(2) == 0;
            rules.tax_rates.push(one);
        }
        if self.below(3) > 0 {
            let mut first = zone(&["DE"], self.amount());
            first.free_over_minor = (self.below(2) == 0).then(|| self.amount());
            rules.shipping_methods.push(method(1, "post", vec![first]));
        }
        rules
    }

    fn lines(&mut self) -> Vec<BasketLine> {
        let mut lines = Vec::new();
        for n in 0..self.below(8) {
            let quantity = i32::try_from(self.below(100) + 1).expect("small");
            let mut one = line(u128::from(n) + 1, self.amount() / 100, quantity);
            one.categories = (0..self.below(3)).map(|n| id(u128::from(n) + 70)).collect();
            lines.push(one);
        }
        lines
    }
}

#[test]
fn whatever_the_rules_the_parts_add_up_and_the_order_of_lines_decides_nothing() {
    let mut chance = Chance(7);
    let mut with_discount = 0;
    for _ in 0..3_000 {
        let (rules, lines) = (chance.rules(), chance.lines());
        let code = rules.promotions.iter().find_map(|one| one.code.clone()).filter(|_| chance.below(2) == 0);
        let region = (chance.below(2) == 0).then_some("bayern");
        let shipping = if chance.below(2) == 0 { Shipping::NotYet } else { Shipping::Default };
        let asked = Basket { region, shipping, code: code.as_deref(), ..basket(&lines) };
        let Ok(forth) = quote(&rules, &asked, &HashMap::new()) else { continue };
        adds_up(&forth);
        with_discount += usize::from(forth.discount_minor > 0);
        let mut turned = lines.clone();
        turned.reverse();
        let mut back = quote(&rules, &Basket { lines: &turned, ..asked }, &HashMap::new()).expect("the same");
        back.lines.reverse();
        assert_eq!((forth.total_minor, &forth.lines), (back.total_minor, &back.lines));
        assert_eq!(forth.promotions, back.promotions);
    }
    assert!(with_discount > 1_000, "{with_discount}");
}
