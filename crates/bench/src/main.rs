//! Measures a running Souk over HTTP and prints figures.

mod cart;
mod database;
mod dev;
mod disk;
mod figures;
mod fleet;
mod floor;
mod journey;
mod load;
mod platform;
mod prepare;
mod rows;
mod sale;
mod signup;
mod stores;
mod verify;
mod watch;
mod wire;

use clap::{Parser, Subcommand};

/// Measures a running Souk. Start one with `./run` or `souk serve --work`, best in a release build.
#[derive(Debug, Parser)]
#[command(name = "bench", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// How long a sign-up takes, with and without the hashing of its password.
    Signup(signup::Options),
    /// How long all stores take to be brought up to date, and whether shoppers notice.
    Fleet(fleet::Options),
    /// How much memory the server takes with many stores in use.
    Stores(stores::Options),
    /// Orders per second and how long shoppers wait, beside what PostgreSQL alone can do.
    Sale(sale::Options),
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Signup(options) => signup::run(options).await,
        Command::Fleet(options) => fleet::run(options).await,
        Command::Stores(options) => stores::run(options).await,
        Command::Sale(options) => sale::run(options).await,
    }
}
