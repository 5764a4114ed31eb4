//! What a running `souk dev` tells of itself in `.souk/dev.json`.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use serde::Deserialize;

/// Which platform is measured, and where its database is.
#[derive(Debug, Clone, Args)]
pub struct DevOptions {
    /// The `dev.json` of a running `souk dev`.
    #[arg(long, default_value = ".souk/dev.json")]
    dev: PathBuf,
}

/// The parts of `dev.json` that are needed here.
#[derive(Debug, Clone, Deserialize)]
pub struct Dev {
    pub platform_url: String,
    /// As the owner of all schemas.
    pub database_url: String,
    pub stripe_sandbox_url: Option<String>,
    pub stripe_publishable_key: Option<String>,
}

impl DevOptions {
    /// Reads the file.
    pub fn read(&self) -> anyhow::Result<Dev> {
        read(&self.dev)
    }
}

fn read(path: &Path) -> anyhow::Result<Dev> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("{}: start the platform with `souk dev` (best: ./run --release)", path.display()))?;
    serde_json::from_str(&text).with_context(|| path.display().to_string())
}

impl Dev {
    /// `host:port` to connect to.
    pub fn address(&self) -> String {
        let address = self.platform_url.trim_end_matches('/');
        let address = address.split_once("://").map_or(address, |(_, rest)| rest);
        // Not every machine finds `localhost` by both families.
        address.replace("localhost", "127.0.0.1")
    }
}
