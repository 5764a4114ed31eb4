//! `souk admin`: people who run the platform.

use clap::Subcommand;
use kernel::origin::Origin;
use landlord::accounts;

use super::{refused, souk};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make an account a platform admin; it is created if need be.
    Create {
        /// Its address.
        #[arg(long)]
        email: String,
        /// Its password; better in the environment than on the command line.
        #[arg(long, env = "SOUK_PASSWORD", hide_env_values = true)]
        password: String,
    },
}

/// Does one of them.
pub(super) async fn run(command: Command) -> anyhow::Result<()> {
    let Command::Create { email, password } = command;
    let souk = souk()?;
    let id = accounts::ensure_admin(&souk.landlord, &Origin::system(), &email, &password)
        .await
        .map_err(|error| refused(error.into()))?;
    println!("{id} is a platform admin");
    Ok(())
}
