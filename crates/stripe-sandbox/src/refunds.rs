//! Refunds.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::cards::Behaviour;
use crate::charges::Charge;
use crate::error::ApiError;
use crate::form::{Metadata, Params};
use crate::ids::new_id;
use crate::state::{Body, Change, Snapshot, Tx};
use crate::table::Row;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Pending,
    Succeeded,
    Failed,
}

impl Status {
    fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Refund {
    pub id: String,
    pub account: Option<String>,
    pub created: i64,
    pub amount: i64,
    pub currency: String,
    pub charge: String,
    pub intent: String,
    pub reason: Option<String>,
    pub status: Status,
    pub failure_reason: Option<String>,
    pub metadata: Metadata,
    /// Where it goes a moment later, when it is not yet where it ends.
    pub next: Option<Status>,
}

impl Row for Refund {
    const NAME: &'static str = "refund";
    const PARAM: &'static str = "refund";

    fn id(&self) -> &str {
        &self.id
    }

    fn account(&self) -> Option<&str> {
        self.account.as_deref()
    }

    fn render(&self) -> Value {
        let mut refund = json!({
            "id": self.id, "object": "refund", "created": self.created, "amount": self.amount,
            "balance_transaction": null, "charge": self.charge, "currency": self.currency,
            "destination_details": {
                "type": "card",
                "card": { "reference_status": "pending", "reference_type": "acquirer_reference_number",
                          "type": "refund" },
            },
            "metadata": self.metadata, "payment_intent": self.intent, "reason": self.reason,
            "receipt_number": null, "source_transfer_reversal": null, "status": self.status.word(),
            "transfer_reversal": null,
        });
        if let Some(reason) = &self.failure_reason {
            refund["failure_reason"] = json!(reason);
        }
        refund
    }
}

const KNOWN: &[&str] = &[
    "amount",
    "charge",
    "currency",
    "customer",
    "instructions_email",
    "metadata",
    "origin",
    "payment_intent",
    "reason",
    "refund_application_fee",
    "reverse_transfer",
];

pub fn create(tx: &mut Tx<'_>, account: Option<&str>, params: &Params) -> Result<Body, ApiError> {
    params.only(KNOWN)?;
    let wanted = params.amount("amount")?;
    let reason = params.choice("reason", &["duplicate", "fraudulent", "requested_by_customer"])?;
    let mut metadata = Metadata::new();
    params.merge_metadata(&mut metadata)?;
    let mut charge = charge(tx, account, params)?;
    let left = charge.amount - charge.amount_refunded;
    if left == 0 {
        let message = format!("Charge {} has already been refunded.", charge.id);
        let error = ApiError::new(400, "invalid_request_error", Some("charge_already_refunded"), &message);
        return Err(ApiError { executed: true, ..error });
    }
    let amount = wanted.unwrap_or(left);
    if amount > left {
        let message = format!("Refund amount ({amount}) is greater than unrefunded amount on charge ({left})");
        let error = ApiError::invalid(&message, Some("amount"), Some("amount_too_large"));
        return Err(ApiError { executed: true, ..error });
    }
    let (status, next) = match (tx.refund_goes, charge.method.behaviour) {
        (Some(next), _) => (Status::Pending, Some(next)),
        (None, Behaviour::RefundsSlowly) => (Status::Pending, Some(Status::Succeeded)),
        (None, Behaviour::RefundsFail) => (Status::Succeeded, Some(Status::Failed)),
        (
            None,
            Behaviour::Succeeds
            | Behaviour::Declined(_)
            | Behaviour::Authenticates
            | Behaviour::AuthenticatesOnce
            | Behaviour::DeclinedLater
            | Behaviour::AuthenticatesThenDeclined
            | Behaviour::Processes,
        ) => (Status::Succeeded, None),
    };
    let refund = Refund {
        id: new_id("re"),
        account: account.map(str::to_owned),
        created: tx.now(),
        amount,
        currency: charge.currency.clone(),
        charge: charge.id.clone(),
        intent: charge.intent.clone(),
        reason,
        status,
        failure_reason: None,
        metadata,
        next,
    };
    charge.amount_refunded += amount;
    tx.put(Change::Refund(refund.clone()));
    tx.put(Change::Charge(charge.clone()));
    tx.emit("refund.created", Snapshot::Refund(refund.clone()));
    tx.emit("charge.refunded", Snapshot::Charge(charge));
    Ok(Body::of(Snapshot::Refund(refund)))
}

pub fn update(tx: &mut Tx<'_>, account: Option<&str>, id: &str, params: &Params) -> Result<Body, ApiError> {
    params.only(&["metadata"])?;
    let mut refund = tx.state.refunds.get(account, id)?.clone();
    params.merge_metadata(&mut refund.metadata)?;
    tx.put(Change::Refund(refund.clone()));
    Ok(Body::of(Snapshot::Refund(refund)))
}

pub fn retrieve(tx: &Tx<'_>, account: Option<&str>, id: &str) -> Result<Body, ApiError> {
    Ok(Body::of(Snapshot::Refund(tx.state.refunds.get(account, id)?.clone())))
}

pub fn list(tx: &Tx<'_>, account: Option<&str>, params: &Params) -> Result<Body, ApiError> {
    let (intent, charge) = (params.text("payment_intent")?, params.text("charge")?);
    let wanted = |refund: &Refund| {
        intent.as_ref().is_none_or(|intent| &refund.intent == intent)
            && charge.as_ref().is_none_or(|charge| &refund.charge == charge)
    };
    Ok(Body::json(&tx.state.refunds.list(account, params, "/v1/refunds", wanted)?))
}

/// Moves a refund to where it ends; the money of a failed one is the merchant's again.
pub fn settle(tx: &mut Tx<'_>, id: &str, end: Status) -> Result<Refund, ApiError> {
    let found = tx.state.refunds.any(id).cloned();
    let mut refund = found.ok_or_else(|| ApiError::not_found("refund", id, "refund"))?;
    if refund.status == end || refund.status == Status::Failed {
        return Ok(refund);
    }
    refund.status = end;
    refund.next = None;
    if end == Status::Failed {
        refund.failure_reason = Some("expired_or_canceled_card".to_owned());
        if let Some(mut charge) = tx.state.charges.any(&refund.charge).cloned() {
            charge.amount_refunded -= refund.amount;
            tx.put(Change::Charge(charge));
        }
    }
    tx.put(Change::Refund(refund.clone()));
    tx.emit("refund.updated", Snapshot::Refund(refund.clone()));
    if end == Status::Failed {
        tx.emit("refund.failed", Snapshot::Refund(refund.clone()));
    }
    Ok(refund)
}

fn charge(tx: &Tx<'_>, account: Option<&str>, params: &Params) -> Result<Charge, ApiError> {
    if let Some(id) = params.text("charge")? {
        return Ok(tx.state.charges.get(account, &id)?.clone());
    }
    let id = params.text("payment_intent")?.ok_or_else(|| {
        ApiError::invalid(
            "One of the following params should be provided for this request: payment_intent or charge.",
            Some("payment_intent"),
            Some("parameter_missing"),
        )
    })?;
    let intent = tx.state.intents.get(account, &id)?;
    let paid = intent.status == crate::intents::Status::Succeeded;
    let charge = intent.latest_charge.as_deref().filter(|_| paid).and_then(|id| tx.state.charges.any(id));
    charge.cloned().ok_or_else(|| {
        let message = format!("This PaymentIntent ({id}) does not have a successful charge to refund.");
        ApiError::unexpected_state(intent, &message)
    })
}
