//! Stripe's test cards and what each of them does.

use serde::{Deserialize, Serialize};

/// What paying with a card leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Behaviour {
    Succeeds,
    Declined(Decline),
    /// The person must authenticate; then it succeeds.
    Authenticates,
    /// The person must authenticate once, when the card is saved or first used; later payments succeed.
    AuthenticatesOnce,
    /// Can be saved; every payment is declined.
    DeclinedLater,
    /// The person must authenticate; then it is declined.
    AuthenticatesThenDeclined,
    /// The answer takes a moment.
    Processes,
    /// Pays; a refund starts as pending.
    RefundsSlowly,
    /// Pays; a refund succeeds at first and fails a moment later.
    RefundsFail,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decline {
    Generic,
    InsufficientFunds,
    LostCard,
    StolenCard,
    ExpiredCard,
    IncorrectCvc,
    ProcessingError,
}

impl Decline {
    /// Error code, decline code and message.
    pub fn words(self) -> (&'static str, Option<&'static str>, &'static str) {
        const DECLINED: &str = "Your card was declined.";
        match self {
            Self::Generic => ("card_declined", Some("generic_decline"), DECLINED),
            Self::InsufficientFunds => {
                ("card_declined", Some("insufficient_funds"), "Your card has insufficient funds.")
            }
            Self::LostCard => ("card_declined", Some("lost_card"), DECLINED),
            Self::StolenCard => ("card_declined", Some("stolen_card"), DECLINED),
            Self::ExpiredCard => ("expired_card", None, "Your card has expired."),
            Self::IncorrectCvc => ("incorrect_cvc", None, "Your card's security code is incorrect."),
            Self::ProcessingError => {
                let message = "An error occurred while processing your card. Try again in a little bit.";
                ("processing_error", None, message)
            }
        }
    }
}

/// A test card: its number and the names of the payment methods that stand for it.
pub struct Card {
    pub number: &'static str,
    pub names: &'static [&'static str],
    pub brand: &'static str,
    pub behaviour: Behaviour,
}

const fn card(number: &'static str, names: &'static [&'static str], brand: &'static str, behaviour: Behaviour) -> Card {
    Card { number, names, brand, behaviour }
}

pub const CARDS: &[Card] = &[
    card("4242424242424242", &["pm_card_visa"], "visa", Behaviour::Succeeds),
    card("4000056655665556", &["pm_card_visa_debit"], "visa", Behaviour::Succeeds),
    card("5555555555554444", &["pm_card_mastercard"], "mastercard", Behaviour::Succeeds),
    card("378282246310005", &["pm_card_amex"], "amex", Behaviour::Succeeds),
    card("6011111111111117", &["pm_card_discover"], "discover", Behaviour::Succeeds),
    card("4000000000000077", &["pm_card_bypassPending"], "visa", Behaviour::Succeeds),
    card(
        "4000000000000002",
        &["pm_card_visa_chargeDeclined", "pm_card_chargeDeclined"],
        "visa",
        Behaviour::Declined(Decline::Generic),
    ),
    card(
        "4000000000009995",
        &["pm_card_visa_chargeDeclinedInsufficientFunds", "pm_card_chargeDeclinedInsufficientFunds"],
        "visa",
        Behaviour::Declined(Decline::InsufficientFunds),
    ),
    card("4000000000009987", &["pm_card_visa_chargeDeclinedLostCard"], "visa", Behaviour::Declined(Decline::LostCard)),
    card(
        "4000000000009979",
        &["pm_card_visa_chargeDeclinedStolenCard"],
        "visa",
        Behaviour::Declined(Decline::StolenCard),
    ),
    card("4000000000000069", &["pm_card_chargeDeclinedExpiredCard"], "visa", Behaviour::Declined(Decline::ExpiredCard)),
    card(
        "4000000000000127",
        &["pm_card_chargeDeclinedIncorrectCvc"],
        "visa",
        Behaviour::Declined(Decline::IncorrectCvc),
    ),
    card(
        "4000000000000119",
        &["pm_card_chargeDeclinedProcessingError"],
        "visa",
        Behaviour::Declined(Decline::ProcessingError),
    ),
    card("4000000000000341", &["pm_card_chargeCustomerFail"], "visa", Behaviour::DeclinedLater),
    card("4000002500003155", &["pm_card_authenticationRequiredOnSetup"], "visa", Behaviour::AuthenticatesOnce),
    card("4000002760003184", &["pm_card_authenticationRequired"], "visa", Behaviour::Authenticates),
    card("4000000000003220", &["pm_card_threeDSecure2Required"], "visa", Behaviour::Authenticates),
    card("4000000000003063", &["pm_card_threeDSecureRequired"], "visa", Behaviour::Authenticates),
    card(
        "4000008400001629",
        &["pm_card_threeDSecureRequiredChargeDeclined"],
        "visa",
        Behaviour::AuthenticatesThenDeclined,
    ),
    card("4000000000007726", &["pm_card_pendingRefund"], "visa", Behaviour::RefundsSlowly),
    card("4000000000005126", &["pm_card_refundFail"], "visa", Behaviour::RefundsFail),
    card("4000000000000259", &["pm_sandbox_processing"], "visa", Behaviour::Processes),
];

pub fn by_name(name: &str) -> Option<&'static Card> {
    CARDS.iter().find(|card| card.names.contains(&name))
}

pub fn by_number(number: &str) -> Option<&'static Card> {
    CARDS.iter().find(|card| card.number == number)
}
