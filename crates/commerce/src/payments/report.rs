//! What the provider says about a payment, and what follows from it. Pure.

use stripe_gateway::{Intent, IntentStatus};

use super::{Capture, Locked, Status};

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
    /// What is promised, and can be captured.
    pub capturable_minor: i64,
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
    /// The bank has promised the money; it moves when it is captured.
    Authorized,
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
    /// The money is promised.
    Authorize,
    /// The money is there.
    Succeed,
    /// There will be no money.
    Cancel,
    /// The money came after the payment had ended here.
    Late,
    /// It has ended here and lives over there: it must end there too.
    Alive,
    /// It is another intent than the one we know: there is one too many.
    Stray,
    /// It does not fit what we wrote down: a person must look.
    Flag(&'static str),
}

impl Report {
    /// Reads an intent of `account`.
    pub fn of(intent: Intent, account: Option<String>) -> Self {
        let status = match intent.status {
            IntentStatus::RequiresPaymentMethod | IntentStatus::RequiresConfirmation | IntentStatus::RequiresAction => {
                Reported::WaitsForShopper
            }
            IntentStatus::Processing => Reported::Processing,
            IntentStatus::RequiresCapture => Reported::Authorized,
            IntentStatus::Succeeded => Reported::Succeeded,
            IntentStatus::Canceled => Reported::Cancelled,
        };
        Self {
            provider_ref: intent.id,
            status,
            amount_minor: intent.amount_minor,
            received_minor: intent.amount_received_minor,
            capturable_minor: intent.amount_capturable_minor,
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
        if payment.provider_ref.as_ref().is_some_and(|known| *known != self.provider_ref) {
            return Verdict::Stray;
        }
        match (payment.status, self.status) {
            (Status::Succeeded, _) => Verdict::Nothing,
            (Status::Failed | Status::Cancelled, Reported::Succeeded) => Verdict::Late,
            (Status::Failed | Status::Cancelled, Reported::Cancelled) => Verdict::Nothing,
            (
                Status::Failed | Status::Cancelled,
                Reported::WaitsForShopper | Reported::Processing | Reported::Authorized,
            ) => Verdict::Alive,
            (_, Reported::Succeeded) => Verdict::Succeed,
            (_, Reported::Cancelled) => Verdict::Cancel,
            (Status::Authorized, Reported::WaitsForShopper | Reported::Processing | Reported::Authorized) => {
                Verdict::Nothing
            }
            (_, Reported::Authorized) => Verdict::Authorize,
            (_, Reported::Processing) => Verdict::Progress(Status::Processing),
            (_, Reported::WaitsForShopper) => Verdict::Progress(Status::RequiresAction),
        }
    }

    /// Money of another amount, currency, account or mode never pays an order, nor goes back by itself.
    fn misfit(&self, payment: &Locked, livemode: bool) -> Option<&'static str> {
        let fits = match self.status {
            Reported::Succeeded => self.received_minor == payment.amount_minor,
            Reported::Authorized => self.capturable_minor == payment.amount_minor,
            Reported::WaitsForShopper | Reported::Processing | Reported::Cancelled => true,
        };
        if self.account != payment.account {
            Some("account_differs")
        } else if self.livemode != livemode {
            Some("mode_differs")
        } else if !self.currency.eq_ignore_ascii_case(&payment.currency) {
            Some("currency_differs")
        } else if self.amount_minor != payment.amount_minor || !fits {
            Some("amount_differs")
        } else if self.status == Reported::Authorized && payment.capture == Capture::Automatic {
            Some("capture_differs")
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
            attempt: 1,
            capture: Capture::Manual,
            application_fee_minor: None,
            captured_minor: 0,
            refunded_minor: 0,
            void_reason: None,
            surplus: false,
            reference: None,
            asks: 0,
            stale: false,
        }
    }

    fn report(status: Reported) -> Report {
        Report {
            provider_ref: "pi_1".into(),
            status,
            amount_minor: 1000,
            received_minor: if status == Reported::Succeeded { 1000 } else { 0 },
            capturable_minor: if status == Reported::Authorized { 1000 } else { 0 },
            currency: "EUR".into(),
            account: None,
            livemode: false,
            client_secret: None,
            failure_code: None,
        }
    }

    const ALL: [Reported; 5] = [
        Reported::WaitsForShopper,
        Reported::Processing,
        Reported::Authorized,
        Reported::Succeeded,
        Reported::Cancelled,
    ];

    #[test]
    fn every_status_and_report() {
        let verdicts = |status| ALL.map(|reported| report(reported).verdict(&payment(status), false));
        for status in [Status::Created, Status::Unknown, Status::Processing, Status::RequiresAction] {
            assert_eq!(
                verdicts(status),
                [
                    Verdict::Progress(Status::RequiresAction),
                    Verdict::Progress(Status::Processing),
                    Verdict::Authorize,
                    Verdict::Succeed,
                    Verdict::Cancel,
                ]
            );
        }
        let nothing = || Verdict::Nothing;
        assert_eq!(verdicts(Status::Authorized), [nothing(), nothing(), nothing(), Verdict::Succeed, Verdict::Cancel]);
        assert_eq!(verdicts(Status::Succeeded), [nothing(), nothing(), nothing(), nothing(), nothing()]);
        for status in [Status::Failed, Status::Cancelled] {
            assert_eq!(
                verdicts(status),
                [Verdict::Alive, Verdict::Alive, Verdict::Alive, Verdict::Late, Verdict::Nothing]
            );
        }
    }

    #[test]
    fn what_does_not_fit_never_pays() {
        for status in [Reported::Succeeded, Reported::Authorized] {
            let told = report(status);
            let misfits = [
                (Report { amount_minor: 999, ..told.clone() }, "amount_differs"),
                (Report { received_minor: 999, capturable_minor: 999, ..told.clone() }, "amount_differs"),
                (Report { currency: "USD".into(), ..told.clone() }, "currency_differs"),
                (Report { account: Some("acct_1".into()), ..told.clone() }, "account_differs"),
                (Report { livemode: true, ..told.clone() }, "mode_differs"),
            ];
            for (report, flag) in misfits {
                assert_eq!(report.verdict(&payment(Status::RequiresAction), false), Verdict::Flag(flag));
            }
            let other = Report { provider_ref: "pi_2".into(), ..told };
            assert_eq!(other.verdict(&payment(Status::RequiresAction), false), Verdict::Stray);
        }
        let at_once = Locked { capture: Capture::Automatic, ..payment(Status::RequiresAction) };
        assert_eq!(report(Reported::Authorized).verdict(&at_once, false), Verdict::Flag("capture_differs"));
        assert_eq!(report(Reported::Succeeded).verdict(&payment(Status::RequiresAction), false), Verdict::Succeed);
    }
}
