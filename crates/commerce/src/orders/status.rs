//! How an order moves. Pure: no database, no clock.

use super::OrderError;

/// How far an order has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Stage {
    Pending,
    AwaitingPayment,
    Paid,
    Confirmed,
    Packed,
    Shipped,
    Delivered,
    Fulfilled,
    Failed,
    Cancelled,
}

/// How much of the money has gone back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Money {
    None,
    Partial,
    Full,
}

/// What a person says of an order that was stopped to be looked at; an order that was not has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, sqlx::Type, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Review {
    Pending,
    Approved,
    Rejected,
}

/// Something that happens to an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Step {
    AwaitPayment,
    Pay,
    Confirm,
    Pack,
    Ship,
    Deliver,
    Fulfil,
    Fail,
    Cancel,
    /// The money came although the order had run out of time, and its goods were still there.
    Revive,
    /// The shopper pays on delivery after all.
    ChangeToCash,
}

impl Stage {
    /// All stages.
    pub const ALL: [Self; 10] = [
        Self::Pending,
        Self::AwaitingPayment,
        Self::Paid,
        Self::Confirmed,
        Self::Packed,
        Self::Shipped,
        Self::Delivered,
        Self::Fulfilled,
        Self::Failed,
        Self::Cancelled,
    ];

    /// The stage after `step`, or why the step is not allowed.
    pub fn after(self, step: Step) -> Result<Self, OrderError> {
        match (self, step) {
            (Self::Pending, Step::AwaitPayment) => Ok(Self::AwaitingPayment),
            (Self::Pending | Self::AwaitingPayment, Step::Pay) => Ok(Self::Paid),
            (Self::Pending, Step::Confirm) | (Self::AwaitingPayment, Step::ChangeToCash) => Ok(Self::Confirmed),
            (Self::Paid | Self::Confirmed, Step::Pack) => Ok(Self::Packed),
            (Self::Packed, Step::Ship) => Ok(Self::Shipped),
            (Self::Shipped, Step::Deliver) => Ok(Self::Delivered),
            (Self::Shipped, Step::Fulfil) => Ok(Self::Fulfilled),
            (Self::Pending | Self::AwaitingPayment, Step::Fail) => Ok(Self::Failed),
            (Self::Pending | Self::AwaitingPayment | Self::Paid | Self::Confirmed, Step::Cancel) => Ok(Self::Cancelled),
            (Self::Failed, Step::Revive) => Ok(Self::Paid),
            (stage, step) => Err(OrderError::WrongStage { stage, money: Money::None, step }),
        }
    }

    /// What staff may do with an order in this stage. One whose money has all gone back has ended.
    pub fn allowed(self, money: Money) -> Vec<&'static str> {
        match money {
            Money::Full => Vec::new(),
            Money::None | Money::Partial => {
                let steps = Step::ALL.into_iter().filter(|step| self.after(*step).is_ok());
                steps.filter_map(Step::verb).collect()
            }
        }
    }

    /// The name on the wire and in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::AwaitingPayment => "awaiting_payment",
            Self::Paid => "paid",
            Self::Confirmed => "confirmed",
            Self::Packed => "packed",
            Self::Shipped => "shipped",
            Self::Delivered => "delivered",
            Self::Fulfilled => "fulfilled",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

impl Money {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::None, Self::Partial, Self::Full];

    /// The name in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Partial => "partial",
            Self::Full => "full",
        }
    }

    /// How it stands once so much of what came in has gone back in all. Money that comes again, because the provider
    /// could not deliver a refund, counts as never gone.
    pub fn of(refunded_minor: i64, captured_minor: i64) -> Self {
        if refunded_minor <= 0 {
            Self::None
        } else if refunded_minor < captured_minor {
            Self::Partial
        } else {
            Self::Full
        }
    }
}

impl Review {
    /// The name in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
        }
    }
}

impl Step {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::AwaitPayment,
        Self::Pay,
        Self::Confirm,
        Self::Pack,
        Self::Ship,
        Self::Deliver,
        Self::Fulfil,
        Self::Fail,
        Self::Cancel,
        Self::Revive,
        Self::ChangeToCash,
    ];

    /// What staff calls it; what only happens has no name.
    pub fn verb(self) -> Option<&'static str> {
        match self {
            Self::Confirm => Some("confirm"),
            Self::Pack => Some("pack"),
            Self::Ship => Some("ship"),
            Self::Deliver => Some("deliver"),
            Self::Fulfil => Some("fulfil"),
            Self::Cancel => Some("cancel"),
            Self::AwaitPayment | Self::Pay | Self::Fail | Self::Revive | Self::ChangeToCash => None,
        }
    }

    /// The event that tells of it.
    pub fn event(self) -> &'static str {
        match self {
            Self::AwaitPayment => "order.awaiting_payment",
            Self::Pay => "order.paid",
            Self::Confirm | Self::ChangeToCash => "order.confirmed",
            Self::Pack => "order.packed",
            Self::Ship => "order.shipped",
            Self::Deliver => "order.delivered",
            Self::Fulfil => "order.fulfilled",
            Self::Fail => "order.failed",
            Self::Cancel => "order.cancelled",
            // Whoever waits for an order to be paid need not know what came before.
            Self::Revive => "order.paid",
        }
    }
}

/// What people see: the money's state when some went back, else the stage.
pub fn public_status(stage: Stage, money: Money) -> &'static str {
    match money {
        Money::Full => "refunded",
        Money::Partial => "partially_refunded",
        Money::None => stage.name(),
    }
}

#[cfg(test)]
mod tests {
    use Stage::{AwaitingPayment, Cancelled, Confirmed, Delivered, Failed, Fulfilled, Packed, Paid, Pending, Shipped};

    use super::*;

    #[test]
    fn every_stage_and_step() {
        let allowed = [
            (Pending, Step::AwaitPayment, AwaitingPayment),
            (Pending, Step::Pay, Paid),
            (AwaitingPayment, Step::Pay, Paid),
            (Pending, Step::Confirm, Confirmed),
            (AwaitingPayment, Step::ChangeToCash, Confirmed),
            (Failed, Step::Revive, Paid),
            (Paid, Step::Pack, Packed),
            (Confirmed, Step::Pack, Packed),
            (Packed, Step::Ship, Shipped),
            (Shipped, Step::Deliver, Delivered),
            (Shipped, Step::Fulfil, Fulfilled),
            (Pending, Step::Fail, Failed),
            (AwaitingPayment, Step::Fail, Failed),
            (Pending, Step::Cancel, Cancelled),
            (AwaitingPayment, Step::Cancel, Cancelled),
            (Paid, Step::Cancel, Cancelled),
            (Confirmed, Step::Cancel, Cancelled),
        ];
        for stage in Stage::ALL {
            for step in Step::ALL {
                let want = allowed.iter().find(|rule| (rule.0, rule.1) == (stage, step)).map(|rule| rule.2);
                assert_eq!(stage.after(step).ok(), want, "{stage:?} {step:?}");
            }
        }
    }

    /// The place of a stage on its way; steps only ever lead to a later one.
    fn place(stage: Stage) -> u8 {
        match stage {
            Pending => 0,
            AwaitingPayment => 1,
            Paid | Confirmed => 2,
            Packed => 3,
            Shipped => 4,
            Delivered | Fulfilled | Failed | Cancelled => 5,
        }
    }

    #[test]
    fn nothing_steps_back_and_ends_are_final() {
        for stage in Stage::ALL {
            for step in Step::ALL {
                // The one exception: money for an order that only ran out of time.
                if let Ok(next) = stage.after(step)
                    && step != Step::Revive
                {
                    assert!(place(next) > place(stage), "{stage:?} {step:?}");
                }
            }
            let ends = matches!(stage, Delivered | Fulfilled | Failed | Cancelled);
            assert_eq!(stage.allowed(Money::None).is_empty(), ends, "{stage:?}");
            assert!(stage.allowed(Money::Full).is_empty(), "{stage:?}");
        }
    }

    #[test]
    fn staff_is_told_what_is_allowed() {
        assert_eq!(Pending.allowed(Money::None), ["confirm", "cancel"]);
        assert_eq!(Paid.allowed(Money::Partial), ["pack", "cancel"]);
        assert_eq!(Packed.allowed(Money::None), ["ship"]);
        assert_eq!(Shipped.allowed(Money::None), ["deliver", "fulfil"]);
    }

    #[test]
    fn the_money_machine_counts_what_went_back() {
        assert_eq!(
            [0, 1, 99, 100].map(|refunded| Money::of(refunded, 100)),
            [Money::None, Money::Partial, Money::Partial, Money::Full]
        );
        assert_eq!(Money::of(0, 0), Money::None);
    }

    #[test]
    fn the_public_status_of_every_pair() {
        for stage in Stage::ALL {
            for money in Money::ALL {
                let want = match money {
                    Money::None => stage.name(),
                    Money::Partial => "partially_refunded",
                    Money::Full => "refunded",
                };
                assert_eq!(public_status(stage, money), want);
            }
        }
    }

    #[test]
    fn money_that_went_back_shows() {
        assert_eq!(public_status(Shipped, Money::None), "shipped");
        assert_eq!(public_status(Shipped, Money::Partial), "partially_refunded");
        assert_eq!(public_status(Cancelled, Money::Full), "refunded");
    }
}
