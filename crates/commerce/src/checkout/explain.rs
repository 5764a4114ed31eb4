//! Tell rule by rule how an order's amounts came about, from what its checkout wrote down.

use kernel::money::Currency;
use kernel::problem::Problem;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::CheckoutError;
use crate::orders::{self, OrderId, OrderItemId};
use crate::pricing::Step;
use crate::shop::Shop;

/// How an order's amounts came about. Steps that count add up to `amount_minor`; contained tax is told, and adds
/// nothing.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Explanation {
    pub(super) order_id: OrderId,
    /// Three capital letters.
    pub(super) currency: String,
    /// The lines, each with its share of discount and tax.
    pub(super) items: Vec<ExplainedItem>,
    pub(super) totals: ExplainedTotals,
}

/// How a line's amount came about.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ExplainedItem {
    pub(super) id: OrderItemId,
    pub(super) sku: String,
    pub(super) title: String,
    pub(super) quantity: i32,
    /// price × quantity − its share of the discount + its share of the added tax.
    pub(super) amount_minor: i64,
    pub(super) steps: Vec<ExplainedStep>,
}

/// How the total came about.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ExplainedTotals {
    /// What was to be paid.
    pub(super) amount_minor: i64,
    pub(super) steps: Vec<ExplainedStep>,
}

/// What one rule did.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ExplainedStep {
    #[serde(flatten)]
    pub(super) step: Step,
    /// The same in words.
    pub(super) text: String,
}

/// Explains an order.
pub(super) async fn explain(shop: &Shop, id: OrderId) -> Result<Explanation, Problem> {
    let mut tx = shop.db.begin().await.map_err(Problem::database)?;
    let order = orders::order(&mut tx, id).await?;
    let (totals, lines) = orders::trails(&mut tx, id).await?;
    tx.commit().await.map_err(Problem::database)?;
    let mut items = Vec::with_capacity(order.items.len());
    for (item, trail) in order.items.into_iter().zip(lines) {
        items.push(ExplainedItem {
            amount_minor: item.total_minor - item.discount_minor + item.tax_minor,
            steps: steps(trail, shop.currency)?,
            id: item.id,
            sku: item.sku,
            title: item.title,
            quantity: item.quantity,
        });
    }
    let totals = ExplainedTotals { amount_minor: order.total_minor, steps: steps(totals, shop.currency)? };
    Ok(Explanation { order_id: id, currency: order.currency, items, totals })
}

fn steps(trail: Value, currency: Currency) -> Result<Vec<ExplainedStep>, Problem> {
    let steps: Vec<Step> = serde_json::from_value(trail)
        .map_err(|_| Problem::from(CheckoutError::Inconsistent("a trail that cannot be read")))?;
    Ok(steps.into_iter().map(|step| ExplainedStep { text: step.words(currency), step }).collect())
}
