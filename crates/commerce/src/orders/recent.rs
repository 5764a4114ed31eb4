//! What customers ordered of late.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use kernel::db::TenantTx;
use uuid::Uuid;

use super::{Address, OrderError, db};

/// One of a customer's newest orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recent {
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Does it still wait, for money or for a person's word?
    pub unsure: bool,
    /// What was bought and where it goes, as [`sameness`] says it, unless the order is too old for that to matter, or
    /// came to nothing.
    pub same: Option<String>,
}

/// Two orders for which this is the same are for the same goods to the same address.
pub fn sameness(goods: impl IntoIterator<Item = (Uuid, i32)>, address: &Address) -> String {
    let mut goods: Vec<String> = goods.into_iter().map(|(variant, quantity)| format!("{variant}:{quantity}")).collect();
    goods.sort_unstable();
    joined(&goods.join(","), address)
}

pub(super) fn joined(goods: &str, address: &Address) -> String {
    let line2 = address.line2.as_deref().unwrap_or_default();
    let postal_code = address.postal_code.as_deref().unwrap_or_default();
    let place = [&*address.recipient_name, &*address.line1, line2, &*address.city, postal_code, &*address.country];
    format!("{goods}|{}", place.join("|").to_lowercase())
}

/// The newest orders of each of these customers (e-mail addresses in lower case), at most so many; what was in those
/// of the last minutes. One statement, however many customers.
pub async fn recent(
    tx: &mut TenantTx,
    emails: &[String],
    orders: i64,
    minutes: i32,
) -> Result<HashMap<String, Vec<Recent>>, OrderError> {
    let mut found: HashMap<String, Vec<Recent>> = HashMap::new();
    for (email, recent) in db::recent(tx, emails, orders, minutes).await? {
        found.entry(email).or_default().push(recent);
    }
    Ok(found)
}
