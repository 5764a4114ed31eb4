//! Refunds: what we ask of Stripe and what we keep of its answer.

use std::collections::{BTreeMap, HashMap};

use stripe_core::refund::{CreateRefund as StripeCreateRefund, CreateRefundReason, ListRefund, RetrieveRefund};

use crate::retry::{Call, checked_id};
use crate::{GatewayError, StripeGateway};

/// Why the money goes back, in Stripe's vocabulary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as Stripe names them")]
pub enum RefundReason {
    Duplicate,
    Fraudulent,
    RequestedByCustomer,
}

/// Money to give back.
#[derive(Debug, Clone)]
pub struct CreateRefund {
    /// 1 to 255 characters; the same key never makes a second refund.
    pub idempotency_key: String,
    /// The intent that was paid, `pi_…`.
    pub intent: String,
    /// Minor units; everything that is left when absent.
    pub amount_minor: Option<i64>,
    /// Why, if Stripe shall know.
    pub reason: Option<RefundReason>,
    /// The connected account that took the money.
    pub account: Option<String>,
    /// Our own names on the refund.
    pub metadata: Vec<(String, String)>,
}

/// Where a refund stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as Stripe names them")]
pub enum RefundStatus {
    Pending,
    RequiresAction,
    Succeeded,
    Failed,
    Canceled,
}

impl RefundStatus {
    /// Reads Stripe's word; `None` for one we do not know.
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "pending" => Self::Pending,
            "requires_action" => Self::RequiresAction,
            "succeeded" => Self::Succeeded,
            "failed" => Self::Failed,
            "canceled" => Self::Canceled,
            _ => return None,
        })
    }
}

/// What we keep of a refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    /// `re_…`
    pub id: String,
    /// Where it stands.
    pub status: RefundStatus,
    /// Minor units.
    pub amount_minor: i64,
    /// ISO 4217, upper case.
    pub currency: String,
    /// The intent that was paid.
    pub intent: Option<String>,
    /// Why it failed, when it did.
    pub failure_reason: Option<String>,
    /// Our own names on the refund.
    pub metadata: BTreeMap<String, String>,
    /// Unix seconds.
    pub created: i64,
}

impl TryFrom<stripe_shared::Refund> for Refund {
    type Error = GatewayError;

    fn try_from(refund: stripe_shared::Refund) -> Result<Self, GatewayError> {
        let status = refund.status.as_deref().and_then(RefundStatus::parse).ok_or_else(|| {
            GatewayError::unknown(format!("the refund has the unheard-of status {:?}", refund.status))
        })?;
        Ok(Self {
            status,
            id: refund.id.to_string(),
            amount_minor: refund.amount,
            currency: refund.currency.to_string().to_ascii_uppercase(),
            intent: refund.payment_intent.map(|intent| intent.into_id().to_string()),
            failure_reason: refund.failure_reason,
            metadata: refund.metadata.unwrap_or_default().into_iter().collect(),
            created: refund.created,
        })
    }
}

impl StripeGateway {
    /// Gives money back.
    ///
    /// # Errors
    /// `Rejected` when more is asked back than was received; after `Unknown` ask again with the same key.
    pub async fn create_refund(&self, r: CreateRefund) -> Result<Refund, GatewayError> {
        let mut request = StripeCreateRefund::new().payment_intent(checked_id(&r.intent)?);
        if let Some(amount) = r.amount_minor {
            request = request.amount(amount);
        }
        if let Some(reason) = r.reason {
            request = request.reason(match reason {
                RefundReason::Duplicate => CreateRefundReason::Duplicate,
                RefundReason::Fraudulent => CreateRefundReason::Fraudulent,
                RefundReason::RequestedByCustomer => CreateRefundReason::RequestedByCustomer,
            });
        }
        if !r.metadata.is_empty() {
            request = request.metadata(r.metadata.into_iter().collect::<HashMap<_, _>>());
        }
        self.send(&request, Call { key: Some(&r.idempotency_key), account: r.account.as_deref() }).await?.try_into()
    }

    /// Every refund of an intent, newest first. The list is exact at any time, unlike a search.
    ///
    /// # Errors
    /// See [`GatewayError`].
    pub async fn refunds_of(&self, intent: &str, account: Option<&str>) -> Result<Vec<Refund>, GatewayError> {
        let intent = checked_id(intent)?;
        let mut found: Vec<Refund> = Vec::new();
        loop {
            let mut request = ListRefund::new().payment_intent(intent).limit(100);
            if let Some(last) = found.last() {
                request = request.starting_after(last.id.clone());
            }
            let page = self.send(&request, Call { key: None, account }).await?;
            for refund in page.data {
                found.push(Refund::try_from(refund)?);
            }
            if !page.has_more {
                return Ok(found);
            }
        }
    }

    /// Reads a refund.
    ///
    /// # Errors
    /// `Rejected` with status 404 when the account has no such refund.
    pub async fn refund(&self, id: &str, account: Option<&str>) -> Result<Refund, GatewayError> {
        self.send(&RetrieveRefund::new(checked_id(id)?), Call { key: None, account }).await?.try_into()
    }
}
