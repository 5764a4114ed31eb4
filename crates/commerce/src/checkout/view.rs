//! What a shopper sees of a purchase.

use chrono::{DateTime, Utc};
use kernel::db::TenantTx;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{CheckoutError, CheckoutId, db};
use crate::orders::{self, Address, NewOrder, Order, OrderId, OrderItem, OrderItemId, Review};
use crate::payments::{self, PaymentId};
use crate::shop::Shop;

/// A purchase: the checkout, its order and its payment.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Purchase {
    pub(super) checkout: CheckoutView,
    pub(super) order: OrderView,
    pub(super) payment: PaymentView,
}

/// The lock of the purchase.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct CheckoutView {
    pub(super) id: CheckoutId,
    /// `active`, `completed`, `failed`, `expired` or `cancelled`.
    pub(super) status: &'static str,
    /// The last phase that was reached.
    pub(super) phase: String,
    /// Until when the goods are held.
    pub(super) expires_at: DateTime<Utc>,
}

/// The order, with the secret that lets a guest see it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct OrderView {
    pub(super) id: OrderId,
    pub(super) number: i64,
    /// Send it in the header `Order-Token` to see the order again.
    pub(super) token: String,
    pub(super) status: String,
    pub(super) currency: String,
    pub(super) subtotal_minor: i64,
    pub(super) discount_minor: i64,
    pub(super) shipping_minor: i64,
    pub(super) tax_minor: i64,
    /// Tax that prices and shipping contain.
    pub(super) tax_included_minor: i64,
    pub(super) total_minor: i64,
    /// The promotion's code that was used.
    pub(super) promo_code: Option<String>,
    /// How the goods go.
    pub(super) shipping_method: Option<String>,
    /// `pending`: a person looks at the order before it goes on; `approved`, `rejected`; null: nobody has to.
    pub(super) review: Option<Review>,
    pub(super) email: String,
    pub(super) shipping_address: Address,
    pub(super) items: Vec<ItemView>,
    pub(super) created_at: DateTime<Utc>,
}

/// A line of the order.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct ItemView {
    pub(super) id: OrderItemId,
    pub(super) product_id: Uuid,
    pub(super) variant_id: Uuid,
    pub(super) sku: String,
    pub(super) title: String,
    pub(super) quantity: i32,
    pub(super) unit_price_minor: i64,
    pub(super) total_minor: i64,
    pub(super) discount_minor: i64,
    pub(super) tax_minor: i64,
    /// Tax that the price contains.
    pub(super) tax_included_minor: i64,
}

/// The payment, with what a browser needs to confirm it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct PaymentView {
    pub(super) id: PaymentId,
    /// `stripe` or `cod`.
    pub(super) provider: String,
    pub(super) status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) client_secret: Option<String>,
}

impl From<(&NewOrder, &str, DateTime<Utc>)> for OrderView {
    fn from((order, token, created_at): (&NewOrder, &str, DateTime<Utc>)) -> Self {
        Self {
            id: order.id,
            number: order.number,
            token: token.to_owned(),
            status: order.stage().map(orders::Stage::name).unwrap_or("pending").to_owned(),
            currency: order.currency.to_owned(),
            subtotal_minor: order.subtotal_minor,
            discount_minor: order.discount_minor,
            shipping_minor: order.shipping_minor,
            tax_minor: order.tax_minor,
            tax_included_minor: order.tax_included_minor,
            total_minor: order.total_minor,
            promo_code: order.promo_code.clone(),
            shipping_method: order.shipping_method.clone(),
            review: (!order.review_reasons.is_empty()).then_some(Review::Pending),
            email: order.email.clone(),
            shipping_address: order.shipping_address.clone(),
            items: order
                .items
                .iter()
                .map(|item| ItemView {
                    id: item.id,
                    product_id: item.product_id,
                    variant_id: item.variant_id,
                    sku: item.sku.clone(),
                    title: item.title.clone(),
                    quantity: item.quantity,
                    unit_price_minor: item.unit_price_minor,
                    total_minor: item.total_minor,
                    discount_minor: item.discount_minor,
                    tax_minor: item.tax_minor,
                    tax_included_minor: item.tax_included_minor,
                })
                .collect(),
            created_at,
        }
    }
}

impl OrderView {
    fn of(order: Order, token: String) -> Self {
        Self {
            id: order.id,
            number: order.number,
            token,
            status: order.status,
            currency: order.currency,
            subtotal_minor: order.subtotal_minor,
            discount_minor: order.discount_minor,
            shipping_minor: order.shipping_minor,
            tax_minor: order.tax_minor,
            tax_included_minor: order.tax_included_minor,
            total_minor: order.total_minor,
            promo_code: order.promo_code,
            shipping_method: order.shipping_method,
            review: order.review,
            email: order.email,
            shipping_address: order.shipping_address,
            items: order.items.into_iter().map(ItemView::from).collect(),
            created_at: order.created_at,
        }
    }
}

impl From<OrderItem> for ItemView {
    fn from(item: OrderItem) -> Self {
        Self {
            id: item.id,
            product_id: item.product_id,
            variant_id: item.variant_id,
            sku: item.sku,
            title: item.title,
            quantity: item.quantity,
            unit_price_minor: item.unit_price_minor,
            total_minor: item.total_minor,
            discount_minor: item.discount_minor,
            tax_minor: item.tax_minor,
            tax_included_minor: item.tax_included_minor,
        }
    }
}

/// A purchase as it stands.
pub(super) async fn read(tx: &mut TenantTx, shop: &Shop, id: CheckoutId) -> Result<Purchase, CheckoutError> {
    let checkout = db::read(tx, id).await?.ok_or(CheckoutError::NotFound)?;
    let order = orders::order(tx, checkout.order).await?;
    let payment = payments::of_order(tx, checkout.order).await?.ok_or(CheckoutError::NotFound)?;
    Ok(Purchase {
        order: OrderView::of(order, orders::token(shop, checkout.order)),
        checkout: CheckoutView {
            id,
            status: checkout.status.name(),
            phase: checkout.phase,
            expires_at: checkout.expires_at,
        },
        payment: PaymentView {
            id: payment.id,
            provider: payment.provider,
            status: payment.status,
            client_secret: payment.client_secret,
        },
    })
}
