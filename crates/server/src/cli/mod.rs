//! The command line.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Parser, Subcommand};
use commerce::checkout;
use kernel::clock::Clock;
use kernel::idempotency::IdempotencyKey;
use kernel::origin::Origin;
use kernel::problem::Problem;
use landlord::accounts;
use landlord::tenants::{self, SignUp};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::config::{Config, Environment};
use crate::dev::{self, Start, Started};
use crate::faces::Face;
use crate::run::Souk;
use crate::{demo, telemetry};

/// Souk: a commerce platform for many merchants.
#[derive(Debug, Parser)]
#[command(name = "souk", version, about, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Answer requests.
    Serve {
        /// Do the worker's work in this process too.
        #[arg(long)]
        work: bool,
    },
    /// Do what nobody waits for: jobs, events, half-made stores, schemas to spare.
    Work,
    /// Run everything on this machine, with a demo store and nothing to set up.
    Dev(dev::Options),
    /// Bring the schemas of the platform and of all stores up to date.
    Migrate,
    /// Stores.
    #[command(subcommand)]
    Tenant(TenantCommand),
    /// Checkouts.
    #[command(subcommand)]
    Checkout(CheckoutCommand),
    /// Platform admins.
    #[command(subcommand)]
    Admin(AdminCommand),
    /// Print the OpenAPI description of one face of the API.
    Openapi {
        /// platform, shop or staff.
        face: String,
    },
    /// Run a command with a private PostgreSQL and Redis; without one, print their addresses and wait.
    #[command(hide = true)]
    TestServices {
        /// Where their data lies while they run.
        #[arg(long, default_value = "target/test-services")]
        directory: PathBuf,
        /// The command and its arguments.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<String>,
    },
}

#[derive(Debug, Subcommand)]
enum TenantCommand {
    /// List all stores, one a line.
    List,
    /// Open a store and its owner's account.
    Create(CreateTenant),
    /// Close a store to everybody until it is resumed; payments in flight still settle.
    Suspend(NameAndReason),
    /// Open a suspended store again.
    Resume(NameAndReason),
}

#[derive(Debug, Args)]
struct CreateTenant {
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
struct NameAndReason {
    /// Its name in addresses.
    slug: String,
    /// Written into the audit log.
    #[arg(long)]
    reason: String,
}

#[derive(Debug, Subcommand)]
enum CheckoutCommand {
    /// End the checkouts whose time is over, in all stores, now.
    Cleanup,
}

#[derive(Debug, Subcommand)]
enum AdminCommand {
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

impl Cli {
    /// Does what was asked.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        match self.command {
            Command::Openapi { face } => {
                let face = Face::ALL.into_iter().find(|known| known.name() == face);
                let face = face.context("the faces are platform, shop and staff")?;
                println!("{}", face.describe().to_pretty_json()?);
                Ok(())
            }
            Command::TestServices { directory, command } => {
                return dev::services::test_services(&directory, command).await;
            }
            Command::Dev(options) => dev::run(options, develop).await,
            Command::Serve { work } => serve(work).await,
            Command::Work => work_until_stopped().await,
            Command::Migrate => {
                let souk = souk()?;
                souk.migrate().await?;
                souk.migrate_stores().await
            }
            Command::Tenant(command) => tenant(command).await,
            Command::Checkout(CheckoutCommand::Cleanup) => clean_up().await,
            Command::Admin(AdminCommand::Create { email, password }) => {
                let souk = souk()?;
                let id = accounts::ensure_admin(&souk.landlord, &Origin::system(), &email, &password)
                    .await
                    .map_err(|error| refused(error.into()))?;
                println!("{id} is a platform admin");
                Ok(())
            }
        }
        .map(|()| ExitCode::SUCCESS)
    }
}

fn souk() -> anyhow::Result<Souk> {
    let config = Config::from_environment(&Environment::of_process())?;
    telemetry::start(&config.log)?;
    Souk::new(config, Clock::System)
}

async fn serve(work: bool) -> anyhow::Result<()> {
    let souk = souk()?;
    souk.migrate().await.context("the database could not be brought up to date")?;
    let listener = TcpListener::bind(souk.config.server.listen)
        .await
        .with_context(|| format!("cannot listen on {}", souk.config.server.listen))?;
    tracing::info!(address = %listener.local_addr()?, "serving");
    let stop = stop_on_signal()?;
    let worker = work.then(|| tokio::spawn(souk.worker().run(stop.clone())));
    souk.serve(listener, stop).await?;
    if let Some(worker) = worker {
        worker.await?;
    }
    souk.pools.close().await;
    Ok(())
}

async fn work_until_stopped() -> anyhow::Result<()> {
    let souk = souk()?;
    tracing::info!("working");
    souk.work(stop_on_signal()?).await?;
    souk.pools.close().await;
    Ok(())
}

/// The platform of `souk dev`.
async fn develop(start: Start) -> anyhow::Result<Started> {
    telemetry::start(&start.config.log)?;
    let souk = Souk::new(start.config, Clock::System)?;
    souk.migrate().await?;
    souk.migrate_stores().await?;
    demo::seed(&souk, &start.logins).await?;
    let stripe_webhook_url = Some(format!("{}/webhooks/stripe/payments", souk.config.platform_url()));
    let (listener, stop) = (start.listener, start.shutdown);
    let running = tokio::spawn(async move {
        let worker = tokio::spawn(souk.worker().run(stop.clone()));
        let served = souk.serve(listener, stop).await;
        worker.await?;
        souk.pools.close().await;
        served
    });
    Ok(Started { stripe_webhook_url, admin_totp_secret: None, running })
}

fn stop_on_signal() -> anyhow::Result<CancellationToken> {
    use tokio::signal::unix::{SignalKind, signal};
    let stop = CancellationToken::new();
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let told = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        told.cancel();
    });
    Ok(stop)
}

async fn tenant(command: TenantCommand) -> anyhow::Result<()> {
    let souk = souk()?;
    match command {
        TenantCommand::List => list(&souk).await,
        TenantCommand::Create(create) => {
            let key = IdempotencyKey(format!("souk tenant create {}", create.slug).replace(' ', "-"));
            let request = SignUp {
                email: create.email,
                password: create.password,
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
        TenantCommand::Suspend(named) => change_state(&souk, &named, true).await,
        TenantCommand::Resume(named) => change_state(&souk, &named, false).await,
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

fn refused(problem: Problem) -> anyhow::Error {
    match &problem.cause {
        Some(cause) => anyhow::anyhow!("{}: {cause}", problem.detail),
        None => anyhow::anyhow!(problem.detail),
    }
}
