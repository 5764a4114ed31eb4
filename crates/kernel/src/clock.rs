//! The time of day, as a value that is passed around: the system's, or one that a test sets.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Duration, Utc};

/// Tells the time.
///
/// Decisions about expiry in SQL use the database's clock; this one is for tokens and for what is shown.
#[derive(Debug, Clone, Default)]
pub enum Clock {
    /// The machine's clock.
    #[default]
    System,
    /// The machine's clock, moved by so many milliseconds.
    Shifted(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that starts at the machine's time and can be moved.
    pub fn shifted() -> Self {
        Self::Shifted(Arc::default())
    }

    /// Now.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    pub fn now(&self) -> DateTime<Utc> {
        match self {
            Self::System => Utc::now(),
            Self::Shifted(millis) => Utc::now() + Duration::milliseconds(millis.load(Ordering::Relaxed)),
        }
    }

    /// Moves a shifted clock on; the system's clock stays where it is.
    pub fn advance(&self, by: Duration) {
        match self {
            Self::System => {}
            Self::Shifted(millis) => {
                millis.fetch_add(by.num_milliseconds(), Ordering::Relaxed);
            }
        }
    }
}
