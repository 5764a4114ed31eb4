//! `souk checkout`: look after the checkouts of all stores.

use clap::Subcommand;
use commerce::checkout;
use kernel::origin::Origin;
use landlord::tenants;

use super::{refused, souk};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// End the checkouts whose time is over, in all stores, now.
    Cleanup,
}

/// Does one of them.
pub(super) async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Cleanup => clean_up().await,
    }
}

async fn clean_up() -> anyhow::Result<()> {
    let souk = souk()?;
    let (mut after, mut ended, mut left) = (None, 0, 0);
    loop {
        let mut tx = souk.landlord.db.begin().await?;
        let rows = tenants::list(&mut tx, after, 100).await?;
        tx.commit().await?;
        let Some(last) = rows.last() else { break };
        after = Some(last.id);
        for row in rows.iter().filter(|row| row.state != tenants::TenantState::Provisioning) {
            let Some(store) = souk.stores.of(row.id).await? else { continue };
            let shop = souk.stores.open(&store, Origin::system());
            let counts = checkout::expire_due(&shop, 10_000).await.map_err(|error| refused(error.into()))?;
            ended += counts.0;
            left += counts.1;
        }
    }
    println!("{ended} checkouts ended, {left} to be tried again (their payments are undecided)");
    Ok(())
}
