//! `souk dev`: the whole platform on one machine, with nothing to set up.
//!
//! ```text
//! lock the folder ─ PostgreSQL ─ Stripe sandbox ─ settings ─ the platform ─ dev.json ─ wait for a signal
//!                   unless DATABASE_URL   unless STRIPE_SECRET_KEY         stops in the opposite order
//! ```

pub mod postgres;
mod programs;
mod ready;
pub mod redis;
mod secrets;
pub mod services;
mod state;
mod summary;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use anyhow::{Context, bail};
use stripe_sandbox::{Sandbox, SandboxSettings};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::config::{Config, Environment};
use postgres::{Cluster, Durability};
pub use state::Logins;
use state::State;

/// What can be chosen on the command line.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// The folder whose `.souk/` holds the data.
    #[arg(long, default_value = ".")]
    pub folder: PathBuf,
    /// The port to listen on; by default the last one, or 8080, or a free one.
    #[arg(long)]
    pub port: Option<u16>,
}

/// What the platform is started with.
#[derive(Debug)]
pub struct Start {
    pub config: Config,
    pub listener: TcpListener,
    /// The demo store and the platform admin to make, unless they exist.
    pub logins: Logins,
    /// The platform drains and ends when this is cancelled.
    pub shutdown: CancellationToken,
}

/// A platform that is migrated, seeded, serving and working.
#[derive(Debug)]
pub struct Started {
    /// Where the sandbox sends its events.
    pub stripe_webhook_url: Option<String>,
    /// Where it sends those about the platform's own billing.
    pub stripe_billing_webhook_url: Option<String>,
    pub admin_totp_secret: Option<String>,
    /// Ends after `shutdown`, or before it with the reason.
    pub running: JoinHandle<anyhow::Result<()>>,
}

/// Brings everything up with `start`, until a signal comes.
pub async fn run(options: Options, start: impl AsyncFnOnce(Start) -> anyhow::Result<Started>) -> anyhow::Result<()> {
    let mut environment = Environment::of_process();
    if environment.get("SOUK_ENV") == Some("production") {
        bail!("`souk dev` makes a demo store with known logins: run `souk serve` where SOUK_ENV is production");
    }
    let mut signals = Signals::new()?;
    let mut state = State::open(&options.folder)?;
    let database = match environment.get("DATABASE_URL").or(environment.get("SOUK__DATABASE__URL")) {
        Some(_) => None,
        None => Some(private_database(&state, &mut environment).await?),
    };
    let ran = with_database(&options, &mut state, environment, database.as_ref(), &mut signals, start).await;
    let Some(cluster) = database else { return ran };
    say("stopping PostgreSQL");
    ran.and(cluster.stop())
}

async fn with_database(
    options: &Options,
    state: &mut State,
    mut environment: Environment,
    database: Option<&Cluster>,
    signals: &mut Signals,
    start: impl AsyncFnOnce(Start) -> anyhow::Result<Started>,
) -> anyhow::Result<()> {
    let sandbox = match environment.get("STRIPE_SECRET_KEY").or(environment.get("SOUK__STRIPE__SECRET_KEY")) {
        Some(_) => None,
        None => Some(private_stripe(state, &mut environment).await?),
    };
    let listener = listen(options, state, &environment).await?;
    let address = listener.local_addr()?;
    environment.set("SOUK__SERVER__LISTEN", address.to_string());
    environment.set_default("SOUK__SERVER__PUBLIC_PORT", address.port().to_string());
    environment.set_default("SOUK__MAIL__DIRECTORY", state.mail_directory()?.display().to_string());
    environment.set_default("SOUK__AUTH__SECRET", state.secrets.auth.clone());
    let config = Config::from_environment(&environment)?;

    say("starting the platform");
    let shutdown = CancellationToken::new();
    let starting = start(Start {
        config: config.clone(),
        listener,
        logins: state.secrets.logins.clone(),
        shutdown: shutdown.clone(),
    });
    let mut started = tokio::select! {
        started = starting => started?,
        () = signals.next() => return Ok(()),
    };
    if let Some(sandbox) = &sandbox {
        sandbox.set_webhook_url(started.stripe_webhook_url.clone());
        let billing = started.stripe_billing_webhook_url.clone();
        sandbox.set_billing_webhook(billing.map(|url| (url, state.secrets.stripe_webhook_secret.clone())));
    }
    tokio::select! {
        ready = ready::wait(address, &config.server.platform_host) => ready?,
        ended = &mut started.running => return ended?.and(Err(anyhow::anyhow!("the platform ended at once"))),
        () = signals.next() => {}
    }
    state.announce(address, &config.platform_url())?;
    let url = sandbox.as_ref().map(Sandbox::url);
    summary::Summary::new(state, &config, url, started.admin_totp_secret.take()).publish(state, database)?;

    let ended = tokio::select! {
        () = signals.next() => None,
        ended = &mut started.running => Some(ended),
    };
    let ended = match ended {
        Some(ended) => ended?.and(Err(anyhow::anyhow!("the platform ended by itself"))),
        None => {
            say("stopping: requests in flight are finished (Ctrl-C again to cut them off)");
            shutdown.cancel();
            tokio::select! {
                ended = &mut started.running => ended?,
                () = signals.next() => {
                    started.running.abort();
                    Ok(())
                }
            }
        }
    };
    if let Some(sandbox) = sandbox {
        sandbox.shutdown().await;
    }
    ended
}

async fn private_database(state: &State, environment: &mut Environment) -> anyhow::Result<Cluster> {
    say("starting PostgreSQL (the first time takes a few seconds)");
    let cluster = Cluster::start(state.directory(), Durability::Full).await?;
    environment.set("DATABASE_URL", cluster.app_url());
    environment.set("DATABASE_ADMIN_URL", cluster.admin_url());
    Ok(cluster)
}

async fn private_stripe(state: &mut State, environment: &mut Environment) -> anyhow::Result<Sandbox> {
    say("starting the Stripe sandbox");
    let settings = SandboxSettings {
        listen: local(0),
        ledger: state.directory().join("stripe-ledger.jsonl"),
        secret_key: state.secrets.stripe_secret_key.clone(),
        publishable_key: state.secrets.stripe_publishable_key.clone(),
        webhook_url: None,
        webhook_secret: state.secrets.stripe_webhook_secret.clone(),
    };
    let wanted = state.ports.stripe.filter(|port| postgres::is_free(*port)).unwrap_or(0);
    let sandbox = Sandbox::start(SandboxSettings { listen: local(wanted), ..settings }).await?;
    state.ports.stripe = Some(sandbox.address().port());
    environment.set("STRIPE_SECRET_KEY", state.secrets.stripe_secret_key.clone());
    environment.set("STRIPE_PUBLISHABLE_KEY", state.secrets.stripe_publishable_key.clone());
    environment.set("STRIPE_WEBHOOK_SECRET", state.secrets.stripe_webhook_secret.clone());
    environment.set_default("SOUK__STRIPE__API_BASE", sandbox.url().to_owned());
    Ok(sandbox)
}

/// A port that was asked for must be free; otherwise the last one, the usual one, or any.
async fn listen(options: &Options, state: &mut State, environment: &Environment) -> anyhow::Result<TcpListener> {
    if let Some(port) = options.port {
        return TcpListener::bind(local(port)).await.with_context(|| format!("cannot listen on port {port}"));
    }
    if let Some(address) = environment.get("SOUK__SERVER__LISTEN") {
        return TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"));
    }
    let candidates = state.ports.http.into_iter().chain(8080..8100).chain([0]);
    for port in candidates {
        if let Ok(listener) = TcpListener::bind(local(port)).await {
            state.ports.http = Some(listener.local_addr()?.port());
            return Ok(listener);
        }
    }
    bail!("there is no free port to listen on")
}

fn local(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

fn say(what: &str) {
    println!("souk: {what}");
}

/// What asks us to end.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
}

impl Signals {
    fn new() -> anyhow::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hang_up.recv() => {}
        }
    }
}
