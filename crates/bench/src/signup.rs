//! How long a sign-up takes.

use std::time::{Duration, Instant};

use anyhow::Context;
use argon2::{Algorithm, Argon2, Block, Params, Version};
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
    let (mut whole, mut hashed) = (Figures::default(), Figures::default());
    let mut hashing = Hashing::new()?;
    hashing.time()?;
    for done in 0..options.count {
        tokio::time::sleep(Duration::from_millis(options.pause_ms)).await;
        hashed.add(hashing.time()?);
        let started = Instant::now();
        platform.sign_up().await.with_context(|| format!("sign-up {}", done + 1))?;
        whole.add(started.elapsed());
        if (done + 1) % 25 == 0 {
            eprintln!("{} of {}", done + 1, options.count);
        }
    }
    println!("sign-up, {} one after the other, {} ms apart", options.count, options.pause_ms);
    println!("  whole                    {}", whole.line());
    println!("  argon2id, timed beside   {}", hashed.line());
    let without = whole.percentile(50.0).saturating_sub(hashed.percentile(50.0));
    println!("  p50 without argon2id     {}", millis(without));
    Ok(())
}

/// Hashes as the platform does, into memory that is there already: what a sign-up spends on it at the least.
struct Hashing {
    argon2: Argon2<'static>,
    memory: Vec<Block>,
}

impl Hashing {
    fn new() -> anyhow::Result<Self> {
        let (memory, passes, lanes) = HASHING;
        let params = Params::new(memory, passes, lanes, None).map_err(|error| anyhow::anyhow!("{error}"))?;
        let memory = vec![Block::default(); params.block_count()];
        Ok(Self { argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, params), memory })
    }

    fn time(&mut self) -> anyhow::Result<Duration> {
        let mut output = [0; 32];
        let started = Instant::now();
        self.argon2
            .hash_password_into_with_memory(PASSWORD.as_bytes(), b"sixteen byte salt", &mut output, &mut self.memory)
            .map_err(|error| anyhow::anyhow!("{error}"))?;
        Ok(started.elapsed())
    }
}
