//! Say that money which comes by itself has come.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::CheckoutError;
use super::capture::note;
use super::hold::hold_order;
use super::settle::paid;
use crate::events;
use crate::orders::{OrderId, Review};
use crate::payments::{self, PaymentError, Provider, Status as Money};
use crate::shop::Shop;

/// What the bank says.
#[derive(Debug, Clone, Serialize, Deserialize, garde::Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MarkPaid {
    /// Where to find the money, such as the statement's number.
    #[garde(length(chars, min = 1, max = 200), custom(visible))]
    #[schema(min_length = 1, max_length = 200)]
    pub reference: String,
}

fn visible(text: &str, (): &()) -> garde::Result {
    if text.trim().is_empty() || text.chars().any(char::is_control) {
        return Err(garde::Error::new("must be visible text"));
    }
    Ok(())
}

/// Marks an order as paid whose money comes by itself.
pub(super) async fn mark_paid(shop: &Shop, order: OrderId, request: &MarkPaid) -> Result<(), CheckoutError> {
    kernel::db::retrying(|| async {
        let mut tx = shop.db.begin().await?;
        let mut held = hold_order(&mut tx, order).await?;
        if held.payment.provider != Provider::Manual {
            return Err(PaymentError::NotManual.into());
        }
        if held.payment.status == Money::Succeeded {
            return Err(PaymentError::AlreadyPaid.into());
        }
        if !held.payment.status.open() || !held.waits() {
            return Err(CheckoutError::Ended(held.checkout.status.name()));
        }
        if held.order.review == Some(Review::Pending) {
            return Err(CheckoutError::UnderReview);
        }
        note(&mut tx, shop, &held, "order.marked_paid").await?;
        let mut told = payments::take_in(&mut tx, shop, &mut held.payment, Some(request.reference.trim())).await?;
        told.extend(paid(&mut tx, shop, &mut held).await?);
        events::tell(&mut tx, shop, &told).await?;
        tx.commit().await?;
        Ok(())
    })
    .await
}
