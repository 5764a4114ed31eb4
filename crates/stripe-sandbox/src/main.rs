//! Runs a sandbox until it is interrupted.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Parser;
use stripe_sandbox::{Sandbox, SandboxSettings};

/// A stateful look-alike of Stripe's payments API, for development and tests.
#[derive(Debug, Parser)]
struct Args {
    /// Where to listen.
    #[arg(long, env = "SANDBOX_LISTEN", default_value = "127.0.0.1:12111")]
    listen: SocketAddr,
    /// The file that keeps everything across restarts.
    #[arg(long, env = "SANDBOX_LEDGER", default_value = "stripe-sandbox.jsonl")]
    ledger: PathBuf,
    /// The secret key clients must use.
    #[arg(long, env = "SANDBOX_SECRET_KEY", default_value = "sk_test_sandbox")]
    secret_key: String,
    /// The publishable key browsers must use.
    #[arg(long, env = "SANDBOX_PUBLISHABLE_KEY", default_value = "pk_test_sandbox")]
    publishable_key: String,
    /// Where every event goes.
    #[arg(long, env = "SANDBOX_WEBHOOK_URL")]
    webhook_url: Option<String>,
    /// Signs the events sent to the webhook address.
    #[arg(long, env = "SANDBOX_WEBHOOK_SECRET", default_value = "whsec_sandbox")]
    webhook_secret: String,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt().with_env_filter(tracing_subscriber::EnvFilter::from_default_env()).init();
    let args = Args::parse();
    let sandbox = Sandbox::start(SandboxSettings {
        listen: args.listen,
        ledger: args.ledger,
        secret_key: args.secret_key,
        publishable_key: args.publishable_key,
        webhook_url: args.webhook_url,
        webhook_secret: args.webhook_secret,
    })
    .await?;
    println!("stripe sandbox on {}", sandbox.url());
    tokio::signal::ctrl_c().await?;
    sandbox.shutdown().await;
    Ok(())
}
