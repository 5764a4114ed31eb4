//! What the provider says about a payment, and what follows from it. Pure.

use stripe_gateway::{Intent, IntentStatus};

use super::{Locked, Status};

/// What the provider says, in our words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The provider's own id of the payment.
    pub provider_ref: String,
    /// Where it stands over there.
    pub status: Reported,
    /// What is asked for.
    pub amount_minor: i64,
    /// What has arrived.
    pub received_minor: i64,
    /// Three capital letters.
    pub currency: String,
    /// The connected account that it belongs to.
    pub account: Option<String>,
    /// Real money?
    pub livemode: bool,
    /// For the browser.
    pub client_secret: Option<String>,
    /// Why the last try was declined.
    pub failure_code: Option<String>,
}

/// Where a payment stands at the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Reported {
    WaitsForShopper,
    Processing,
    Succeeded,
    Cancelled,
}

/// What a report does to a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Old news.
    Nothing,
    /// It goes on.
    Progress(Status),
    /// The money is there.
    Succeed,
    /// There will be no money.
    Cancel,
    /// It does not fit what we wrote down, or comes after the end: a person must look.
    Flag(&'static str),
}

impl Report {
    /// Reads an intent of `account`.
    pub fn of(intent: Intent, account: Option<String>) -> Self {
        let status = match intent.status {
            IntentStatus::RequiresPaymentMethod | IntentStatus::RequiresConfirmation | IntentStatus::RequiresAction => {
                Reported::WaitsForShopper
            }
            IntentStatus::Processing | IntentStatus::RequiresCapture => Reported::Processing,
            IntentStatus::Succeeded => Reported::Succeeded,
            IntentStatus::Canceled => Reported::Cancelled,
        };
        Self {
            provider_ref: intent.id,
            status,
            amount_minor: intent.amount_minor,
            received_minor: intent.amount_received_minor,
            currency: intent.currency,
            account,
            livemode: intent.livemode,
            client_secret: intent.client_secret,
            failure_code: intent.failure_code,
        }
    }

    /// What it does to `payment`. Whatever the order in which reports come, and however often, the end is the same:
    /// an end is never left, and what is not the end is only the latest news.
    pub(super) fn verdict(&self, payment: &Locked, livemode: bool) -> Verdict {
        if let Some(flag) = self.misfit(payment, livemode) {
            return Verdict::Flag(flag);
        }
        match (payment.status, self.status) {
            (Status::Succeeded, _) => Verdict::Nothing,
            (Status::Failed | Status::Cancelled, Reported::Succeeded) => Verdict::Flag("paid_after_end"),
            (Status::Failed | Status::Cancelled, _) => Verdict::Nothing,
            (_, Reported::Succeeded) => Verdict::Succeed,
            (_, Reported::Cancelled) => Verdict::Cancel,
            (_, Reported::Processing) => Verdict::Progress(Status::Processing),
            (_, Reported::WaitsForShopper) => Verdict::Progress(Status::RequiresAction),
        }
    }

    fn misfit(&self, payment: &Locked, livemode: bool) -> Option<&'static str> {
        let received_fits = self.status != Reported::Succeeded || self.received_minor == payment.amount_minor;
        if payment.provider_ref.as_ref().is_some_and(|known| *known != self.provider_ref) {
            Some("another_intent")
        } else if self.account != payment.account {
            Some("account_differs")
        } else if self.livemode != livemode {
            Some("mode_differs")
        } else if !self.currency.eq_ignore_ascii_case(&payment.currency) {
            Some("currency_differs")
        } else if self.amount_minor != payment.amount_minor || !received_fits {
            Some("amount_differs")
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payments::{PaymentId, Provider};

    fn payment(status: Status) -> Locked {
        Locked {
            id: PaymentId::new(),
            order_id: uuid::Uuid::nil(),
            provider: Provider::Stripe,
            status,
            amount_minor: 1000,
            currency: "EUR".into(),
            account: None,
            provider_key: "k".into(),
            provider_ref: Some("pi_1".into()),
            failure_code: None,
            flag: None,
            version: 1,
            stale: false,
        }
    }

    fn report(status: Reported) -> Report {
        Report {
            provider_ref: "pi_1".into(),
            status,
            amount_minor: 1000,
            received_minor: if status == Reported::Succeeded { 1000 } else { 0 },
            currency: "EUR".into(),
            account: None,
            livemode: false,
            client_secret: None,
            failure_code: None,
        }
    }

    #[test]
    fn every_status_and_report() {
        use Reported::{Cancelled, Processing, Succeeded, WaitsForShopper};
        for status in [Status::Created, Status::Unknown, Status::Processing, Status::RequiresAction] {
            let verdict = |reported| report(reported).verdict(&payment(status), false);
            assert_eq!(verdict(Succeeded), Verdict::Succeed);
            assert_eq!(verdict(Cancelled), Verdict::Cancel);
            assert_eq!(verdict(Processing), Verdict::Progress(Status::Processing));
            assert_eq!(verdict(WaitsForShopper), Verdict::Progress(Status::RequiresAction));
        }
        for reported in [Cancelled, Processing, Succeeded, WaitsForShopper] {
            assert_eq!(report(reported).verdict(&payment(Status::Succeeded), false), Verdict::Nothing);
            for status in [Status::Failed, Status::Cancelled] {
                let want = if reported == Succeeded { Verdict::Flag("paid_after_end") } else { Verdict::Nothing };
                assert_eq!(report(reported).verdict(&payment(status), false), want);
            }
        }
    }

    #[test]
    fn what_does_not_fit_never_pays() {
        let paid = report(Reported::Succeeded);
        let misfits = [
            (Report { amount_minor: 999, ..paid.clone() }, "amount_differs"),
            (Report { received_minor: 999, ..paid.clone() }, "amount_differs"),
            (Report { currency: "USD".into(), ..paid.clone() }, "currency_differs"),
            (Report { account: Some("acct_1".into()), ..paid.clone() }, "account_differs"),
            (Report { livemode: true, ..paid.clone() }, "mode_differs"),
            (Report { provider_ref: "pi_2".into(), ..paid.clone() }, "another_intent"),
        ];
        for (report, flag) in misfits {
            assert_eq!(report.verdict(&payment(Status::RequiresAction), false), Verdict::Flag(flag));
        }
        assert_eq!(paid.verdict(&payment(Status::RequiresAction), false), Verdict::Succeed);
    }
}
