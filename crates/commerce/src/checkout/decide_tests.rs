//! Sharing a transaction changes nothing: a slice of requests comes to what the same requests come to one by one.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use kernel::entitlements::{Entitlements, Feature};
use kernel::idempotency::{Answer, fingerprint};
use kernel::origin::{Actor, Origin};
use serde_json::{Value, json};
use uuid::Uuid;

use super::decide::{Outcome, Request, State, Writes, decide};
use super::fraud::Limits;
use super::model::{CheckoutId, Method};
use super::validate::Form;
use crate::carts::{CartId, CartItemId, CartLine, CartStatus, LockedCart};
use crate::catalog::{ProductId, SaleVariant, VariantId};
use crate::customers::Known;
use crate::idempotency::StoredKey;
use crate::inventory::Level;
use crate::orders::{Address, OrderId, Recent, Step};
use crate::payments::PaymentId;
use crate::pricing::{Benefit, Counts, Promotion, PromotionId, Rules};
use crate::settings::Capture;
use crate::usage::MonthlyOrders;

/// A small generator of the same numbers for the same seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.roll(n) == 0
    }

    fn id(&mut self) -> Uuid {
        Uuid::from_u128(u128::from(self.roll(u64::MAX)) << 64 | u128::from(self.roll(u64::MAX)))
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        let at = self.roll(from.len() as u64);
        &from[usize::try_from(at).expect("small")]
    }
}

const EMAILS: [&str; 4] = ["ann@example.com", "bob@example.com", "eve@example.com", "joe@example.com"];
const CODES: [&str; 3] = ["ONCE", "EACH", "FREE"];

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).expect("a time")
}

fn promotion(
    dice: &mut Dice,
    code: Option<&str>,
    usage_limit: Option<i64>,
    per_customer_limit: Option<i32>,
) -> Promotion {
    let benefit = if dice.one_in(2) { Benefit::Fixed(150) } else { Benefit::Percent("10".parse().expect("a rate")) };
    Promotion {
        id: PromotionId(dice.id()),
        title: code.unwrap_or("automatic").to_owned(),
        code: code.map(str::to_owned),
        benefit,
        minimum_subtotal_minor: i64::try_from(dice.roll(3)).expect("small") * 500,
        combines: dice.one_in(2),
        priority: 100,
        usage_limit,
        per_customer_limit,
        starts_at: None,
        ends_at: None,
    }
}

fn state(dice: &mut Dice) -> State {
    let variants: Vec<SaleVariant> = (0..6)
        .map(|n| SaleVariant {
            variant_id: VariantId(dice.id()),
            product_id: ProductId(dice.id()),
            sku: format!("S{n}"),
            title: "M".into(),
            product_title: format!("Shirt {n}"),
            price_minor: i64::try_from(dice.roll(2000)).expect("small"),
            weight_grams: 100,
            categories: Vec::new(),
            product_active: !dice.one_in(12),
            variant_active: !dice.one_in(12),
        })
        .collect();
    let levels = variants.iter().map(|variant| {
        let on_hand = i32::try_from(dice.roll(12)).expect("small");
        (variant.variant_id, Level { on_hand, reserved: 0, version: 0 })
    });
    let levels: HashMap<_, _> = levels.collect();
    let carts = (0..10).map(|_| {
        let id = CartId(dice.id());
        let lines = variants.iter().filter_map(|variant| {
            let line = CartLine {
                item_id: CartItemId(dice.id()),
                variant_id: variant.variant_id,
                quantity: 1 + i32::try_from(dice.roll(3)).expect("small"),
                seen_price_minor: (!dice.one_in(4)).then_some(variant.price_minor - i64::from(dice.one_in(9)) * 20),
            };
            dice.one_in(2).then_some(line)
        });
        let lines = lines.collect();
        let promo_code = dice.one_in(5).then(|| "EACH".to_owned());
        let cart = LockedCart {
            id,
            status: CartStatus::Open,
            currency: "EUR".into(),
            expired: dice.one_in(20),
            purchase: None,
            promo_code,
            lines,
        };
        (id, cart)
    });
    let carts = carts.collect();
    let rules = Rules {
        version: 1,
        promotions: vec![
            promotion(dice, Some("ONCE"), Some(1), None),
            promotion(dice, Some("EACH"), None, Some(1)),
            promotion(dice, Some("FREE"), None, None),
            promotion(dice, None, Some(3), None),
        ],
        ..Rules::default()
    };
    let limit = Feature { enabled: true, limit: Some(12), upgrades: Vec::new() };
    let entitlements = Entitlements(BTreeMap::from([(crate::usage::MAX_ORDERS_PER_MONTH.to_owned(), limit)]));
    State {
        currency: "EUR".parse().expect("a currency"),
        capture: Capture::Automatic,
        tolerance_minor: 1,
        account: None,
        now: now(),
        manual_expires_at: chrono::DateTime::UNIX_EPOCH,
        payment_methods: ["card", "cod"].map(str::to_owned).into(),
        expires_at: now() + TimeDelta::minutes(15),
        next_number: 1001,
        month: MonthlyOrders::for_tests(i64::try_from(dice.roll(6)).expect("small"), entitlements),
        keys: HashMap::new(),
        carts,
        live: HashMap::new(),
        variants: variants.into_iter().map(|variant| (variant.variant_id, Arc::new(variant))).collect(),
        levels,
        rules: Arc::new(rules),
        uses: Counts::default(),
        known: Known {
            blocked: HashSet::from(["eve@example.com".into()]),
            trusted: HashSet::from(["joe@example.com".into()]),
        },
        review: Limits {
            cod_minor: 3000,
            order_minor: 6000,
            pending: Some(2),
            hourly: Some(4),
            duplicate: TimeDelta::try_minutes(10),
        },
        recent: HashMap::new(),
    }
}

fn request(dice: &mut Dice, carts: &[CartId]) -> Request {
    let cart = *dice.pick(carts);
    let wish = dice.roll(3);
    let origin = Origin::of_request(Actor::Shopper, format!("r{}", dice.roll(u64::MAX)));
    let form_errors = if dice.one_in(10) {
        vec![kernel::problem::FieldError::new("phone", "INVALID_PHONE", "no")]
    } else {
        Vec::new()
    };
    Request {
        scope: format!("cart {cart}"),
        key: format!("key {}", dice.roll(3)),
        fingerprint: fingerprint("checkout", &json!({ "cart": cart, "wish": wish })).expect("a fingerprint"),
        cart,
        form: Form {
            email: (*dice.pick(&EMAILS)).to_owned(),
            phone: None,
            address: Address {
                recipient_name: "Ann".into(),
                phone: "123456".into(),
                line1: format!("Street {}", dice.roll(2)),
                line2: None,
                city: "Berlin".into(),
                province: None,
                postal_code: None,
                country: "DE".into(),
            },
            method: if dice.one_in(2) { Method::Card } else { Method::Cod },
            shipping_method: None,
            promo_code: dice.one_in(2).then(|| (*dice.pick(&CODES)).to_owned()),
        },
        form_errors,
        expected_total_minor: None,
        checkout: CheckoutId(dice.id()),
        order: OrderId(dice.id()),
        order_token: "token".into(),
        payment: PaymentId(dice.id()),
        provider_key: "key".into(),
        origin,
        received: Instant::now(),
    }
}

/// What the next transaction would read once these writes are durable.
fn after(mut state: State, requests: &[Request], writes: &Writes) -> State {
    for order in &writes.orders {
        state.next_number += 1;
        state.month.used += 1;
        let goods = order.items.iter().map(|item| (item.variant_id, item.quantity));
        let same = Some(crate::orders::sameness(goods, &order.shipping_address));
        let unsure = order.first_step != Some(Step::Confirm);
        state.recent.entry(order.email.clone()).or_default().push(Recent { created_at: now(), unsure, same });
    }
    for take in &writes.takes {
        state.levels.get_mut(&take.variant_id).expect("a level").reserved += take.quantity;
    }
    for redemption in &writes.redemptions {
        state.uses.add(redemption.promotion, &redemption.customer);
    }
    for checkout in &writes.checkouts {
        let cart = state.carts.get_mut(&checkout.cart).expect("a cart");
        match checkout.method {
            Method::Card | Method::Manual => {
                cart.status = CartStatus::InCheckout;
                state.live.insert(checkout.cart, checkout.id);
            }
            Method::Cod => cart.status = CartStatus::Completed,
        }
    }
    for (at, answer) in &writes.keys {
        let request = &requests[*at];
        let stored = StoredKey {
            fingerprint: request.fingerprint.into(),
            answer: answer.clone().map(|answer| Answer { replayed: true, ..answer }),
            subject: Some(request.checkout.0),
            leased: true,
        };
        state.keys.insert((request.scope.clone(), request.key.clone()), stored);
    }
    state
}

/// An answer without what is drawn by lot: the ids of lines.
/// Lines get a new id each time they are decided.
fn without_line_ids(mut purchase: Value) -> Value {
    let items = purchase.pointer_mut("/order/items").and_then(Value::as_array_mut);
    items.into_iter().flatten().for_each(|item| item["id"] = Value::Null);
    purchase
}

fn told(answer: &Answer) -> Value {
    let mut body: Value = serde_json::from_str(&answer.body).unwrap_or(Value::Null);
    for item in body.pointer_mut("/order/items").and_then(Value::as_array_mut).into_iter().flatten() {
        item["id"] = Value::Null;
    }
    json!([answer.status, answer.replayed, body])
}

fn outcome(outcome: &Outcome) -> Value {
    match outcome {
        Outcome::Replay(answer) => json!(["replay", told(answer)]),
        Outcome::Done(answer) => json!(["done", told(answer)]),
        Outcome::Reused => json!(["reused"]),
        Outcome::InFlight => json!(["in flight"]),
        Outcome::Resume(checkout) => json!(["resume", checkout]),
        Outcome::Live(checkout) => json!(["live", checkout]),
        Outcome::Refused { problem, stored } => json!(["refused", problem.body(None), stored.as_ref().map(told)]),
        Outcome::Pay(unpaid) => json!(["pay", without_line_ids(json!(unpaid.purchase))]),
    }
}

/// Everything that would be written, without what is drawn by lot.
fn written(requests: &[Request], writes: &Writes) -> Vec<String> {
    let mut lines = Vec::new();
    for order in &writes.orders {
        let mut order = order.clone();
        for item in &mut order.items {
            item.id = crate::orders::OrderItemId(Uuid::nil());
        }
        lines.push(format!("{order:?}"));
    }
    lines.extend(writes.payments.iter().map(|payment| format!("{payment:?}")));
    lines.extend(writes.checkouts.iter().map(|checkout| format!("{checkout:?}")));
    lines.extend(writes.takes.iter().map(|take| format!("{take:?}")));
    lines.extend(writes.redemptions.iter().map(|redemption| format!("{redemption:?}")));
    lines.extend(writes.sure.iter().map(|order| format!("sure {order}")));
    for (at, answer) in &writes.keys {
        lines.push(format!("{} {} {:?}", requests[*at].scope, requests[*at].key, answer.as_ref().map(told)));
    }
    lines.sort_unstable();
    lines
}

#[test]
fn a_slice_comes_to_what_its_requests_come_to_one_by_one() {
    let (mut kinds, mut reviewed, mut redeemed) = (BTreeMap::<String, usize>::new(), 0, 0);
    for seed in 1..=600_u64 {
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let start = state(&mut dice);
        let carts: Vec<CartId> = {
            let mut carts: Vec<CartId> = start.carts.keys().copied().collect();
            carts.sort_unstable();
            carts
        };
        let count = 1 + dice.roll(24);
        let requests: Vec<Request> = (0..count).map(|_| request(&mut dice, &carts)).collect();

        let (together, writes) = decide(start.clone(), &requests);
        let (mut one_by_one, mut wrote, mut state) = (Vec::new(), Vec::new(), start);
        for request in &requests {
            let alone = std::slice::from_ref(request);
            let (mut outcomes, writes) = decide(state.clone(), alone);
            one_by_one.append(&mut outcomes);
            wrote.append(&mut written(alone, &writes));
            state = after(state, alone, &writes);
        }
        wrote.sort_unstable();

        for (n, (together, alone)) in together.iter().zip(&one_by_one).enumerate() {
            assert_eq!(outcome(together), outcome(alone), "seed {seed}, request {n} of {count}");
            *kinds.entry(outcome(alone)[0].as_str().expect("a kind").to_owned()).or_default() += 1;
        }
        assert_eq!(written(&requests, &writes), wrote, "seed {seed}");
        reviewed += writes.orders.iter().filter(|order| !order.review_reasons.is_empty()).count();
        redeemed += writes.redemptions.len();
    }
    // The dice have shown all sides.
    for kind in ["replay", "done", "reused", "in flight", "live", "refused", "pay"] {
        assert!(kinds.get(kind).is_some_and(|count| *count >= 20), "{kind}: {kinds:?}");
    }
    assert!(reviewed >= 100 && redeemed >= 100, "{reviewed} {redeemed}");
}
