//! Invoices, and what one would say after a change of price.

use stripe_billing::invoice::{
    CreatePreviewInvoice, CreatePreviewInvoiceSubscriptionDetails, CreatePreviewInvoiceSubscriptionDetailsItems,
    CreatePreviewInvoiceSubscriptionDetailsProrationBehavior, ListInvoice, RetrieveInvoice,
};

use super::Proration;
use crate::retry::{Call, checked_id};
use crate::{GatewayError, StripeGateway};

/// Where an invoice stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as Stripe names them")]
pub enum InvoiceStatus {
    Draft,
    Open,
    Paid,
    Uncollectible,
    Void,
}

/// What we keep of an invoice. Amounts are in minor units, times in Unix seconds.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as Stripe names them")]
pub struct Invoice {
    pub id: String,
    pub customer: Option<String>,
    pub subscription: Option<String>,
    pub number: Option<String>,
    pub status: InvoiceStatus,
    pub reason: Option<String>,
    pub currency: String,
    pub subtotal_minor: i64,
    pub tax_minor: i64,
    pub total_minor: i64,
    pub due_minor: i64,
    pub paid_minor: i64,
    pub remaining_minor: i64,
    pub attempts: u64,
    pub next_attempt: Option<i64>,
    pub hosted_url: Option<String>,
    pub pdf_url: Option<String>,
    pub period_start: i64,
    pub period_end: i64,
    pub created: i64,
    pub finalized_at: Option<i64>,
    pub paid_at: Option<i64>,
}

/// What to look ahead at.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "as on `ChangePrice`")]
pub struct PreviewChange {
    pub customer: String,
    pub subscription: String,
    pub item: String,
    pub price: String,
    pub proration: Proration,
}

/// One line of an invoice to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreviewLine {
    /// In words.
    pub description: Option<String>,
    /// In minor units; negative for what is given back.
    pub amount_minor: i64,
    /// Is it about a part of a period?
    pub proration: bool,
    /// Unix seconds.
    pub period_start: i64,
    /// Unix seconds.
    pub period_end: i64,
}

/// An invoice to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// ISO 4217, upper case.
    pub currency: String,
    /// In minor units; negative when something is left over.
    pub total_minor: i64,
    /// What would be collected.
    pub due_minor: i64,
    /// Line by line.
    pub lines: Vec<PreviewLine>,
}

fn status(status: Option<&stripe_shared::InvoiceStatus>) -> Result<InvoiceStatus, GatewayError> {
    use stripe_shared::InvoiceStatus as Stripe;
    Ok(match status {
        None | Some(Stripe::Draft) => InvoiceStatus::Draft,
        Some(Stripe::Open) => InvoiceStatus::Open,
        Some(Stripe::Paid) => InvoiceStatus::Paid,
        Some(Stripe::Uncollectible) => InvoiceStatus::Uncollectible,
        Some(Stripe::Void) => InvoiceStatus::Void,
        Some(other) => {
            return Err(GatewayError::unknown(format!("the invoice has the unheard-of status {other:?}")));
        }
    })
}

impl TryFrom<stripe_shared::Invoice> for Invoice {
    type Error = GatewayError;

    fn try_from(invoice: stripe_shared::Invoice) -> Result<Self, GatewayError> {
        let id = invoice.id.ok_or_else(|| GatewayError::unknown("an invoice without id"))?;
        let parent = invoice.parent.and_then(|parent| parent.subscription_details);
        let subscription = invoice
            .subscription
            .or_else(|| parent.map(|details| details.subscription))
            .map(|subscription| subscription.into_id().to_string());
        Ok(Self {
            id: id.to_string(),
            customer: invoice.customer.map(|customer| customer.into_id().to_string()),
            subscription,
            number: invoice.number,
            status: status(invoice.status.as_ref())?,
            reason: invoice.billing_reason.map(|reason| reason.to_string()),
            currency: invoice.currency.to_string().to_ascii_uppercase(),
            subtotal_minor: invoice.subtotal,
            tax_minor: invoice.total_taxes.unwrap_or_default().iter().map(|tax| tax.amount).sum(),
            total_minor: invoice.total,
            due_minor: invoice.amount_due,
            paid_minor: invoice.amount_paid,
            remaining_minor: invoice.amount_remaining,
            attempts: invoice.attempt_count,
            next_attempt: invoice.next_payment_attempt,
            hosted_url: invoice.hosted_invoice_url,
            pdf_url: invoice.invoice_pdf,
            period_start: invoice.period_start,
            period_end: invoice.period_end,
            created: invoice.created,
            finalized_at: invoice.status_transitions.finalized_at,
            paid_at: invoice.status_transitions.paid_at,
        })
    }
}

fn is_proration(parent: &stripe_shared::BillingBillResourceInvoicingLinesParentsInvoiceLineItemParent) -> bool {
    parent.invoice_item_details.as_ref().is_some_and(|details| details.proration)
        || parent.subscription_item_details.as_ref().is_some_and(|details| details.proration)
}

impl StripeGateway {
    /// Reads an invoice.
    ///
    /// # Errors
    /// `Rejected` with status 404 when there is none, or no longer one.
    pub async fn invoice(&self, id: &str) -> Result<Invoice, GatewayError> {
        self.send(&RetrieveInvoice::new(checked_id(id)?), Call { key: None, account: None }).await?.try_into()
    }

    /// The newest invoices of a customer.
    ///
    /// # Errors
    /// See [`GatewayError`].
    pub async fn invoices_of(&self, customer: &str, limit: i64) -> Result<Vec<Invoice>, GatewayError> {
        let request = ListInvoice::new().customer(checked_id(customer)?).limit(limit);
        let page = self.send(&request, Call { key: None, account: None }).await?;
        page.data.into_iter().map(Invoice::try_from).collect()
    }

    /// What a change of price would cost. Nothing is changed.
    ///
    /// # Errors
    /// See [`GatewayError`].
    pub async fn preview_change(&self, change: PreviewChange) -> Result<Preview, GatewayError> {
        let mut item = CreatePreviewInvoiceSubscriptionDetailsItems::new();
        item.id = Some(checked_id(&change.item)?.to_owned());
        item.price = Some(checked_id(&change.price)?.to_owned());
        item.quantity = Some(1);
        let mut details = CreatePreviewInvoiceSubscriptionDetails::new();
        details.items = Some(vec![item]);
        details.proration_behavior = Some(match change.proration {
            Proration::ChargeNow | Proration::InvoiceNow => {
                CreatePreviewInvoiceSubscriptionDetailsProrationBehavior::AlwaysInvoice
            }
            Proration::Nothing => CreatePreviewInvoiceSubscriptionDetailsProrationBehavior::None,
        });
        let request = CreatePreviewInvoice::new()
            .customer(checked_id(&change.customer)?)
            .subscription(checked_id(&change.subscription)?)
            .subscription_details(details);
        let invoice = self.send(&request, Call { key: None, account: None }).await?;
        let lines = invoice.lines.data.into_iter().map(|line| PreviewLine {
            proration: line.parent.as_ref().is_some_and(is_proration),
            description: line.description,
            amount_minor: line.amount,
            period_start: line.period.start,
            period_end: line.period.end,
        });
        Ok(Preview {
            currency: invoice.currency.to_string().to_ascii_uppercase(),
            total_minor: invoice.total,
            due_minor: invoice.amount_due,
            lines: lines.collect(),
        })
    }
}
