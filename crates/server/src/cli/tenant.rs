//! `souk tenant`: list, open, suspend and resume stores.

use std::io::IsTerminal;

use anyhow::Context;
use clap::{Args, Subcommand};
use commerce::settings;
use kernel::idempotency::IdempotencyKey;
use kernel::origin::Origin;
use landlord::tenants::{self, SignUp};

use super::{refused, relocate, souk};
use crate::run::Souk;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List all stores, one a line.
    List,
    /// Open a store and its owner's account.
    Create(Create),
    /// Close a store to everybody until it is resumed; payments in flight still settle.
    Suspend(NameAndReason),
    /// Open a suspended store again.
    Resume(NameAndReason),
    /// Move a store to another cluster while it sells.
    Move(relocate::Options),
    /// Send the money of a store's card payments to an account of its own at Stripe.
    Connect(Connect),
}

#[derive(Debug, Args)]
pub(super) struct Create {
    /// Its name in addresses.
    #[arg(long)]
    slug: String,
    /// Its name for people.
    #[arg(long)]
    name: String,
    /// The owner's address.
    #[arg(long)]
    email: String,
    /// The owner's password; better in the environment than on the command line.
    #[arg(long, env = "SOUK_PASSWORD", hide_env_values = true)]
    password: String,
    /// Code of a plan.
    #[arg(long)]
    plan: Option<String>,
    /// What its prices are in.
    #[arg(long)]
    currency: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct Connect {
    /// Its name in addresses.
    slug: String,
    /// `acct_…`; left out, the money goes to the platform's account again.
    account: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct NameAndReason {
    /// Its name in addresses.
    slug: String,
    /// Written into the audit log.
    #[arg(long)]
    reason: String,
}

/// Does one of them.
pub(super) async fn run(command: Command) -> anyhow::Result<()> {
    let souk = souk()?;
    match command {
        Command::List => list(&souk).await,
        Command::Create(create) => {
            let key = IdempotencyKey(format!("souk tenant create {}", create.slug).replace(' ', "-"));
            let request = SignUp {
                email: create.email,
                password: create.password,
                code: None,
                store_name: create.name,
                slug: create.slug.clone(),
                plan: create.plan,
                currency: create.currency,
            };
            let answer = tenants::sign_up(&souk.landlord, &Origin::system(), &key, &request)
                .await
                .map_err(|error| refused(error.into()))?;
            anyhow::ensure!(answer.status == 201, "{}", answer.body);
            println!("{}", souk.landlord.settings.store_url(&create.slug));
            Ok(())
        }
        Command::Suspend(named) => change_state(&souk, &named, true).await,
        Command::Resume(named) => change_state(&souk, &named, false).await,
        Command::Move(options) => relocate::run(&souk, &options).await,
        Command::Connect(wanted) => connect(&souk, &wanted).await,
    }
}

async fn list(souk: &Souk) -> anyhow::Result<()> {
    if std::io::stdout().is_terminal() {
        println!("{:36}  {:20}  {:12}  {:10}  NAME", "ID", "SLUG", "STATE", "PLAN");
    }
    let mut after = None;
    loop {
        let mut tx = souk.landlord.db.begin().await?;
        let rows = tenants::list(&mut tx, after, 100).await?;
        tx.commit().await?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = Some(last.id);
        for row in rows {
            println!("{:36}  {:20}  {:12}  {:10}  {}", row.id, row.slug, row.state.name(), row.plan, row.name);
        }
    }
}

async fn connect(souk: &Souk, wanted: &Connect) -> anyhow::Result<()> {
    if let Some(account) = &wanted.account {
        let rest = account.strip_prefix("acct_").unwrap_or_default();
        let plain = !rest.is_empty() && rest.len() <= 250 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric());
        anyhow::ensure!(plain, "`{account}` is not an account's id: it begins with acct_");
    }
    let mut tx = souk.landlord.db.begin().await?;
    let found = tenants::by_slug(&mut tx, &wanted.slug).await?;
    tx.commit().await?;
    let tenant = found.with_context(|| format!("there is no store named {}", wanted.slug))?;
    let store = souk.stores.of(tenant.id).await?.with_context(|| format!("{} is still being made", wanted.slug))?;
    let shop = souk.stores.open(&store, Origin::system());
    settings::connect(&shop, wanted.account.as_deref()).await?;
    println!("{} is paid through {}", wanted.slug, wanted.account.as_deref().unwrap_or("the platform's account"));
    Ok(())
}

async fn change_state(souk: &Souk, named: &NameAndReason, suspend: bool) -> anyhow::Result<()> {
    let origin = Origin::system();
    let mut tx = souk.landlord.db.begin().await?;
    let found = tenants::by_slug(&mut tx, &named.slug).await?;
    let tenant = found.with_context(|| format!("there is no store named {}", named.slug))?;
    let changed = if suspend {
        tenants::suspend(&mut tx, &origin, tenant.id, &named.reason).await
    } else {
        tenants::resume(&mut tx, &origin, tenant.id, &named.reason).await
    };
    changed.map_err(|error| refused(error.into()))?;
    tx.commit().await?;
    println!("{} is {}", named.slug, if suspend { "suspended" } else { "active" });
    Ok(())
}
