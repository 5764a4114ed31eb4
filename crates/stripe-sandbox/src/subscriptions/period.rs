//! Billing periods: whole days, weeks, months or years from an anchor.

use chrono::{DateTime, Months};
use serde::{Deserialize, Serialize};

const DAY: i64 = 24 * 60 * 60;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Interval {
    Day,
    Week,
    Month,
    Year,
}

impl Interval {
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Day, Self::Week, Self::Month, Self::Year].into_iter().find(|interval| interval.word() == word)
    }

    pub fn word(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Year => "year",
        }
    }

    /// How many may make one period: three years at most.
    pub fn most(self) -> i64 {
        match self {
            Self::Day => 1095,
            Self::Week => 156,
            Self::Month => 36,
            Self::Year => 3,
        }
    }
}

/// The `n`th boundary after `anchor`. A month that lacks the anchor's day ends on its last one.
pub fn boundary(anchor: i64, interval: Interval, count: u32, n: u32) -> i64 {
    let steps = count.saturating_mul(n);
    let months = |months: u32| {
        let at = DateTime::from_timestamp(anchor, 0).and_then(|at| at.checked_add_months(Months::new(months)));
        at.map_or(i64::MAX, |at| at.timestamp())
    };
    match interval {
        Interval::Day => anchor + i64::from(steps) * DAY,
        Interval::Week => anchor + i64::from(steps) * 7 * DAY,
        Interval::Month => months(steps),
        Interval::Year => months(steps.saturating_mul(12)),
    }
}

/// The first boundary after `start`.
pub fn end_of(anchor: i64, interval: Interval, count: u32, start: i64) -> i64 {
    let mut n = 1;
    loop {
        let end = boundary(anchor, interval, count, n);
        if end > start {
            return end;
        }
        n += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> i64 {
        DateTime::parse_from_rfc3339(text).unwrap().timestamp()
    }

    #[test]
    fn the_last_day_of_a_month_comes_back() {
        let anchor = at("2026-01-31T10:00:00Z");
        let ends = [1, 2, 3, 13].map(|n| boundary(anchor, Interval::Month, 1, n));
        let expected = ["2026-02-28T10:00:00Z", "2026-03-31T10:00:00Z", "2026-04-30T10:00:00Z", "2027-02-28T10:00:00Z"];
        assert_eq!(ends, expected.map(at));
        assert_eq!(end_of(anchor, Interval::Month, 1, ends[0]), ends[1]);
        assert_eq!(end_of(anchor, Interval::Year, 1, anchor), at("2027-01-31T10:00:00Z"));
        assert_eq!(end_of(anchor, Interval::Week, 2, anchor), anchor + 14 * DAY);
    }
}
