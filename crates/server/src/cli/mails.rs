//! `souk mails`: look at the platform's mails that wait or were given up, and send them again.

use clap::Subcommand;
use kernel::origin::Origin;
use landlord::mails::{self, MailId, MailState};

use super::{refused, souk};

/// Mails read at once.
const PAGE: i64 = 500;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List what waits, one mail a line.
    List {
        /// What was given up instead.
        #[arg(long)]
        dead: bool,
    },
    /// Send again what was given up.
    Replay {
        /// Its id; `souk mails list --dead` shows it.
        #[arg(required_unless_present = "all")]
        id: Option<uuid::Uuid>,
        /// All of it.
        #[arg(long, conflicts_with = "id")]
        all: bool,
    },
}

/// Does one of them.
pub(super) async fn run(command: Command) -> anyhow::Result<()> {
    let souk = souk()?;
    let mut tx = souk.landlord.db.begin().await?;
    match command {
        Command::List { dead } => {
            let state = if dead { MailState::Dead } else { MailState::Waiting };
            let mut after = None;
            loop {
                let rows = mails::list(&mut tx, state, after, PAGE).await?;
                let Some(last) = rows.last() else { break };
                after = Some(last.id);
                for row in &rows {
                    let error = row.last_error.as_deref().unwrap_or_default();
                    println!("{}  {:30}  {:30}  {:2}  {error}", row.id, row.kind, row.recipient, row.attempts);
                }
            }
        }
        Command::Replay { id: Some(id), all: _ } => {
            let replayed = mails::replay(&mut tx, &Origin::system(), MailId(id)).await;
            replayed.map_err(|error| refused(error.into()))?;
            println!("{id} is due now");
        }
        Command::Replay { id: None, all: _ } => {
            let count = mails::replay_all(&mut tx, &Origin::system()).await;
            println!("{} mails are due now", count.map_err(|error| refused(error.into()))?);
        }
    }
    tx.commit().await?;
    Ok(())
}
