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
            (Self::Pending, Step::Confirm) => Ok(Self::Confirmed),
            (Self::Paid | Self::Confirmed, Step::Pack) => Ok(Self::Packed),
            (Self::Packed, Step::Ship) => Ok(Self::Shipped),
            (Self::Shipped, Step::Deliver) => Ok(Self::Delivered),
            (Self::Shipped, Step::Fulfil) => Ok(Self::Fulfilled),
            (Self::Pending | Self::AwaitingPayment, Step::Fail) => Ok(Self::Failed),
            (Self::Pending | Self::AwaitingPayment | Self::Paid | Self::Confirmed, Step::Cancel) => Ok(Self::Cancelled),
            (stage, step) => Err(OrderError::WrongStage { stage, step }),
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

impl Step {
    /// The event that tells of it.
    pub fn event(self) -> &'static str {
        match self {
            Self::AwaitPayment => "order.awaiting_payment",
            Self::Pay => "order.paid",
            Self::Confirm => "order.confirmed",
            Self::Pack => "order.packed",
            Self::Ship => "order.shipped",
            Self::Deliver => "order.delivered",
            Self::Fulfil => "order.fulfilled",
            Self::Fail => "order.failed",
            Self::Cancel => "order.cancelled",
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
        let steps = [
            Step::AwaitPayment,
            Step::Pay,
            Step::Confirm,
            Step::Pack,
            Step::Ship,
            Step::Deliver,
            Step::Fulfil,
            Step::Fail,
            Step::Cancel,
        ];
        let allowed = [
            (Pending, Step::AwaitPayment, AwaitingPayment),
            (Pending, Step::Pay, Paid),
            (AwaitingPayment, Step::Pay, Paid),
            (Pending, Step::Confirm, Confirmed),
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
            for step in steps {
                let want = allowed.iter().find(|rule| (rule.0, rule.1) == (stage, step)).map(|rule| rule.2);
                assert_eq!(stage.after(step).ok(), want, "{stage:?} {step:?}");
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
