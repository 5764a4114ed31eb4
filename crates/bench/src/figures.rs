//! Percentiles of what was measured.

use std::time::Duration;

/// Durations of one kind of act.
#[derive(Debug, Default)]
pub struct Figures(Vec<Duration>);

impl Figures {
    pub fn add(&mut self, took: Duration) {
        self.0.push(took);
    }

    pub fn extend(&mut self, more: Figures) {
        self.0.extend(more.0);
    }

    /// How many were measured.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The duration that `percent` of the acts did not exceed.
    pub fn percentile(&self, percent: f64) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        at(&sorted, percent)
    }

    /// `p50 12.3 ms  p95 …  p99 …  max …`
    pub fn line(&self) -> String {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let at = |percent| millis(at(&sorted, percent));
        format!("p50 {:>7}  p95 {:>7}  p99 {:>7}  max {:>7}", at(50.0), at(95.0), at(99.0), at(100.0))
    }
}

fn at(sorted: &[Duration], percent: f64) -> Duration {
    let last = sorted.len().saturating_sub(1);
    let at = (percent / 100.0 * last as f64).round() as usize;
    sorted.get(at).copied().unwrap_or_default()
}

/// Milliseconds with one decimal.
pub fn millis(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1000.0)
}
