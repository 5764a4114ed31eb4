//! Payment intents: what we ask of Stripe and what we keep of its answer.

use std::collections::BTreeMap;
use std::fmt;

use stripe_core::payment_intent::{
    CancelPaymentIntent, CapturePaymentIntent, CreatePaymentIntent, CreatePaymentIntentAutomaticPaymentMethods,
    RetrievePaymentIntent, SearchPaymentIntent,
};
use stripe_shared::{PaymentIntent, PaymentIntentCaptureMethod, PaymentIntentStatus};

use crate::retry::{Call, checked_id, currency};
use crate::{GatewayError, StripeGateway};

/// When the money moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capture {
    /// As soon as the shopper has confirmed.
    Automatic,
    /// When [`StripeGateway::capture_intent`] asks for it.
    Manual,
}

/// A payment to prepare. The shopper confirms it in the browser with the intent's client secret.
#[derive(Debug, Clone)]
pub struct CreateIntent {
    /// 1 to 255 characters; the same key never makes a second intent.
    pub idempotency_key: String,
    /// The amount in the currency's minor unit.
    pub amount_minor: i64,
    /// ISO 4217, upper or lower case.
    pub currency: String,
    /// When the money moves.
    pub capture: Capture,
    /// The connected account that receives the money.
    pub account: Option<String>,
    /// The platform's share in minor units; only together with `account`.
    pub application_fee_minor: Option<i64>,
    /// Our own names on the intent; [`StripeGateway::find_intents`] searches them.
    pub metadata: Vec<(String, String)>,
    /// Shown to staff in Stripe's dashboard.
    pub description: Option<String>,
    /// Where Stripe mails its receipt.
    pub receipt_email: Option<String>,
}

/// Where an intent stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as Stripe names them")]
pub enum IntentStatus {
    RequiresPaymentMethod,
    RequiresConfirmation,
    RequiresAction,
    Processing,
    RequiresCapture,
    Succeeded,
    Canceled,
}

impl IntentStatus {
    /// Reads Stripe's word; `None` for one we do not know.
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "requires_payment_method" => Self::RequiresPaymentMethod,
            "requires_confirmation" => Self::RequiresConfirmation,
            "requires_action" => Self::RequiresAction,
            "processing" => Self::Processing,
            "requires_capture" => Self::RequiresCapture,
            "succeeded" => Self::Succeeded,
            "canceled" => Self::Canceled,
            _ => return None,
        })
    }
}

/// What we keep of a payment intent. `Debug` never shows the client secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Intent {
    /// `pi_…`
    pub id: String,
    /// Where it stands.
    pub status: IntentStatus,
    /// The amount asked for, in minor units.
    pub amount_minor: i64,
    /// The amount received so far, in minor units.
    pub amount_received_minor: i64,
    /// The amount that is authorised and can be captured, in minor units.
    pub amount_capturable_minor: i64,
    /// ISO 4217, upper case.
    pub currency: String,
    /// Lets the shopper's browser confirm; never log it.
    pub client_secret: Option<String>,
    /// Our own names on the intent.
    pub metadata: BTreeMap<String, String>,
    /// Whether real money moves.
    pub livemode: bool,
    /// Unix seconds.
    pub created: i64,
    /// The decline or error code of the last failed attempt to pay.
    pub failure_code: Option<String>,
}

impl fmt::Debug for Intent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Intent")
            .field("id", &self.id)
            .field("status", &self.status)
            .field("amount_minor", &self.amount_minor)
            .field("amount_received_minor", &self.amount_received_minor)
            .field("amount_capturable_minor", &self.amount_capturable_minor)
            .field("currency", &self.currency)
            .field("metadata", &self.metadata)
            .field("livemode", &self.livemode)
            .field("created", &self.created)
            .field("failure_code", &self.failure_code)
            .finish_non_exhaustive()
    }
}

fn status(status: &PaymentIntentStatus) -> Result<IntentStatus, GatewayError> {
    Ok(match status {
        PaymentIntentStatus::Canceled => IntentStatus::Canceled,
        PaymentIntentStatus::Processing => IntentStatus::Processing,
        PaymentIntentStatus::RequiresAction => IntentStatus::RequiresAction,
        PaymentIntentStatus::RequiresCapture => IntentStatus::RequiresCapture,
        PaymentIntentStatus::RequiresConfirmation => IntentStatus::RequiresConfirmation,
        PaymentIntentStatus::RequiresPaymentMethod => IntentStatus::RequiresPaymentMethod,
        PaymentIntentStatus::Succeeded => IntentStatus::Succeeded,
        PaymentIntentStatus::Unknown(word) => {
            return Err(GatewayError::unknown(format!("the intent has the unheard-of status {word:?}")));
        }
        _ => return Err(GatewayError::unknown("the intent has an unheard-of status")),
    })
}

impl TryFrom<PaymentIntent> for Intent {
    type Error = GatewayError;

    fn try_from(intent: PaymentIntent) -> Result<Self, GatewayError> {
        let failure_code = intent.last_payment_error.and_then(|error| {
            let error = *error;
            error.decline_code.or_else(|| error.code.map(|code| code.to_string()))
        });
        Ok(Self {
            status: status(&intent.status)?,
            id: intent.id.to_string(),
            amount_minor: intent.amount,
            amount_received_minor: intent.amount_received,
            amount_capturable_minor: intent.amount_capturable,
            currency: intent.currency.to_string().to_ascii_uppercase(),
            client_secret: intent.client_secret,
            metadata: intent.metadata.into_iter().collect(),
            livemode: intent.livemode,
            created: intent.created,
            failure_code,
        })
    }
}

impl StripeGateway {
    /// Creates an intent that waits for a payment method.
    ///
    /// # Errors
    /// See [`GatewayError`]; after `Unknown` ask again with the same key, or search by metadata.
    pub async fn create_intent(&self, r: CreateIntent) -> Result<Intent, GatewayError> {
        let capture = match r.capture {
            Capture::Automatic => PaymentIntentCaptureMethod::Automatic,
            Capture::Manual => PaymentIntentCaptureMethod::Manual,
        };
        let mut request = CreatePaymentIntent::new(r.amount_minor, currency(&r.currency)?)
            .capture_method(capture)
            .automatic_payment_methods(CreatePaymentIntentAutomaticPaymentMethods::new(true));
        if !r.metadata.is_empty() {
            request = request.metadata(r.metadata.into_iter().collect::<std::collections::HashMap<_, _>>());
        }
        if let Some(fee) = r.application_fee_minor {
            request = request.application_fee_amount(fee);
        }
        if let Some(description) = r.description {
            request = request.description(description);
        }
        if let Some(email) = r.receipt_email {
            request = request.receipt_email(email);
        }
        self.send(&request, Call { key: Some(&r.idempotency_key), account: r.account.as_deref() }).await?.try_into()
    }

    /// Reads an intent.
    ///
    /// # Errors
    /// `Rejected` with status 404 when the account has no such intent.
    pub async fn intent(&self, id: &str, account: Option<&str>) -> Result<Intent, GatewayError> {
        self.send(&RetrievePaymentIntent::new(checked_id(id)?), Call { key: None, account }).await?.try_into()
    }

    /// Cancels an intent that has not succeeded.
    ///
    /// # Errors
    /// `Rejected` with code `payment_intent_unexpected_state` when it has already succeeded or been cancelled.
    pub async fn cancel_intent(
        &self,
        id: &str,
        account: Option<&str>,
        idempotency_key: &str,
    ) -> Result<Intent, GatewayError> {
        let request = CancelPaymentIntent::new(checked_id(id)?);
        self.send(&request, Call { key: Some(idempotency_key), account }).await?.try_into()
    }

    /// Captures an authorised intent: all of it, or `amount_minor` of it and the rest is released.
    ///
    /// # Errors
    /// `Rejected` with code `payment_intent_unexpected_state` when it is not waiting for capture.
    pub async fn capture_intent(
        &self,
        id: &str,
        amount_minor: Option<i64>,
        account: Option<&str>,
        idempotency_key: &str,
    ) -> Result<Intent, GatewayError> {
        let mut request = CapturePaymentIntent::new(checked_id(id)?);
        if let Some(amount) = amount_minor {
            request = request.amount_to_capture(amount);
        }
        self.send(&request, Call { key: Some(idempotency_key), account }).await?.try_into()
    }

    /// Every intent whose metadata holds `value` under `metadata_key`, newest first.
    ///
    /// Stripe's search lags behind writes, as a rule by less than a minute: absence proves nothing about a call made
    /// just now.
    ///
    /// # Errors
    /// See [`GatewayError`].
    pub async fn find_intents(
        &self,
        metadata_key: &str,
        value: &str,
        account: Option<&str>,
    ) -> Result<Vec<Intent>, GatewayError> {
        let query = format!("metadata['{}']:'{}'", quoted(metadata_key), quoted(value));
        let mut found = Vec::new();
        let mut page: Option<String> = None;
        loop {
            let mut request = SearchPaymentIntent::new(query.clone()).limit(100);
            if let Some(page) = page.take() {
                request = request.page(page);
            }
            let answer = self.send(&request, Call { key: None, account }).await?;
            for intent in answer.data {
                found.push(Intent::try_from(intent)?);
            }
            match answer.next_page {
                Some(next) if answer.has_more => page = Some(next),
                Some(_) | None => return Ok(found),
            }
        }
    }
}

fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\'', "\\'")
}
