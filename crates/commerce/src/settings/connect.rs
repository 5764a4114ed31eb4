//! Say where the money of card payments goes.

use kernel::db::retrying;
use serde_json::json;

use super::db;
use crate::activity::{self, Act};
use crate::shop::Shop;

/// Sends the money of card payments from now on to a connected account of the provider's; `None`: to the platform's.
pub async fn connect(shop: &Shop, account: Option<&str>) -> sqlx::Result<()> {
    retrying(|| async {
        let mut tx = shop.db.begin().await?;
        db::lock(&mut tx).await?;
        let before = db::read(&mut tx).await?.stripe_account;
        db::set_stripe_account(&mut tx, account).await?;
        let act = Act {
            action: "settings.connected",
            entity_type: "settings",
            entity_id: shop.id.0,
            before: Some(json!({ "stripe_account": before })),
            after: Some(json!({ "stripe_account": account })),
        };
        activity::note(&mut tx, shop, &act).await?;
        tx.commit().await
    })
    .await
}
