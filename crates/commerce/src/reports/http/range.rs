//! Which days a report is about.

use chrono::{Days, NaiveDate};
use kernel::problem::{FieldError, Problem};
use serde::Deserialize;

/// Most days of one report.
const MAX_DAYS: i64 = 366;
/// Days of a report when nobody says, today included.
const USUAL_DAYS: u64 = 30;

/// Which days.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct RangeQuery {
    /// The first day, such as 2026-11-01; 29 days before the last, if not given.
    pub(super) from: Option<NaiveDate>,
    /// The last day; today, if not given. At most 366 days.
    pub(super) to: Option<NaiveDate>,
}

/// A stretch of days, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) from: NaiveDate,
    pub(super) to: NaiveDate,
}

impl Range {
    pub(super) fn of(from: Option<NaiveDate>, to: Option<NaiveDate>, today: NaiveDate) -> Result<Self, Problem> {
        let to = to.unwrap_or(today);
        let from = from.unwrap_or_else(|| to.checked_sub_days(Days::new(USUAL_DAYS - 1)).unwrap_or(to));
        let days = (to - from).num_days() + 1;
        let wrong = |message: String| Err(Problem::invalid(vec![FieldError::new("to", "invalid", message)]));
        if from < NaiveDate::MIN.max(NaiveDate::from_ymd_opt(1, 1, 1).unwrap_or_default())
            || to > NaiveDate::from_ymd_opt(9999, 12, 31).unwrap_or_default()
        {
            return wrong("days are from 0001-01-01 to 9999-12-31".to_owned());
        }
        match days {
            ..=0 => wrong("must not be before `from`".to_owned()),
            1..=MAX_DAYS => Ok(Self { from, to }),
            _ => wrong(format!("a report has at most {MAX_DAYS} days; this would be {days}")),
        }
    }

    pub(super) fn days(self) -> impl Iterator<Item = NaiveDate> {
        self.from.iter_days().take_while(move |day| *day <= self.to)
    }

    pub(super) fn count(self) -> i64 {
        (self.to - self.from).num_days() + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Option<NaiveDate> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn a_range_has_from_one_to_366_days() {
        let today = day("2026-11-21").unwrap();
        let count = |from, to| Range::of(from, to, today).map(Range::count).ok();
        assert_eq!(count(None, None), Some(30));
        assert_eq!(count(day("2024-01-01"), day("2024-12-31")), Some(366));
        assert_eq!(count(day("2024-01-01"), day("2025-01-01")), None);
        assert_eq!(count(day("2026-11-22"), None), None);
        assert_eq!(count(None, day("2026-01-01")), Some(30));
    }

    #[test]
    fn every_day_of_a_range_is_there() {
        let range = Range::of(day("2024-02-27"), day("2024-03-01"), day("2026-01-01").unwrap()).unwrap();
        assert_eq!(range.days().count(), 4);
    }
}
