//! Record a change of a product: who did it, what it was, and that cached catalogues are stale.

use kernel::db::TenantTx;
use serde_json::{Value, json};

use super::{Product, ProductId};
use crate::activity::{self, Act};
use crate::events::{self, Event};
use crate::settings;
use crate::shop::Shop;

/// A change that was made.
pub(super) struct Record<'a> {
    pub(super) product_id: ProductId,
    /// For the activity, such as `variant.created`.
    pub(super) action: &'static str,
    /// `product.created`, `product.updated` or `product.deleted`.
    pub(super) event_type: &'static str,
    /// The product's version after it.
    pub(super) version: i64,
    pub(super) before: Option<&'a Product>,
    pub(super) after: Option<&'a Product>,
}

/// Writes activity and event, and makes cached catalogues stale.
pub(super) async fn record(tx: &mut TenantTx, shop: &Shop, record: &Record<'_>) -> sqlx::Result<()> {
    settings::bump_catalog(tx).await?;
    let act = Act {
        action: record.action,
        entity_type: "product",
        entity_id: record.product_id.0,
        before: record.before.map(told),
        after: record.after.map(told),
    };
    activity::note(tx, shop, &act).await?;
    let event = Event {
        aggregate_type: "product",
        aggregate_id: record.product_id.0,
        version: record.version,
        event_type: record.event_type,
        data: record.after.or(record.before).map_or(Value::Null, told),
        origin: None,
    };
    events::tell(tx, shop, &[event]).await
}

/// The product without what is not its own: whether it is in stock.
fn told(product: &Product) -> Value {
    let mut told = json!(product);
    for variant in told["variants"].as_array_mut().into_iter().flatten() {
        if let Some(variant) = variant.as_object_mut() {
            variant.remove("available");
        }
    }
    told
}
