//! What a change of items costs: pure, so that it can be shown before it is made.

use super::{Item, Status, Subscription, Wanted, end_of};
use crate::decimal::share;
use crate::error::ApiError;
use crate::form::Params;
use crate::invoices::{self, Line};
use crate::state::State;

/// What happens to the money for the rest of the period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behavior {
    CreateProrations,
    AlwaysInvoice,
    None,
}

impl Behavior {
    pub fn read(params: &Params) -> Result<Self, ApiError> {
        let word = params.choice("proration_behavior", &["always_invoice", "create_prorations", "none"])?;
        Ok(match word.as_deref() {
            Some("always_invoice") => Self::AlwaysInvoice,
            Some("none") => Self::None,
            Some(_) | None => Self::CreateProrations,
        })
    }
}

/// What is to become of a trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trial {
    AsItIs,
    EndsNow,
    EndsAt(i64),
}

impl Trial {
    pub fn read(params: &Params, now: i64) -> Result<Self, ApiError> {
        if params.nested(&["trial_end"]) == Some("now") {
            return Ok(Self::EndsNow);
        }
        match params.time("trial_end")? {
            Some(end) if end <= now => {
                let message = "Timestamp must be an integer Unix timestamp in the future.";
                Err(ApiError::invalid(message, Some("trial_end"), None))
            }
            Some(end) => Ok(Self::EndsAt(end)),
            None => Ok(Self::AsItIs),
        }
    }
}

/// A change that is asked for.
#[derive(Debug, Clone)]
pub struct Ask {
    pub items: Wanted,
    pub behavior: Behavior,
    pub trial: Trial,
    /// Whether a new period is to begin.
    pub restart: bool,
    /// The time up to which the old items count as used.
    pub at: i64,
    pub now: i64,
}

/// A change thought through.
#[derive(Debug, Clone)]
pub struct Planned {
    pub subscription: Subscription,
    pub prorations: Vec<Line>,
    /// Whether a period begins now that must be paid now.
    pub begins: bool,
}

pub fn plan(state: &State, before: &Subscription, ask: &Ask) -> Planned {
    let mut after = Subscription { items: ask.items.items.clone(), ..before.clone() };
    let trialing = before.status == Status::Trialing;
    let paying = Share { state, subscription: before, at: ask.at, free: trialing };
    let mut prorations = Vec::new();
    let mut begins = false;
    match ask.trial {
        Trial::EndsAt(end) => {
            prorations = paying.credits(&before.items);
            after.trial_start = Some(before.trial_start.filter(|_| trialing).unwrap_or(ask.now));
            after.trial_end = Some(end);
            after.trial_end_told = false;
            after.status = Status::Trialing;
            after.period_start = if trialing { before.period_start } else { ask.now };
            after.period_end = end;
            after.anchor = end;
        }
        Trial::EndsNow | Trial::AsItIs => {
            let ends_trial = trialing && ask.trial == Trial::EndsNow;
            let other_rhythm = before.interval() != after.interval();
            if ends_trial || (!trialing && (other_rhythm || ask.restart)) {
                prorations = paying.credits(&before.items);
                let (interval, count) = after.interval();
                after.anchor = ask.now;
                after.period_start = ask.now;
                after.period_end = end_of(ask.now, interval, count, ask.now);
                begins = true;
            } else {
                prorations.extend(paying.exchange(&before.items, &after.items));
            }
            if ends_trial {
                after.trial_end = Some(ask.now);
                after.status = Status::Active;
            }
        }
    }
    if ask.behavior == Behavior::None {
        prorations.clear();
    }
    Planned { subscription: after, prorations, begins }
}

/// Shares of what items cost for the rest of a period.
pub struct Share<'a> {
    pub state: &'a State,
    pub subscription: &'a Subscription,
    pub at: i64,
    /// Whether nothing was paid for the period.
    pub free: bool,
}

impl Share<'_> {
    /// Gives back what is unused of `items`.
    pub fn credits(&self, items: &[Item]) -> Vec<Line> {
        items.iter().filter_map(|item| self.line(item, -1)).collect()
    }

    fn exchange(&self, old: &[Item], new: &[Item]) -> Vec<Line> {
        let same = |one: &Item, other: &Item| {
            one.id == other.id && one.price.id == other.price.id && one.quantity == other.quantity
        };
        let gone = old.iter().filter(|item| !new.iter().any(|other| same(item, other)));
        let come = new.iter().filter(|item| !old.iter().any(|other| same(item, other)));
        gone.filter_map(|item| self.line(item, -1)).chain(come.filter_map(|item| self.line(item, 1))).collect()
    }

    fn line(&self, item: &Item, sign: i64) -> Option<Line> {
        let (start, end) = (self.subscription.period_start, self.subscription.period_end);
        let at = self.at.clamp(start, end);
        if self.free || at == end || item.quantity.is_none() {
            return None;
        }
        let amount = share(item.per_period(), end - at, end - start);
        let name = invoices::product_name(self.state, &item.price);
        let many = item.quantity.filter(|quantity| *quantity != 1).map(|quantity| format!("{quantity} × "));
        let what = if sign < 0 { "Unused" } else { "Remaining" };
        let description = format!("{what} time on {}{name} after {}", many.unwrap_or_default(), invoices::day(at));
        Some(Line { amount: sign * amount, proration: true, ..Line::of(self.subscription, item, description, at, end) })
    }
}
