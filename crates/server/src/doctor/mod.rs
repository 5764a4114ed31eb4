//! `souk doctor`: looks over every store and over the platform itself, and mends what a machine can.
//!
//! A store that cannot be read is a finding like any other, and does not keep the rest from being looked at.

mod finding;
mod platform;
mod stores;

use kernel::id::TenantId;
use landlord::tenants;
use serde::Serialize;

pub use finding::Finding;

use crate::run::Souk;

/// What is to be looked at, and whether to mend it.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// One store; `None`: all of them, and the platform.
    pub only: Option<TenantId>,
    /// Mend what can be mended, then look again.
    pub repair: bool,
}

/// What was found.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// Stores that were looked at.
    pub stores: usize,
    /// What is not as it should be, after whatever was mended.
    pub findings: Vec<Finding>,
    /// What was mended: findings that are gone, or smaller, now.
    pub mended: Vec<Finding>,
}

/// Looks, and mends if wanted. `progress` hears how many stores are done.
///
/// # Errors
/// When the platform's own tables cannot be read: then nothing can be said.
pub async fn examine(souk: &Souk, wanted: Wanted, progress: impl Fn(usize)) -> anyhow::Result<Report> {
    let mut report = Report::default();
    if wanted.only.is_none() {
        platform::examine(souk, wanted.repair, &mut report).await?;
    }
    let mut after = None;
    loop {
        let mut tx = souk.landlord.db.begin().await?;
        let rows = tenants::list(&mut tx, after, 100).await?;
        tx.commit().await?;
        let Some(last) = rows.last() else { return Ok(report) };
        after = Some(last.id);
        let rows = rows.into_iter().filter(|row| wanted.only.is_none_or(|only| only == row.id));
        let ready = rows.filter(|row| row.state.has_schema()).collect();
        stores::examine(souk, ready, wanted.repair, &mut report, &progress).await;
    }
}
