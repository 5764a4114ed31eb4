//! How long a sign-up takes.

use std::time::{Duration, Instant};

use anyhow::Context;
use argon2::{Algorithm, Argon2, Params, Version};
use clap::Args;

use crate::figures::{Figures, millis};
use crate::platform::{PASSWORD, Platform, Target};

/// As the platform hashes: memory in KiB, passes, lanes.
const HASHING: (u32, u32, u32) = (46 * 1024, 1, 1);

#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    target: Target,
    /// How many sign-ups.
    #[arg(long, default_value_t = 100)]
    count: u32,
    /// Milliseconds between two, in which the platform makes another schema ready. Zero: without a break, so that the
    /// spare ones run out.
    #[arg(long, default_value_t = 400)]
    pause_ms: u64,
}

pub async fn run(options: Options) -> anyhow::Result<()> {
    let platform = Platform::new(&options.target)?;
    let (mut whole, mut hashing) = (Figures::default(), Figures::default());
    for done in 0..options.count {
        tokio::time::sleep(Duration::from_millis(options.pause_ms)).await;
        hashing.add(tokio::task::spawn_blocking(hash).await??);
        let started = Instant::now();
        platform.sign_up().await.with_context(|| format!("sign-up {}", done + 1))?;
        whole.add(started.elapsed());
        if (done + 1) % 25 == 0 {
            eprintln!("{} of {}", done + 1, options.count);
        }
    }
    println!("sign-up, {} one after the other, {} ms apart", options.count, options.pause_ms);
    println!("  whole                    {}", whole.line());
    println!("  argon2id, measured beside {}", hashing.line());
    let without = whole.percentile(50.0).saturating_sub(hashing.percentile(50.0));
    println!("  p50 without argon2id     {}", millis(without));
    Ok(())
}

/// One hash as the platform makes it, timed here: what a sign-up spends on it cannot be seen from outside.
fn hash() -> anyhow::Result<Duration> {
    let (memory, passes, lanes) = HASHING;
    let params = Params::new(memory, passes, lanes, None).map_err(|error| anyhow::anyhow!("{error}"))?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut output = [0; 32];
    let started = Instant::now();
    argon2
        .hash_password_into(PASSWORD.as_bytes(), b"sixteen byte salt", &mut output)
        .map_err(|error| anyhow::anyhow!("{error}"))?;
    Ok(started.elapsed())
}
