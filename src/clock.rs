//! Time as a parameter. Steps and workers take a `&Clock`, so that tests
//! advance time instead of sleeping and a decision can be replayed exactly.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::Timestamp;

/// Where the present comes from.
#[derive(Debug, Clone)]
pub enum Clock {
    System,
    /// Stands still until a test advances it. Milliseconds since the epoch.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that starts at `timestamp` and moves only by [`Clock::advance`].
    pub fn manual(timestamp: Timestamp) -> Clock {
        Clock::Manual(Arc::new(AtomicI64::new(timestamp.as_millisecond())))
    }

    /// The present, for signatures, display and due times.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the system clock")]
    pub fn now(&self) -> Timestamp {
        match self {
            Clock::System => Timestamp::now(),
            Clock::Manual(millis) => {
                Timestamp::from_millisecond(millis.load(Ordering::SeqCst)).unwrap_or(Timestamp::MAX)
            }
        }
    }

    /// The present in milliseconds since the epoch, as the store keeps it.
    pub fn now_ms(&self) -> i64 {
        self.now().as_millisecond()
    }

    /// Moves a manual clock forward. The system clock is left alone.
    pub fn advance(&self, by: Duration) {
        if let Clock::Manual(millis) = self {
            let by_ms = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
            millis.fetch_add(by_ms, Ordering::SeqCst);
        }
    }
}

/// A started stop-watch, for measuring how long a step took.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(std::time::Instant);

impl Stopwatch {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the monotonic clock")]
    pub fn start() -> Stopwatch {
        Stopwatch(std::time::Instant::now())
    }

    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    /// Milliseconds since the start, with fractions.
    pub fn elapsed_ms(&self) -> f64 {
        self.elapsed().as_secs_f64() * 1000.0
    }
}
