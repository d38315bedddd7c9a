//! When the team is there: opening hours of a week in a time zone, and days on which
//! it is closed. Says nothing of what follows from that. Without hours it is always.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::civil::DateTime;
use jiff::civil::Time;
use jiff::civil::Weekday;
use jiff::tz::TimeZone;

/// Days that are looked ahead for the next opening. Guessed: longer than any holidays.
const LOOK_AHEAD_DAYS: usize = 60;

const DAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

/// Hours that cannot be used: which, and how they are written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HoursError {
    #[error("{0} is no time zone this machine knows; write it as Europe/Berlin, or UTC")]
    Zone(String),
    #[error(
        "`{0}` are no hours; write them as `mon-fri 09:00-17:00`, the end after the beginning and up to 24:00"
    )]
    Span(String),
    #[error("`{0}` is no day; write it as 2026-12-25")]
    Day(String),
}

/// When the team is there.
#[derive(Debug, Clone, PartialEq)]
pub struct Hours {
    zone: TimeZone,
    /// Empty: always.
    spans: Vec<Span>,
    closed_on: BTreeSet<Date>,
}

/// Hours of some days of the week.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Span {
    days: Vec<Weekday>,
    from: Time,
    /// Minutes after midnight, 1–1440: the first at which nobody is there.
    until_min: u16,
}

impl Default for Hours {
    fn default() -> Hours {
        Hours { zone: TimeZone::UTC, spans: Vec::new(), closed_on: BTreeSet::new() }
    }
}

impl Hours {
    /// Reads hours such as `mon-fri 09:00-17:30` and `sat 10:00-14:00`, and days such as
    /// `2026-12-25`, in a zone by its name or its POSIX rule. No hours: always there.
    ///
    /// # Errors
    /// If one of them is not written so, or the zone is not known.
    pub fn parse(zone: &str, open: &[String], closed_on: &[String]) -> Result<Hours, HoursError> {
        let known = TimeZone::get(zone).or_else(|_| TimeZone::posix(zone));
        let day = |it: &String| it.parse().map_err(|_| HoursError::Day(it.clone()));
        Ok(Hours {
            zone: known.map_err(|_| HoursError::Zone(zone.to_owned()))?,
            spans: open.iter().map(|it| Span::parse(it)).collect::<Result<_, _>>()?,
            closed_on: closed_on.iter().map(day).collect::<Result<_, _>>()?,
        })
    }

    /// True if the team is there at a moment; always true without hours.
    #[must_use]
    pub fn are_open(&self, at: Timestamp) -> bool {
        let local = self.local(at);
        self.spans.is_empty() || self.spans_of(local.date()).any(|it| it.holds(local.time()))
    }

    /// When the team is there next: the moment itself if it is there. `None` if it does
    /// not come within 60 days.
    #[must_use]
    pub fn next_open(&self, at: Timestamp) -> Option<Timestamp> {
        if self.are_open(at) {
            return Some(at);
        }
        let days = self.local(at).date().series(jiff::Span::new().days(1)).take(LOOK_AHEAD_DAYS);
        let openings = days.flat_map(|day| {
            let openings = self.spans_of(day).map(move |it| day.to_datetime(it.from));
            openings.filter_map(|it| Some(it.to_zoned(self.zone.clone()).ok()?.timestamp()))
        });
        openings.filter(|it| at < *it).min()
    }

    /// As [`Hours::next_open`], in milliseconds since the epoch; the moment itself where
    /// none comes.
    #[must_use]
    pub fn next_open_ms(&self, at_ms: i64) -> i64 {
        let at = Timestamp::from_millisecond(at_ms).ok();
        at.and_then(|it| self.next_open(it)).map_or(at_ms, |it| it.as_millisecond())
    }

    /// A moment as people are told it, whatever their language: `2026-11-30 09:00 CET`.
    #[must_use]
    pub fn said(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M %Z").to_string()
    }

    /// Day and time of a moment where the team is.
    #[must_use]
    pub fn local(&self, at: Timestamp) -> DateTime {
        self.zone.to_datetime(at)
    }

    /// What is open on a day. Nothing if it is one on which the team is closed.
    fn spans_of(&self, day: Date) -> impl Iterator<Item = &Span> {
        let is_closed = self.closed_on.contains(&day);
        self.spans.iter().filter(move |it| !is_closed && it.days.contains(&day.weekday()))
    }
}

impl Span {
    fn parse(text: &str) -> Result<Span, HoursError> {
        let unknown = || HoursError::Span(text.to_owned());
        let lower = text.trim().to_ascii_lowercase();
        let (days, times) = lower.split_once(char::is_whitespace).ok_or_else(unknown)?;
        let (from, until) = times.trim().split_once('-').ok_or_else(unknown)?;
        let from_min = minutes(from).ok_or_else(unknown)?;
        let until_min = minutes(until).ok_or_else(unknown)?;
        let hour = i8::try_from(from_min / 60).map_err(|_| unknown())?;
        let minute = i8::try_from(from_min % 60).map_err(|_| unknown())?;
        let from = Time::new(hour, minute, 0, 0).map_err(|_| unknown())?;
        if until_min <= from_min {
            return Err(unknown());
        }
        Ok(Span { days: weekdays(days).ok_or_else(unknown)?, from, until_min })
    }

    fn holds(&self, time: Time) -> bool {
        let minute = u16::try_from(i16::from(time.hour()) * 60 + i16::from(time.minute()));
        self.from <= time && minute.is_ok_and(|it| it < self.until_min)
    }
}

/// `mon`, or `mon-fri`; a range may go over the end of the week. `None` for anything else.
fn weekdays(text: &str) -> Option<Vec<Weekday>> {
    let place = |name: &str| DAYS.iter().position(|(known, _)| *known == name);
    let (first, last) = match text.split_once('-') {
        Some((first, last)) => (place(first)?, place(last)?),
        None => (place(text)?, place(text)?),
    };
    let n_days = (last + DAYS.len() - first) % DAYS.len() + 1;
    let days = DAYS.iter().cycle().skip(first).take(n_days);
    Some(days.map(|(_, day)| *day).collect())
}

/// Minutes after midnight of a time from 00:00 to 24:00.
fn minutes(text: &str) -> Option<u16> {
    let (hour, minute) = text.trim().split_once(':')?;
    let is_number = |it: &str| it.len() == 2 && it.bytes().all(|it| it.is_ascii_digit());
    if !is_number(hour) || !is_number(minute) {
        return None;
    }
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    let total = hour * 60 + minute;
    (minute < 60 && total <= 24 * 60).then_some(total)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Central European time by its rule, so that no table of zones is needed.
    const ZONE: &str = "CET-1CEST,M3.5.0,M10.5.0/3";

    fn hours(open: &[&str], closed_on: &[&str]) -> Hours {
        let owned = |it: &[&str]| it.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
        Hours::parse(ZONE, &owned(open), &owned(closed_on)).unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn without_hours_the_team_is_always_there() {
        let always = Hours::default();
        assert!(always.are_open(at("2026-11-29T03:00:00Z")));
        assert_eq!(always.next_open(Timestamp::MAX), Some(Timestamp::MAX));
    }

    #[test]
    fn a_day_begins_with_its_first_minute_and_ends_before_its_last() {
        let office = hours(&["mon-fri 09:00-17:30"], &[]);
        // In winter nine o'clock is eight in UTC.
        assert!(!office.are_open(at("2026-11-27T07:59:59Z")));
        assert!(office.are_open(at("2026-11-27T08:00:00Z")));
        assert!(office.are_open(at("2026-11-27T16:29:59Z")));
        assert!(!office.are_open(at("2026-11-27T16:30:00Z")));
        assert!(!office.are_open(at("2026-11-28T10:00:00Z")), "a Saturday");
        assert!(office.are_open(at("2026-07-03T07:00:00Z")), "in summer it is seven");
    }

    #[test]
    fn the_next_opening_skips_weekends_and_days_off() {
        let office = hours(&["sat 10:00-14:00", "mon-fri 09:00-17:00"], &["2026-12-25"]);
        let thursday = at("2026-12-24T18:00:00Z");
        assert_eq!(office.next_open(thursday), Some(at("2026-12-26T09:00:00Z")));
        let saturday = at("2026-12-26T15:00:00Z");
        assert_eq!(office.next_open(saturday), Some(at("2026-12-28T08:00:00Z")));
    }

    #[test]
    fn a_range_may_go_over_the_end_of_the_week_and_a_day_to_midnight() {
        let late = hours(&["sat-mon 22:00-24:00"], &[]);
        assert!(late.are_open(at("2026-11-29T22:59:59Z")), "a Sunday, one minute to midnight");
        assert!(!late.are_open(at("2026-11-29T23:00:00Z")), "Monday begins");
        assert!(!late.are_open(at("2026-12-01T22:00:00Z")), "a Tuesday");
    }

    #[test]
    fn a_team_that_is_never_there_opens_never() {
        let days: Vec<String> = (1..=31).map(|it| format!("2026-12-{it:02}")).collect();
        let days: Vec<&str> = days.iter().map(String::as_str).collect();
        let gone = hours(&["tue 09:00-10:00"], &days);
        assert_eq!(gone.next_open(at("2026-12-01T00:00:00Z")), Some(at("2027-01-05T08:00:00Z")));
        let closed =
            Hours { spans: vec![Span { days: Vec::new(), ..gone.spans[0].clone() }], ..gone };
        assert_eq!(closed.next_open(at("2026-12-01T00:00:00Z")), None);
        assert_eq!(closed.next_open_ms(5), 5);
    }

    #[test]
    fn what_is_not_written_as_hours_is_named() {
        for open in
            ["mon", "mon-fri 9-17", "mon 17:00-09:00", "mon 09:00-24:01", "abc 09:00-10:00", ""]
        {
            let refused = Hours::parse("UTC", &[open.to_owned()], &[]);
            assert_eq!(refused, Err(HoursError::Span(open.to_owned())));
        }
        let zone = Hours::parse("Mars/Olympus", &[], &[]);
        assert_eq!(zone, Err(HoursError::Zone("Mars/Olympus".to_owned())));
        let day = Hours::parse("UTC", &[], &["christmas".to_owned()]);
        assert_eq!(day, Err(HoursError::Day("christmas".to_owned())));
    }

    proptest! {
        #[test]
        fn the_next_opening_is_open_and_not_before(second in 1_700_000_000_i64..1_900_000_000) {
            let office = hours(&["mon-fri 09:00-17:00", "sat 02:30-03:00"], &["2026-12-25"]);
            let moment = Timestamp::from_second(second).unwrap();
            let open = office.next_open(moment).unwrap();
            prop_assert!(moment <= open);
            // The hour that is left out in spring has no half past two.
            let local = office.local(open);
            prop_assert!(office.are_open(open) || local.time().hour() == 3, "{local}");
        }
    }
}
