//! `souk billing`: what the payment provider told about stores' subscriptions, and how those stand.

use anyhow::Context;
use clap::{Args, Subcommand};
use kernel::id::TenantId;
use kernel::origin::Origin;
use landlord::stripe_events::{self, EventState};
use landlord::{billing, dunning, tenants};

use super::souk;
use crate::run::Souk;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// The provider's messages.
    #[command(subcommand)]
    Events(Events),
    /// Compare a store's subscription and invoices with the provider's, and repair what differs.
    Reconcile {
        /// The store's name in addresses.
        tenant: String,
    },
    /// What happens to a store that does not pay, day by day.
    Ladder {
        /// The store's name in addresses.
        tenant: String,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum Events {
    /// List messages, the newest first, one a line.
    List(List),
    /// Process a message again that was put aside.
    Replay {
        /// The provider's id: `evt_...`.
        event_id: String,
    },
}

#[derive(Debug, Args)]
pub(super) struct List {
    /// Only those that were put aside.
    #[arg(long, conflicts_with = "open")]
    dead: bool,
    /// Only those that are still to be processed.
    #[arg(long)]
    open: bool,
    /// Only those about the store with this name in addresses.
    #[arg(long)]
    tenant: Option<String>,
    /// At most so many.
    #[arg(long, default_value_t = 100)]
    limit: i64,
    /// One JSON object a line, for scripts.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(command: Command) -> anyhow::Result<()> {
    let souk = souk()?;
    match command {
        Command::Events(Events::List(list)) => self::list(&souk, &list).await,
        Command::Events(Events::Replay { event_id }) => {
            let outcome = billing::replay(&souk.landlord, &event_id).await?;
            let outcome = outcome.with_context(|| format!("there is no message {event_id}"))?;
            println!("{event_id} is {outcome}");
            anyhow::ensure!(outcome == "processed", "it failed again; `souk billing events list` says why");
            Ok(())
        }
        Command::Reconcile { tenant } => {
            let id = named(&souk, &tenant).await?;
            let changed = billing::reconcile(&souk.landlord, &Origin::system(), id).await?;
            println!("{}", if changed { "it differed and is repaired" } else { "nothing differs" });
            Ok(())
        }
        Command::Ladder { tenant } => ladder(&souk, &tenant).await,
    }
}

async fn named(souk: &Souk, slug: &str) -> anyhow::Result<TenantId> {
    let mut tx = souk.landlord.db.begin().await?;
    let tenant = tenants::by_slug(&mut tx, slug).await?;
    tx.commit().await?;
    let tenant = tenant.with_context(|| format!("there is no store named {slug}; `souk tenant list` shows them"))?;
    Ok(tenant.id)
}

async fn list(souk: &Souk, list: &List) -> anyhow::Result<()> {
    let tenant = match &list.tenant {
        Some(slug) => Some(named(souk, slug).await?),
        None => None,
    };
    let state = if list.dead { Some(EventState::Dead) } else { list.open.then_some(EventState::Open) };
    let mut tx = souk.landlord.db.begin().await?;
    let rows = stripe_events::list(&mut tx, state, tenant, None, list.limit.clamp(1, 10_000)).await?;
    tx.commit().await?;
    for row in rows {
        if list.json {
            println!("{}", serde_json::to_string(&row)?);
            continue;
        }
        println!(
            "{:>8}  {:9}  {:36}  {:32}  {:>3}  {}",
            row.id,
            row.outcome.as_deref().unwrap_or(&row.state),
            row.kind,
            row.event_id,
            row.attempts,
            row.last_error.as_deref().unwrap_or("")
        );
    }
    Ok(())
}

async fn ladder(souk: &Souk, slug: &str) -> anyhow::Result<()> {
    let tenant = named(souk, slug).await?;
    let mut tx = souk.landlord.db.begin().await?;
    let plan = dunning::plan_of(&mut tx, tenant, souk.landlord.clock.now()).await?;
    let stage = dunning::stage_of(&mut tx, tenant).await?;
    tx.commit().await?;
    let (ladder, since, steps) = plan.context("there is no ladder")?;
    match stage {
        Some(stage) => println!("{}: behind since {since}, {}", ladder.name, serde_json::to_string(&stage)?),
        None => println!("{}: not behind; if a payment failed now:", ladder.name),
    }
    for step in steps {
        let taken = step.taken_at.map(|at| format!("taken {at}")).unwrap_or_default();
        println!("day {:>3}  {}  {}  {taken}", step.day, step.at, serde_json::to_string(&step.action)?);
    }
    Ok(())
}
