//! How long a sign-up takes.

use std::time::{Duration, Instant};

use anyhow::Context;
use argon2::{Algorithm, Argon2, Block, Params, Version};
use clap::Args;
use tokio::task::JoinSet;

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
    /// So many a minute instead, for as long as --seconds says, each begun at its time whether the ones before are
    /// answered or not. Start the platform with as many spare schemas as you want to measure, or with none:
    /// SOUK__PROVISIONING__SPARE_SCHEMAS=1000.
    #[arg(long)]
    rate: Option<u32>,
    /// How long sign-ups come at that rate.
    #[arg(long, default_value_t = 60, requires = "rate")]
    seconds: u64,
}

pub async fn run(options: Options) -> anyhow::Result<()> {
    let platform = Platform::new(&options.target)?;
    if let Some(rate) = options.rate {
        return at_rate(&platform, rate.max(1), Duration::from_secs(options.seconds)).await;
    }
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

/// Sign-ups that come at a steady rate. One that the platform has no room for is counted, and waits are measured from the
/// time when it was due, so that a platform that falls behind shows it.
async fn at_rate(platform: &Platform, rate: u32, time: Duration) -> anyhow::Result<()> {
    let began = Instant::now();
    let mut due = tokio::time::interval(Duration::from_secs(60) / rate);
    due.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Burst);
    let mut under_way = JoinSet::new();
    while began.elapsed() < time {
        let due = due.tick().await.into_std();
        let platform = platform.clone();
        under_way.spawn(async move { platform.sign_up().await.map(|_| due.elapsed()) });
    }
    let (mut took, mut refused, mut first) = (Figures::default(), 0, None);
    while let Some(outcome) = under_way.join_next().await {
        match outcome? {
            Ok(elapsed) => took.add(elapsed),
            Err(error) => {
                refused += 1;
                first.get_or_insert(error);
            }
        }
    }
    let all = began.elapsed().as_secs_f64();
    let done = u32::try_from(took.count()).map_or(f64::from(u32::MAX), f64::from);
    println!("sign-up, {rate} a minute for {} s", time.as_secs());
    println!("  answered                 {} within {all:.1} s: {:.0} a minute", took.count(), done / all * 60.0);
    println!("  whole                    {}", took.line());
    println!("  refused or failed        {refused}");
    if let Some(error) = first {
        println!("  the first of them        {error:#}");
    }
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
