//! A circuit breaker: while Stripe is plainly down, say so at once instead of making every shopper wait.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

const FAILURES: u32 = 5;
const WINDOW: Duration = Duration::from_secs(10);
const OPEN: Duration = Duration::from_secs(5);

#[derive(Debug, Default)]
pub(crate) struct Breaker(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    failures: u32,
    first_failure: Option<Instant>,
    open_until: Option<Instant>,
}

impl Breaker {
    /// Lets a call pass, or says how long the breaker stays open.
    ///
    /// The first caller after the pause is the probe. It renews the pause before it goes, so that a probe that never
    /// reports back (its task was dropped) costs one more pause and blocks nobody for ever.
    pub(crate) fn admit(&self) -> Result<(), Duration> {
        let mut state = self.state();
        let Some(until) = state.open_until else { return Ok(()) };
        let now = Instant::now();
        if now < until {
            return Err(until - now);
        }
        state.open_until = Some(now + OPEN);
        Ok(())
    }

    /// Stripe answered, whatever it said.
    pub(crate) fn answered(&self) {
        *self.state() = State::default();
    }

    /// Stripe did not answer, or answered that it is broken.
    pub(crate) fn failed(&self) {
        let mut state = self.state();
        let now = Instant::now();
        if state.open_until.is_some() {
            state.open_until = Some(now + OPEN);
            return;
        }
        if state.first_failure.is_none_or(|first| now - first > WINDOW) {
            state.first_failure = Some(now);
            state.failures = 0;
        }
        state.failures += 1;
        if state.failures >= FAILURES {
            tracing::warn!(failures = state.failures, pause = ?OPEN, "stripe breaker opened");
            state.open_until = Some(now + OPEN);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn opens_after_five_failures_and_lets_one_probe_through() {
        let breaker = Breaker::default();
        for _ in 0..FAILURES {
            assert!(breaker.admit().is_ok());
            breaker.failed();
        }
        assert!(breaker.admit().is_err());

        tokio::time::advance(OPEN).await;
        assert!(breaker.admit().is_ok(), "the probe");
        assert!(breaker.admit().is_err(), "only one probe");

        breaker.answered();
        assert!(breaker.admit().is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn rare_failures_never_open_it() {
        let breaker = Breaker::default();
        for _ in 0..50 {
            breaker.failed();
            tokio::time::advance(WINDOW / 2).await;
            assert!(breaker.admit().is_ok());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_failed_probe_keeps_it_open() {
        let breaker = Breaker::default();
        for _ in 0..FAILURES {
            breaker.failed();
        }
        tokio::time::advance(OPEN).await;
        assert!(breaker.admit().is_ok());
        breaker.failed();
        assert!(breaker.admit().is_err());
    }
}
