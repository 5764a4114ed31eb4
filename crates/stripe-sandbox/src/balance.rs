//! A customer's balance and how it came about. Negative is a credit towards the next invoices.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::customers::{self, Customer};
use crate::error::ApiError;
use crate::form::{Metadata, Params};
use crate::ids::new_id;
use crate::intents;
use crate::invoices::Invoice;
use crate::state::{Body, Change, Snapshot, Tx};
use crate::table::Row;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BalanceTransaction {
    pub id: String,
    pub account: Option<String>,
    pub created: i64,
    pub customer: String,
    pub amount: i64,
    pub ending: i64,
    pub currency: String,
    pub kind: String,
    pub invoice: Option<String>,
    pub description: Option<String>,
    pub metadata: Metadata,
}

impl Row for BalanceTransaction {
    const NAME: &'static str = "customer_balance_transaction";
    const PARAM: &'static str = "transaction";

    fn id(&self) -> &str {
        &self.id
    }

    fn account(&self) -> Option<&str> {
        self.account.as_deref()
    }

    fn render(&self) -> Value {
        json!({
            "id": self.id, "object": "customer_balance_transaction", "created": self.created, "livemode": false,
            "amount": self.amount, "checkout_session": null, "credit_note": null, "currency": self.currency,
            "customer": self.customer, "description": self.description, "ending_balance": self.ending,
            "invoice": self.invoice, "metadata": self.metadata, "type": self.kind,
        })
    }
}

/// Brings the balance to `ending` and writes down why; nothing when it is there already.
pub fn move_to(tx: &mut Tx<'_>, customer: &Customer, ending: i64, kind: &str, invoice: Option<&Invoice>) {
    if customer.balance == ending {
        return;
    }
    let currency = invoice.map(|invoice| invoice.currency.clone()).or_else(|| customer.currency.clone());
    let entry = BalanceTransaction {
        id: new_id("cbtxn"),
        account: customer.account.clone(),
        created: tx.now(),
        customer: customer.id.clone(),
        amount: ending - customer.balance,
        ending,
        currency: currency.unwrap_or_else(|| "usd".to_owned()),
        kind: kind.to_owned(),
        invoice: invoice.map(|invoice| invoice.id.clone()),
        description: None,
        metadata: Metadata::new(),
    };
    keep(tx, customer, entry);
}

fn keep(tx: &mut Tx<'_>, customer: &Customer, entry: BalanceTransaction) {
    let before = customer.render();
    let currency = Some(customer.currency.clone().unwrap_or_else(|| entry.currency.clone()));
    let customer = Customer { balance: entry.ending, currency, ..customer.clone() };
    tx.put(Change::BalanceTransaction(entry));
    tx.put(Change::Customer(customer.clone()));
    tx.emit_update("customer.updated", &before, Snapshot::Customer(customer));
}

pub fn create(tx: &mut Tx<'_>, account: Option<&str>, customer: &str, params: &Params) -> Result<Body, ApiError> {
    params.only(&["amount", "currency", "description", "metadata"])?;
    let customer = customers::living(tx, account, customer)?;
    tx.live_by(customer.clock.as_deref());
    let amount = params.integer("amount")?.ok_or_else(|| ApiError::missing_param("amount"))?;
    let currency = intents::currency(params)?.ok_or_else(|| ApiError::missing_param("currency"))?;
    if customer.currency.as_ref().is_some_and(|other| other != &currency) {
        let message = "The customer's balance is in another currency.";
        return Err(ApiError::invalid(message, Some("currency"), None));
    }
    let mut entry = BalanceTransaction {
        id: new_id("cbtxn"),
        account: account.map(str::to_owned),
        created: tx.now(),
        customer: customer.id.clone(),
        amount,
        ending: customer.balance.saturating_add(amount),
        currency,
        kind: "adjustment".to_owned(),
        invoice: None,
        description: params.text("description")?,
        metadata: Metadata::new(),
    };
    params.merge_metadata(&mut entry.metadata)?;
    keep(tx, &customer, entry.clone());
    Ok(Body::of(Snapshot::BalanceTransaction(entry)))
}

pub fn list(tx: &Tx<'_>, account: Option<&str>, customer: &str, params: &Params) -> Result<Body, ApiError> {
    tx.state.customers.get(account, customer)?;
    let url = format!("/v1/customers/{customer}/balance_transactions");
    let wanted = |entry: &BalanceTransaction| entry.customer == customer;
    Ok(Body::json(&tx.state.balance_transactions.list(account, params, &url, wanted)?))
}
