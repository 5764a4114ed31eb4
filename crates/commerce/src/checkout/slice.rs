//! One transaction for a slice of checkouts: read and lock, decide, write.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use kernel::db::TenantTx;
use kernel::metrics;
use serde_json::{Value, json};
use uuid::Uuid;

use super::decide::{NewCheckout, Outcome, Request, State, Writes, carts, decide, end_of_slice};
use super::fraud::Limits;
use super::model::{Method, Status};
use super::{CheckoutError, db};
use crate::carts::{AskedUnder, CartId, LockedCart};
use crate::customers::Known;
use crate::idempotency::{self, Claimed, NewKey};
use crate::jobs::{self, Due, Kind, NewJob};
use crate::pricing::{Counts, Rules};
use crate::settings::Settings;
use crate::shop::Shop;
use crate::{carts, catalog, customers, events, inventory, orders, payments, pricing, settings, usage};

/// How soon the provider is asked again about a payment that nobody has heard of.
const FIRST_LOOK: Duration = Duration::from_secs(30);

/// What became of a request, and the right to finish its key where there is more to do.
pub(super) type Verdict = (Outcome, Option<Claimed>);

/// Decides the requests in order of arrival and makes the outcome durable. One verdict each, in the same order.
pub(super) async fn run(shop: &Shop, requests: &[Request]) -> Result<Vec<Verdict>, CheckoutError> {
    let (clock, started) = (Phases::start(), Instant::now());
    let mut tx = shop.db.begin_routine().await?;
    let (state, month) = read(&mut tx, shop, requests).await?;
    let (now, reading) = (state.now, clock.elapsed());
    let (outcomes, mut writes) = decide(state, requests);
    metrics::order_validation(clock.elapsed());
    let log = clock.log(now, reading);
    measure(&mut writes, requests, &log, started);
    write(&mut tx, shop, requests, &writes, &month, &log).await?;
    let claims = claim(&mut tx, requests, &outcomes, &writes).await?;
    tx.commit().await?;
    report(shop, &writes, &log);
    Ok(outcomes.into_iter().zip(claims).map(settled).collect())
}

/// How long each order's request waited for its slice, and what deciding took.
fn measure(writes: &mut Writes, requests: &[Request], log: &PhaseLog, started: Instant) {
    for (order, at) in writes.orders.iter_mut().zip(&writes.of) {
        let waited = started.saturating_duration_since(requests[*at].received);
        order.queue_wait_ms = i64::try_from(waited.as_millis()).unwrap_or(i64::MAX);
        order.validation_ms = i64::try_from(log.reading_ms + log.deciding_ms).unwrap_or(i64::MAX);
    }
}

async fn read(tx: &mut TenantTx, shop: &Shop, requests: &[Request]) -> Result<(State, String), CheckoutError> {
    let (store, settings) = settings::lock_store_with_settings(tx).await?;
    let rules = pricing::rules(tx, shop, store.pricing_version).await?;
    let mut cart_ids: Vec<_> = requests.iter().map(|request| request.cart).collect();
    cart_ids.sort_unstable();
    cart_ids.dedup();
    let (carts, keys) = carts::lock_with_keys(tx, &cart_ids, &asked_under(requests.iter())).await?;
    let mut keys = idempotency::counted(tx, keys).await?;
    let lost = asked_under(requests.iter().filter(|request| !carts.contains_key(&request.cart)));
    if !lost.carts.is_empty() {
        // A cart is forgotten sooner than the answers to requests about it.
        keys.extend(idempotency::find(tx, &lost.scopes, &lost.keys).await?);
    }

    let mut variant_ids: Vec<_> =
        carts.values().flat_map(|cart| cart.lines.iter().map(|line| line.variant_id)).collect();
    variant_ids.sort_unstable();
    variant_ids.dedup();
    let variants = catalog::variants_for_sale(tx, shop, store.catalog_version, &variant_ids).await?;
    let emails = emails(requests);
    let known = if store.knows_customers { customers::known(tx, &emails).await? } else { Known::default() };
    let review = Limits::of(&settings, &shop.platform.review, shop.currency);
    let recent = match review.looks_back().filter(|_| !emails.is_empty()) {
        Some((count, minutes)) => orders::recent(tx, &emails, count, minutes).await?,
        None => HashMap::new(),
    };
    let uses = uses(tx, &rules, requests, &carts, &emails).await?;
    let levels = inventory::lock_levels(tx, &variant_ids).await?;

    let state = State {
        currency: shop.currency,
        capture: settings.capture,
        tolerance_minor: settings.price_tolerance_minor,
        expires_at: store.now + ttl(shop, &settings),
        manual_expires_at: store.now + chrono::Duration::days(i64::from(settings.manual_payment_days)),
        payment_methods: settings.payment_methods,
        account: settings.stripe_account,
        now: store.now,
        next_number: store.next_order_number,
        month: usage::MonthlyOrders::of(shop, store.orders_in_month),
        keys,
        carts,
        live: HashMap::new(),
        variants,
        levels,
        rules,
        uses,
        known,
        review,
        recent,
    };
    Ok((state, store.month))
}

/// Under which keys these requests came.
fn asked_under<'a>(requests: impl Iterator<Item = &'a Request>) -> AskedUnder {
    let mut asked = AskedUnder::default();
    for request in requests {
        asked.carts.push(request.cart);
        asked.scopes.push(request.scope.clone());
        asked.keys.push(request.key.clone());
    }
    asked
}

/// The customers of a slice.
fn emails(requests: &[Request]) -> Vec<String> {
    let mut emails: Vec<String> = requests.iter().map(|request| request.form.email.clone()).collect();
    emails.retain(|email| !email.is_empty());
    emails.sort_unstable();
    emails.dedup();
    emails
}

/// How often the promotions with limits that may apply are used. None of them: no statement.
async fn uses(
    tx: &mut TenantTx,
    rules: &Rules,
    requests: &[Request],
    carts: &HashMap<CartId, LockedCart>,
    emails: &[String],
) -> sqlx::Result<Counts> {
    let sent = requests.iter().filter_map(|request| request.form.promo_code.as_deref());
    let codes = sent.chain(carts.values().filter_map(|cart| cart.promo_code.as_deref()));
    let customers: Vec<&str> = emails.iter().map(String::as_str).collect();
    pricing::uses(tx, &rules.limited(codes), &customers).await
}

/// As the store says, else as the platform does; never longer than the platform allows.
fn ttl(shop: &Shop, settings: &Settings) -> Duration {
    let minutes = settings.checkout_ttl_minutes.and_then(|minutes| u64::try_from(minutes).ok());
    let wanted = minutes.map_or(shop.platform.checkout_ttl, |minutes| Duration::from_secs(minutes * 60));
    wanted.min(shop.platform.checkout_max_ttl)
}

async fn write(
    tx: &mut TenantTx,
    shop: &Shop,
    requests: &[Request],
    writes: &Writes,
    month: &str,
    log: &PhaseLog,
) -> Result<(), CheckoutError> {
    let mut told = Vec::new();
    if !writes.orders.is_empty() {
        let count = i64::try_from(writes.orders.len()).map_err(|_| CheckoutError::Inconsistent("count"))?;
        told.extend(orders::create(tx, &writes.orders).await?);
        told.extend(payments::create(tx, shop, &writes.payments).await?);
        let (ends, phases): (Vec<Status>, Vec<&str>) =
            writes.checkouts.iter().map(|checkout| end_of_slice(checkout.method)).unzip();
        let logs: Vec<Value> = writes.checkouts.iter().map(|checkout| log.of(checkout)).collect();
        db::insert(tx, &writes.checkouts, &ends, &phases, &logs).await?;
        let (in_checkout, bought) = carts(writes);
        carts::close(tx, &in_checkout, &bought).await?;
        jobs::enqueue(tx, shop, &later(&writes.checkouts)).await?;
        settings::count_orders(tx, month, count).await?;
    }
    pricing::redeem(tx, &writes.redemptions).await?;
    if !writes.keys.is_empty() {
        let keys: Vec<NewKey> = writes
            .keys
            .iter()
            .map(|(at, answer)| NewKey {
                scope: requests[*at].scope.clone(),
                key: requests[*at].key.clone(),
                fingerprint: requests[*at].fingerprint,
                subject: Some(requests[*at].checkout.0),
                answer: answer.clone(),
            })
            .collect();
        idempotency::insert(tx, &keys).await?;
    }
    let sure: HashSet<Uuid> = writes.sure.iter().map(|order| order.0).collect();
    told.extend(inventory::reserve(tx, shop, &writes.takes, &sure).await?);
    events::tell(tx, shop, &told).await?;
    Ok(())
}

/// What must happen even if nobody comes back: ask about the payment, end the checkout in time, and the review.
fn later(checkouts: &[NewCheckout]) -> Vec<NewJob> {
    checkouts
        .iter()
        .flat_map(|checkout| {
            let job = |kind, subject, due| NewJob { kind, subject, due, request_id: checkout.request_id.clone() };
            let (asked, waits) = (checkout.method == Method::Card, checkout.method != Method::Cod);
            let look = asked.then(|| job(Kind::SettlePayment, checkout.payment.0, Due::In(FIRST_LOOK)));
            let end = waits.then(|| job(Kind::ExpireCheckout, checkout.id.0, Due::At(checkout.expires_at)));
            let review = checkout.reviewed.then(|| job(Kind::EndReview, checkout.order.0, Due::In(FIRST_LOOK)));
            [look, end, review]
        })
        .flatten()
        .collect()
}

/// Takes over keys whose first request died; those that have still to be answered are ours by lease 1.
async fn claim(
    tx: &mut TenantTx,
    requests: &[Request],
    outcomes: &[Outcome],
    writes: &Writes,
) -> Result<Vec<Option<Claimed>>, CheckoutError> {
    let mut claims = vec![None; requests.len()];
    for (at, outcome) in outcomes.iter().enumerate() {
        if matches!(outcome, Outcome::Pay(_)) {
            let (scope, key) = (requests[at].scope.clone(), requests[at].key.clone());
            claims[at] = Some(Claimed { scope, key, lease: 1 });
        }
    }
    for at in &writes.resumed {
        claims[*at] = idempotency::claim_again(tx, &requests[*at].scope, &requests[*at].key).await?;
    }
    Ok(claims)
}

fn settled((outcome, claimed): (Outcome, Option<Claimed>)) -> Verdict {
    match (&outcome, &claimed) {
        (Outcome::Resume(_), None) => (Outcome::InFlight, None),
        _ => (outcome, claimed),
    }
}

fn report(shop: &Shop, writes: &Writes, log: &PhaseLog) {
    let tenant = &shop.slug;
    for (checkout, order) in writes.checkouts.iter().zip(&writes.orders) {
        let (request_id, checkout_id, order_id) = (&checkout.request_id, checkout.id, order.id);
        metrics::order_created(checkout.method.name());
        let provider = if checkout.method == Method::Card { "stripe" } else { checkout.method.name() };
        metrics::payment_intent_created(provider);
        tracing::info!(
            event = "order.created", %tenant, request_id, %checkout_id, cart_id = %checkout.cart, %order_id,
            number = order.number, total_minor = order.total_minor, "checkout started"
        );
        if shop.platform.log_phases {
            for (phase, ms) in log.phases(checkout) {
                tracing::info!(%tenant, request_id, %checkout_id, phase, ms, "checkout phase");
            }
        }
        tracing::info!(%tenant, request_id, %checkout_id, %order_id, lines = order.items.len(), "stock reserved");
        tracing::info!(
            %tenant, request_id, %checkout_id, %order_id, subtotal_minor = order.subtotal_minor,
            discount_minor = order.discount_minor, total_minor = order.total_minor, "price lock created"
        );
        if checkout.reviewed {
            let reasons = order.review_reasons.join(",");
            tracing::warn!(event = "order.review", %tenant, request_id, %checkout_id, %order_id, reasons, "order waits for a person");
        }
        if checkout.method == Method::Cod {
            tracing::info!(%tenant, request_id, %checkout_id, %order_id, "checkout completed");
        }
    }
}

/// Measures the phases of a slice.
struct Phases(Instant);

/// The phases that a slice went through, with their durations.
struct PhaseLog {
    at: DateTime<Utc>,
    reading_ms: u64,
    deciding_ms: u64,
}

impl Phases {
    fn start() -> Self {
        Self(Instant::now())
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    fn log(&self, at: DateTime<Utc>, reading: Duration) -> PhaseLog {
        let millis = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        PhaseLog { at, reading_ms: millis(reading), deciding_ms: millis(self.elapsed().saturating_sub(reading)) }
    }
}

impl PhaseLog {
    /// The phases that a checkout went through, with milliseconds.
    fn phases(&self, checkout: &NewCheckout) -> Vec<(&'static str, u64)> {
        let mut phases = vec![
            ("started", 0),
            ("cart_validated", self.reading_ms),
            ("inventory_reserved", self.deciding_ms),
            ("price_locked", 0),
            ("order_created", 0),
        ];
        if checkout.method == Method::Cod {
            if !checkout.reviewed {
                phases.push(("stock_committed", 0));
            }
            phases.push(("completed", 0));
        }
        phases
    }

    fn of(&self, checkout: &NewCheckout) -> Value {
        let phases = self.phases(checkout).into_iter();
        phases.map(|(phase, ms)| json!({ "phase": phase, "at": self.at, "ms": ms })).collect()
    }
}
