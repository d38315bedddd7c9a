//! What models may cost a day, and what they have cost today (UTC). Counted here as
//! it is spent, so that the limit holds at once; kept in the store by whoever owns
//! both. Without a limit it counts all the same.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::MutexGuard;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use tokio::sync::Notify;

use super::cost::MICROS;
use crate::clock::Clock;

/// The share of the limit from which it is near. Specified: early enough to raise it.
const NEAR: f64 = 0.8;

/// How a day's spending stands to its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Or there is no limit.
    Fine,
    Near,
    /// Nothing is spent any more today.
    Reached,
}

/// The day's money for models.
#[derive(Debug)]
pub struct Purse {
    /// Millionths of a US dollar a day; `None`: no limit.
    max_usd_micros: Option<u64>,
    clock: Clock,
    counted: Mutex<Counted>,
    bell: Notify,
}

/// In millionths of a US dollar.
#[derive(Debug, Default)]
struct Counted {
    /// What the store has of a day.
    kept: Option<(Date, u64)>,
    /// What it has not yet.
    unkept: BTreeMap<Date, u64>,
}

impl Purse {
    /// A purse for so many US dollars a day; 0: without a limit.
    pub fn new(max_usd_per_day: f64, clock: Clock) -> Purse {
        let max_usd_micros = (max_usd_per_day * MICROS).round() as u64;
        Purse {
            max_usd_micros: (max_usd_micros != 0).then_some(max_usd_micros),
            clock,
            counted: Mutex::default(),
            bell: Notify::new(),
        }
    }

    /// The day that is counted now.
    pub fn today(&self) -> Date {
        self.clock.now().to_zoned(TimeZone::UTC).date()
    }

    /// Spends.
    pub(super) fn add(&self, usd_micros: u64) {
        if usd_micros == 0 {
            return;
        }
        let today = self.today();
        let mut counted = self.counted();
        let unkept = counted.unkept.entry(today).or_default();
        *unkept = unkept.saturating_add(usd_micros);
        drop(counted);
        self.bell.notify_one();
    }

    /// Millionths of a US dollar, kept and not yet kept.
    pub fn spent_today(&self) -> u64 {
        let today = self.today();
        let counted = self.counted();
        let kept = counted.kept.filter(|(day, _)| *day == today).map_or(0, |(_, kept)| kept);
        kept.saturating_add(counted.unkept.get(&today).copied().unwrap_or(0))
    }

    /// The same in US dollars.
    pub fn spent_usd_today(&self) -> f64 {
        self.spent_today() as f64 / MICROS
    }

    /// US dollars a day; `None`: no limit.
    pub fn max_usd(&self) -> Option<f64> {
        self.max_usd_micros.map(|it| it as f64 / MICROS)
    }

    pub fn level(&self) -> Level {
        let Some(max) = self.max_usd_micros else { return Level::Fine };
        let spent = self.spent_today();
        if max <= spent {
            Level::Reached
        } else if max as f64 * NEAR <= spent as f64 {
            Level::Near
        } else {
            Level::Fine
        }
    }

    /// True if nothing more may be spent today. What is under way when the limit is
    /// reached is still paid for.
    pub fn is_empty(&self) -> bool {
        self.level() == Level::Reached
    }

    /// What the store does not have yet, by day.
    pub fn unkept(&self) -> Vec<(Date, u64)> {
        self.counted().unkept.iter().map(|(day, usd_micros)| (*day, *usd_micros)).collect()
    }

    /// The store has taken in so much more of a day, and has this much of it now. To be
    /// said by one keeper at a time.
    pub fn kept(&self, day: Date, usd_micros: u64, total: u64) {
        let mut counted = self.counted();
        if let Some(unkept) = counted.unkept.get_mut(&day) {
            *unkept = unkept.saturating_sub(usd_micros);
        }
        counted.unkept.retain(|_, unkept| *unkept != 0);
        counted.kept = Some((day, total));
    }

    /// Returns when something was spent since the last time.
    pub async fn spent(&self) {
        self.bell.notified().await;
    }

    fn counted(&self) -> MutexGuard<'_, Counted> {
        self.counted.lock().unwrap_or_else(|it| it.into_inner())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::Timestamp;

    use super::*;

    fn purse(max_usd_per_day: f64) -> (Purse, Clock) {
        let clock = Clock::manual("2026-03-01T22:00:00Z".parse::<Timestamp>().unwrap());
        (Purse::new(max_usd_per_day, clock.clone()), clock)
    }

    #[test]
    fn the_limit_is_near_at_four_fifths_and_reached_by_its_own_value() {
        let (purse, _clock) = purse(1.0);
        for (spends, level) in [
            (0, Level::Fine),
            (799_999, Level::Fine),
            (1, Level::Near),
            (199_999, Level::Near),
            (1, Level::Reached),
            (u64::MAX, Level::Reached),
        ] {
            purse.add(spends);
            assert_eq!(purse.level(), level, "{}", purse.spent_today());
        }
    }

    #[test]
    fn without_a_limit_it_only_counts() {
        let (purse, _clock) = purse(0.0);
        purse.add(u64::MAX);
        assert_eq!((purse.level(), purse.spent_today()), (Level::Fine, u64::MAX));
    }

    #[test]
    fn a_new_day_begins_at_midnight_and_owes_nothing() {
        let (purse, clock) = purse(1.0);
        purse.kept(purse.today(), 0, 600_000);
        purse.add(400_000);
        assert!(purse.is_empty());
        clock.advance(Duration::from_secs(2 * 3600));
        assert_eq!((purse.spent_today(), purse.level()), (0, Level::Fine));
        let unkept: Vec<String> = purse.unkept().iter().map(|it| it.0.to_string()).collect();
        assert_eq!(unkept, ["2026-03-01"], "yesterday's is still to be kept");
    }

    #[test]
    fn what_is_spent_while_the_store_writes_is_not_forgotten() {
        let (purse, _clock) = purse(1.0);
        purse.add(300_000);
        let unkept = purse.unkept();
        purse.add(200_000);
        let (day, usd_micros) = unkept[0];
        // Somebody else has spent on the same day.
        purse.kept(day, usd_micros, 450_000);
        assert_eq!(purse.spent_today(), 650_000);
        assert_eq!(purse.unkept(), [(day, 200_000)]);
    }
}
