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
    /// Take the second factor of an account away, when device and recovery codes are lost. Its sessions end.
    ResetSecondFactor {
        /// The account's address.
        #[arg(long)]
        email: String,
    },
}

/// Does one of them.
pub(super) async fn run(command: Command) -> anyhow::Result<()> {
    let (souk, origin) = (souk()?, Origin::system());
    match command {
        Command::Create { email, password } => {
            let made = accounts::ensure_admin(&souk.landlord, &origin, &email, &password).await;
            let id = made.map_err(|error| refused(error.into()))?;
            let secret = accounts::factor_by_operator(&souk.landlord, &origin, id).await;
            let secret = secret.map_err(|error| refused(error.into()))?;
            println!("{id} is a platform admin");
            println!("secret for the authenticator: {secret}");
        }
        Command::ResetSecondFactor { email } => {
            let reset = accounts::reset_factor_by_operator(&souk.landlord, &origin, &email).await;
            let id = reset.map_err(|error| refused(error.into()))?;
            println!("{id} has no second factor any more");
        }
    }
    Ok(())
}
