//! Random lives of a store, beside a model that says what must have come of them.
//!
//! A life is a sequence of acts: shoppers buy, pay, give up; messages of the provider come late, twice and in any
//! order; time passes; staff packs, ships, cancels, refunds; the provider fails; servers die in the middle. The model
//! says what each act must answer and what the store must hold in the end. A life that goes wrong prints its seed.
//!
//! `SOUK_LIVES=10000` lives more of them, `SOUK_SEED=17` starts at another seed.

mod acts;
mod model;

use std::time::Instant;

use rand::SeedableRng;
use rand::rngs::StdRng;
use souk_tests::{Platform, assert_consistent};

use self::acts::Life;

/// Acts of a life.
const ACTS: usize = 24;
/// Lives in one store: a new one takes as long as a life.
const LIVES_OF_A_STORE: u64 = 10;

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// A part of the lives: several tests live side by side.
async fn live(part: u64, parts: u64) {
    let (lives, first) = (number("SOUK_LIVES", 240), number("SOUK_SEED", 1));
    let started = Instant::now();
    let mut seeds = (first..first + lives).filter(|seed| seed % parts == part).peekable();
    while seeds.peek().is_some() {
        let platform = Platform::start().await;
        platform.deafen();
        let store = platform.open_store().await;
        for seed in seeds.by_ref().take(usize::try_from(LIVES_OF_A_STORE).unwrap()) {
            println!("SOUK_SEED={seed} SOUK_LIVES=1");
            let mut life = Life::begin(&store, StdRng::seed_from_u64(seed)).await;
            for _ in 0..ACTS {
                life.act().await;
            }
            life.end().await;
            assert_consistent(&store).await;
            if seed % 500 == 0 {
                eprintln!("seed {seed} after {} s", started.elapsed().as_secs());
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn random_lives_keep_every_promise_1() {
    live(0, 4).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn random_lives_keep_every_promise_2() {
    live(1, 4).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn random_lives_keep_every_promise_3() {
    live(2, 4).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn random_lives_keep_every_promise_4() {
    live(3, 4).await;
}
