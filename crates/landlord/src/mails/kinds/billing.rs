//! Letters about paying for a store.

use chrono::{DateTime, Utc};
use kernel::money::Currency;
use serde::{Deserialize, Serialize};

use crate::dunning::Action;
use crate::mails::{Letter, Stationery};

/// Where an owner sees all of it.
const PAGE: &str = "/billing";

/// Letters about paying for a store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum BillingMail {
    /// A trial is about to end.
    TrialWillEnd {
        /// When.
        at: DateTime<Utc>,
        /// Is the first period paid then, or has nobody subscribed?
        subscribed: bool,
    },
    /// A step on the ladder of somebody who is behind with paying.
    Behind {
        /// What the step does.
        action: Action,
        /// Days after falling behind.
        day: i32,
        /// Has nobody subscribed after the trial?
        trial: bool,
        /// What comes next, and when.
        next: Option<(Action, DateTime<Utc>)>,
        /// Where the invoice can be paid.
        invoice_url: Option<String>,
        /// What is due, in minor units, and what in.
        due: Option<(i64, String)>,
    },
    /// An invoice could not be collected once more.
    PaymentFailed {
        /// In minor units.
        amount_minor: i64,
        /// What in.
        currency: String,
        /// When it is tried again.
        next_at: Option<DateTime<Utc>>,
        /// Where it can be paid.
        url: Option<String>,
    },
    /// What was due is paid.
    Recovered {
        /// Code of the plan.
        plan: String,
    },
    /// The store is subscribed.
    Subscribed {
        /// Code of the plan.
        plan: String,
        /// Until when nothing is charged.
        trial_ends_at: Option<DateTime<Utc>>,
    },
    /// The store has another plan.
    PlanChanged {
        /// Code of the plan that it had.
        from: String,
        /// Code of the plan that it has.
        to: String,
    },
    /// The store will have another plan.
    PlanWillChange {
        /// Code of the plan that it has.
        from: String,
        /// Code of the plan that it will have.
        to: String,
        /// When.
        at: DateTime<Utc>,
    },
    /// It will not have another plan after all.
    PlanStays {
        /// Code of the plan.
        plan: String,
    },
    /// The subscription is going to end.
    WillEnd {
        /// Code of the plan.
        plan: String,
        /// When.
        at: DateTime<Utc>,
    },
    /// It goes on after all.
    Resumed {
        /// Code of the plan.
        plan: String,
        /// When it is paid next.
        renews_at: Option<DateTime<Utc>>,
    },
    /// The subscription has ended.
    Ended {
        /// Code of the plan.
        plan: String,
        /// Because it was not paid?
        unpaid: bool,
    },
    /// An invoice is paid.
    InvoicePaid {
        /// The number on it.
        number: Option<String>,
        /// In minor units.
        amount_minor: i64,
        /// What in.
        currency: String,
        /// Where it is.
        url: Option<String>,
    },
}

fn day(at: DateTime<Utc>) -> String {
    at.format("%e %B %Y").to_string().trim_start().to_owned()
}

fn money(amount_minor: i64, currency: &str) -> String {
    match currency.parse::<Currency>() {
        Ok(currency) => {
            let digits = usize::from(currency.decimals());
            let sign = if amount_minor < 0 { "-" } else { "" };
            let text = format!("{:0>width$}", amount_minor.unsigned_abs(), width = digits + 1);
            let (whole, part) = text.split_at(text.len() - digits);
            let point = if digits == 0 { "" } else { "." };
            format!("{sign}{whole}{point}{part} {}", currency.code())
        }
        Err(_) => format!("{amount_minor} {currency}"),
    }
}

/// What a step means for the store, in words.
fn meaning(action: Action) -> &'static str {
    match action {
        Action::Mail => "Nothing changes for your store yet.",
        Action::Banner => "Your staff now sees a notice; nothing else changes.",
        Action::FreezeProducts => "Until it is paid, no products can be added.",
        Action::ReadOnly => {
            "Until it is paid, your staff can look at everything and handle orders, but change nothing else."
        }
        Action::PauseCheckout => "Until it is paid, shoppers can look at your store but not order in it.",
        Action::Suspend => "Your store is closed until it is paid. Nothing of it is deleted.",
    }
}

fn what_comes(action: Action) -> &'static str {
    match action {
        Action::Mail => "we write to you again",
        Action::Banner => "your staff sees a notice",
        Action::FreezeProducts => "no more products can be added",
        Action::ReadOnly => "your staff can change nothing any more",
        Action::PauseCheckout => "shoppers can no longer order",
        Action::Suspend => "your store is closed",
    }
}

impl BillingMail {
    pub(in crate::mails) fn letter(&self, paper: &Stationery<'_>) -> Letter {
        let page = || paper.url(PAGE);
        match self {
            Self::TrialWillEnd { at, subscribed: true } => Letter::new("Your trial is about to end")
                .say(format!("On {} your trial ends, and the first period is charged to your card.", day(*at)))
                .link("See what it costs, or change it", page()),
            Self::TrialWillEnd { at, subscribed: false } => Letter::new("Your trial is about to end")
                .say(format!(
                    "On {} your trial ends. Subscribe before that, and your store goes on as it is.",
                    day(*at)
                ))
                .link("Subscribe", page()),
            Self::Behind { .. } => self.behind(paper),
            Self::PaymentFailed { amount_minor, currency, next_at, url } => {
                let letter = Letter::new("Your payment failed again")
                    .say("We tried to charge your card once more, and could not.")
                    .fact("Due", money(*amount_minor, currency));
                let letter = match next_at {
                    Some(at) => letter.fact("We try again on", day(*at)),
                    None => letter,
                };
                letter.link("Pay", url.clone().unwrap_or_else(page))
            }
            Self::Recovered { plan } => Letter::new("Thank you: your payment arrived")
                .say("Everything in your store works again as before.")
                .fact("Plan", plan),
            Self::Subscribed { plan, trial_ends_at } => {
                let letter = Letter::new("Your store is subscribed").say("Thank you.").fact("Plan", plan);
                match trial_ends_at {
                    Some(at) => letter.fact("First payment not before", day(*at)),
                    None => letter,
                }
                .link("Your billing", page())
            }
            Self::PlanChanged { from, to } => Letter::new(format!("Your plan is {to} now"))
                .say("The plan of your store has changed.")
                .fact("Before", from)
                .fact("Now", to)
                .link("Your billing", page()),
            Self::PlanWillChange { from, to, at } => Letter::new(format!("Your plan will be {to}"))
                .say(format!("You keep {from}, which is paid for, until {}. Then your plan is {to}.", day(*at)))
                .link("Think better of it", page()),
            Self::PlanStays { plan } => Letter::new(format!("Your plan stays {plan}"))
                .say("The change of plan that was planned does not take place."),
            Self::WillEnd { plan, at } => Letter::new("Your subscription is going to end")
                .say(format!("Your store keeps {plan} until {}, and is closed then.", day(*at)))
                .link("Go on after all", page()),
            Self::Resumed { plan, renews_at } => {
                let letter = Letter::new("Your subscription goes on").fact("Plan", plan);
                match renews_at {
                    Some(at) => letter.fact("Next payment", day(*at)),
                    None => letter,
                }
            }
            Self::Ended { plan, unpaid } => Letter::new("Your subscription has ended")
                .say(if *unpaid {
                    format!("Your subscription to {plan} has ended, because it was not paid.")
                } else {
                    format!("Your subscription to {plan} has ended, and your store is closed.")
                })
                .say("Nothing of it is deleted yet: subscribe, and it goes on.")
                .link("Subscribe", page()),
            Self::InvoicePaid { number, amount_minor, currency, url } => {
                let letter = Letter::new("Your invoice is paid").fact("Paid", money(*amount_minor, currency));
                let letter = match number {
                    Some(number) => letter.fact("Invoice", number),
                    None => letter,
                };
                letter.link("See the invoice", url.clone().unwrap_or_else(page))
            }
        }
    }

    fn behind(&self, paper: &Stationery<'_>) -> Letter {
        let Self::Behind { action, day: _, trial, next, invoice_url, due } = self else {
            return Letter::new("Your billing");
        };
        let letter = if *trial {
            Letter::new("Your trial is over").say("Nobody has subscribed for your store yet.")
        } else {
            Letter::new("Your payment failed").say("We could not collect what is due for your store.")
        };
        let letter = match due {
            Some((amount_minor, currency)) => letter.fact("Due", money(*amount_minor, currency)),
            None => letter,
        };
        let letter = letter.say(meaning(*action));
        let letter = match next {
            Some((action, at)) => letter.say(format!("If nothing happens, on {} {}.", day(*at), what_comes(*action))),
            None => letter,
        };
        let page = paper.url(PAGE);
        letter.link(if *trial { "Subscribe" } else { "Pay" }, invoice_url.clone().unwrap_or(page))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_written_with_the_currency_s_own_decimals() {
        assert_eq!(money(1900, "USD"), "19.00 USD");
        assert_eq!(money(5, "USD"), "0.05 USD");
        assert_eq!(money(-250, "EUR"), "-2.50 EUR");
        assert_eq!(money(500, "JPY"), "500 JPY");
        assert_eq!(money(1500, "KWD"), "1.500 KWD");
        assert_eq!(money(7, "???"), "7 ???");
    }
}
