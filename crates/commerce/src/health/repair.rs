//! Mend what a machine can mend without inventing anything: each act is one that the product does anyway, done now.

use kernel::problem::Problem;
use serde_json::json;
use uuid::Uuid;

use super::ask::found;
use super::{Promise, Repair, db};
use crate::activity::{self, Act};
use crate::checkout::{self, CheckoutError, CheckoutId, Ending};
use crate::events;
use crate::orders::{self, OrderId};
use crate::payments::{self, PaymentError, PaymentId};
use crate::refunds::{self, RefundId};
use crate::shop::Shop;

/// Most that is mended of one finding in one go.
const MOST: usize = 1000;

/// What came of mending one thing.
#[derive(Debug)]
pub struct Mended {
    /// What broke the promise.
    pub subject: String,
    /// Why it could not be mended, if it could not.
    pub refused: Option<String>,
}

/// Mends what breaks a promise, one thing after the other: each in transactions of its own, with a row in the activity
/// log, and each may be repeated. Whether the promise is kept now must be asked again.
pub async fn repair(shop: &Shop, promise: &'static Promise) -> sqlx::Result<Vec<Mended>> {
    let Some(repair) = promise.repair else { return Ok(Vec::new()) };
    let subjects = found(&shop.db, promise, MOST).await?;
    // One act mends all of them.
    let together = match repair {
        Repair::TellAgain => Some(tell_again(shop).await),
        Repair::ReadMessages => Some(checkout::process_open_events(shop).await.map(drop)),
        Repair::AskProvider
        | Repair::EndCheckout
        | Repair::RecountRefunds
        | Repair::RecountPayment
        | Repair::Restock => None,
    };
    let mut mended = Vec::with_capacity(subjects.len());
    if let Some(done) = together {
        let refused = done.err().map(explain);
        note(shop, promise, "store", shop.id.0, refused.as_deref()).await?;
        mended.extend(subjects.into_iter().map(|subject| Mended { subject, refused: refused.clone() }));
        return Ok(mended);
    }
    for subject in subjects {
        let refused = match subject.parse::<Uuid>() {
            Ok(id) => {
                let refused = one(shop, repair, id).await.err().map(explain);
                note(shop, promise, entity(repair), id, refused.as_deref()).await?;
                refused
            }
            Err(_) => Some("this is not an id".to_owned()),
        };
        mended.push(Mended { subject, refused });
    }
    Ok(mended)
}

async fn one(shop: &Shop, repair: Repair, id: Uuid) -> Result<(), CheckoutError> {
    match repair {
        Repair::AskProvider => checkout::settle_undecided(shop, PaymentId(id), 1).await.map(drop),
        Repair::EndCheckout => checkout::end(shop, CheckoutId(id), Ending::Expired).await,
        Repair::RecountRefunds => {
            let mut tx = shop.db.begin().await?;
            let mut order = orders::lock(&mut tx, OrderId(id)).await?;
            let back = db::refunded_of_order(&mut tx, order.id).await?;
            let told = orders::correct_refunded(&mut tx, &mut order, back).await?;
            events::tell(&mut tx, shop, &told).await?;
            tx.commit().await?;
            Ok(())
        }
        Repair::RecountPayment => {
            let mut tx = shop.db.begin().await?;
            let mut payment = payments::lock(&mut tx, PaymentId(id)).await?.ok_or(PaymentError::NotFound)?;
            let (back, promised) = db::refunded_of_payment(&mut tx, payment.id).await?;
            let told = payments::correct_refunds(&mut tx, &mut payment, back, promised).await?;
            events::tell(&mut tx, shop, &told).await?;
            tx.commit().await?;
            Ok(())
        }
        Repair::Restock => Ok(refunds::restock_late(shop, RefundId(id)).await?),
        Repair::TellAgain | Repair::ReadMessages => Ok(()),
    }
}

async fn tell_again(shop: &Shop) -> Result<(), CheckoutError> {
    let mut tx = shop.db.begin().await?;
    events::tell_again(&mut tx, shop).await?;
    tx.commit().await?;
    Ok(())
}

fn entity(repair: Repair) -> &'static str {
    match repair {
        Repair::AskProvider | Repair::RecountPayment => "payment",
        Repair::EndCheckout => "checkout",
        Repair::RecountRefunds => "order",
        Repair::Restock => "refund",
        Repair::TellAgain | Repair::ReadMessages => "store",
    }
}

async fn note(
    shop: &Shop,
    promise: &Promise,
    entity_type: &'static str,
    entity_id: Uuid,
    refused: Option<&str>,
) -> sqlx::Result<()> {
    let mut tx = shop.db.begin().await?;
    let act = Act {
        action: "health.repair",
        entity_type,
        entity_id,
        before: Some(json!({ "finding": promise.code })),
        after: Some(json!({ "refused": refused })),
    };
    activity::note(&mut tx, shop, &act).await?;
    tx.commit().await
}

fn explain(error: CheckoutError) -> String {
    Problem::from(error).detail
}
