//! `souk plan`: plans, as the payment provider knows them.

use clap::Subcommand;
use landlord::plans;

use super::souk;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make every plan on offer and its prices known to Stripe, and take those no longer on offer off sale. May be done
    /// again at any time.
    Sync,
}

pub(super) async fn run(command: Command) -> anyhow::Result<()> {
    let souk = souk()?;
    match command {
        Command::Sync => {
            let done = plans::sync(&souk.landlord).await?;
            println!(
                "{} plans, {} prices on offer, {} of what is counted; {} withdrawn",
                done.plans, done.prices, done.metered, done.withdrawn
            );
            Ok(())
        }
    }
}
