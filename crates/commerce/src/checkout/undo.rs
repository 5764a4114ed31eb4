//! Undo a purchase, step by step, in the reverse of the order in which it was made.

use std::time::Instant;

use kernel::db::TenantTx;
use serde_json::{Value, json};

use super::hold::Held;
use super::model::Status;
use super::{CheckoutError, db};
use crate::events::Event;
use crate::orders::{self, OrderId, Step};
use crate::shop::Shop;
use crate::{carts, inventory, pricing};

/// What is undone, and in whose name.
pub(super) struct Undone<'a> {
    pub(super) checkout: Status,
    pub(super) order: Step,
    pub(super) reason: &'a str,
}

/// The steps that were taken back so far, each with how long that took.
struct Rollback<'a> {
    shop: &'a Shop,
    order: OrderId,
    reason: &'a str,
    since: Instant,
    log: Vec<Value>,
}

impl<'a> Rollback<'a> {
    fn begin(shop: &'a Shop, held: &Held, reason: &'a str) -> Self {
        Self { shop, order: held.order.id, reason, since: Instant::now(), log: Vec::new() }
    }

    /// This phase of the purchase has been taken back.
    fn done(&mut self, phase: &'static str) {
        let ms = u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::info!(
            tenant = %self.shop.slug, request_id = self.shop.origin.request_id, order_id = %self.order, phase, ms,
            reason = self.reason, "rollback step completed"
        );
        self.log.push(json!({ "undone": phase, "at": self.shop.clock.now(), "ms": ms, "reason": self.reason }));
        self.since = Instant::now();
    }
}

/// Takes an active checkout back: the order ends, promotions and goods are given back, the cart opens again.
pub(super) async fn undo(
    tx: &mut TenantTx,
    shop: &Shop,
    held: &mut Held,
    undone: &Undone<'_>,
) -> Result<Vec<Event>, CheckoutError> {
    let Undone { checkout: status, order: step, reason } = undone;
    tracing::info!(
        tenant = %shop.slug, request_id = shop.origin.request_id, checkout_id = %held.checkout.id,
        phase = held.checkout.phase, reason, "checkout failed"
    );
    let mut rollback = Rollback::begin(shop, held, reason);
    let mut told = vec![orders::step(tx, shop, &mut held.order, *step, Some(reason)).await?];
    rollback.done("order_created");
    told.extend(give_back(tx, held, &mut rollback).await?);
    carts::reopen(tx, held.checkout.cart).await?;
    rollback.done("cart_validated");
    db::finish(tx, held.checkout.id, *status, None, Some(reason), &rollback.log.into()).await?;
    Ok(told)
}

/// What an order took goes back.
pub(super) async fn release(
    tx: &mut TenantTx,
    shop: &Shop,
    held: &Held,
    reason: &str,
) -> Result<Vec<Event>, CheckoutError> {
    give_back(tx, held, &mut Rollback::begin(shop, held, reason)).await
}

async fn give_back(tx: &mut TenantTx, held: &Held, rollback: &mut Rollback<'_>) -> Result<Vec<Event>, CheckoutError> {
    pricing::release(tx, &[held.order.id.0]).await?;
    rollback.done("price_locked");
    let told = inventory::release(tx, rollback.shop, held.order.id.0, rollback.reason).await?;
    rollback.done("inventory_reserved");
    Ok(told)
}
