//! What a person does on the checkout page: paying, subscribing, saving a card.

use super::{LineItem, Mode, Session, Status};
use crate::cards::{self, Behaviour};
use crate::customers::{self, Customer};
use crate::error::ApiError;
use crate::form::{Metadata, Params};
use crate::ids::new_id;
use crate::intents::{self, Intent, Outcome};
use crate::invoices::{self, Line};
use crate::payment_methods::{self, PaymentMethod};
use crate::setup_intents;
use crate::state::{Change, Snapshot, Tx};
use crate::subscriptions::{self, Item, New, Payment, Wanted};

const DAY: i64 = 24 * 60 * 60;

/// Completes the session with `card` (the name or the number of a test card), `email`, and, for a card whose bank asks,
/// `authentication=complete`.
pub fn complete(tx: &mut Tx<'_>, id: &str, said: &Params) -> Result<Session, ApiError> {
    let found = tx.state.sessions.any(id).cloned();
    let mut session = found.ok_or_else(|| ApiError::not_found("checkout.session", id, "session"))?;
    tx.live_by(session.clock.as_deref());
    if session.status != Status::Open || session.expires_at <= tx.now() {
        return Err(ApiError::invalid("This Checkout Session is no longer open.", None, None));
    }
    let method = match said.text("card")? {
        Some(card) => Some(card_for(tx, &session, &card, said)?),
        None if session.needs_card() => return Err(ApiError::missing_param("card")),
        None => None,
    };
    let customer = customer(tx, &mut session, said)?;
    let method = match method {
        Some(method) => {
            tx.put(Change::PaymentMethod(method.clone()));
            Some(payment_methods::attach_to(tx, session.account.as_deref(), &method.id, &customer.id)?)
        }
        None => None,
    };
    match (session.mode, method) {
        (Mode::Subscription, method) => subscribe(tx, &mut session, customer, method)?,
        (Mode::Payment, Some(method)) => pay(tx, &mut session, &customer, &method)?,
        (Mode::Setup, Some(method)) => {
            let mut intent = setup_intents::blank(session.account.as_deref(), Some(customer.id), tx.now());
            intent.metadata.clone_from(&session.intent_metadata);
            let intent = setup_intents::succeed(tx, intent, method)?;
            session.setup_intent = Some(intent.id);
        }
        (Mode::Payment | Mode::Setup, None) => return Err(ApiError::missing_param("card")),
    }
    session.status = Status::Complete;
    tx.put(Change::Session(session.clone()));
    tx.emit("checkout.session.completed", Snapshot::Session(session.clone()));
    Ok(session)
}

/// The card, as far as the bank lets it be used here and now.
fn card_for(tx: &Tx<'_>, session: &Session, card: &str, said: &Params) -> Result<PaymentMethod, ApiError> {
    let number: String = card.chars().filter(|c| !c.is_whitespace()).collect();
    let Some(card) = cards::by_name(&number).or_else(|| cards::by_number(&number)) else {
        let message = "Your card number is incorrect: use a test card.";
        return Err(ApiError::new(402, "card_error", Some("incorrect_number"), message));
    };
    let mut method = PaymentMethod::of(card, session.account.as_deref(), tx.now());
    let pays = session.due_now() > 0;
    match method.behaviour {
        Behaviour::Succeeds | Behaviour::Processes | Behaviour::RefundsSlowly | Behaviour::RefundsFail => {}
        Behaviour::Declined(_) => payment_methods::must_pay(&method)?,
        Behaviour::DeclinedLater if pays => payment_methods::must_pay(&method)?,
        Behaviour::DeclinedLater => {}
        Behaviour::Authenticates | Behaviour::AuthenticatesOnce | Behaviour::AuthenticatesThenDeclined => {
            let outcome = said.choice("authentication", &["complete", "fail"])?;
            match outcome.as_deref() {
                None => {
                    let message = "Your bank asks you to authenticate: authentication=complete or fail.";
                    return Err(ApiError::new(402, "card_error", Some("authentication_required"), message));
                }
                Some("complete") if method.behaviour != Behaviour::AuthenticatesThenDeclined => {
                    method.authenticated = true;
                }
                Some("complete") => return Err(payment_methods::declined(cards::Decline::Generic)),
                Some(_) => {
                    let message = "We are unable to authenticate your payment method. Please choose a different \
                                   payment method and try again.";
                    let code = Some("payment_intent_authentication_failure");
                    return Err(ApiError::new(402, "card_error", code, message));
                }
            }
        }
    }
    Ok(method)
}

/// Whoever the session is for; a new customer when nobody was named.
fn customer(tx: &mut Tx<'_>, session: &mut Session, said: &Params) -> Result<Customer, ApiError> {
    if let Some(id) = &session.customer {
        return customers::living(tx, session.account.as_deref(), id);
    }
    let email = session.customer_email.clone().map_or_else(|| said.text("email"), |email| Ok(Some(email)))?;
    let email = email.ok_or_else(|| ApiError::missing_param("email"))?;
    let mut customer = Customer::new(session.account.as_deref(), tx.now());
    customer.email = Some(email.clone());
    customer.name = said.text("name")?;
    tx.put(Change::Customer(customer.clone()));
    tx.emit("customer.created", Snapshot::Customer(customer.clone()));
    session.customer = Some(customer.id.clone());
    session.customer_email = Some(email);
    Ok(customer)
}

fn subscribe(
    tx: &mut Tx<'_>,
    session: &mut Session,
    customer: Customer,
    method: Option<PaymentMethod>,
) -> Result<(), ApiError> {
    let (recurring, once): (Vec<&LineItem>, Vec<&LineItem>) =
        session.items.iter().partition(|item| item.price.recurring.is_some());
    let now = tx.now();
    for item in once {
        let line = Line::once(item, now);
        invoices::keep_item(tx, customer.account.as_deref(), &customer.id, customer.clock.as_deref(), line);
    }
    let item = |item: &LineItem| Item {
        id: new_id("si"),
        created: now,
        price: item.price.clone(),
        quantity: item.quantity,
        metadata: Metadata::new(),
    };
    let data = &session.data;
    let new = New {
        items: Wanted {
            items: recurring.into_iter().map(item).collect(),
            currency: session.currency.clone().unwrap_or_default(),
        },
        trial_end: data.trial_end.or_else(|| data.trial_days.map(|days| now + days * DAY)),
        missing_method: data.missing_method,
        default_payment_method: method.map(|method| method.id),
        save_default: false,
        payment: Payment::AllowIncomplete,
        send_invoice: false,
        days_until_due: None,
        description: data.description.clone(),
        metadata: data.metadata.clone(),
        customer,
    };
    let started = subscriptions::start(tx, new)?;
    session.subscription = Some(started.id.clone());
    session.invoice.clone_from(&started.latest_invoice);
    let intent = started.latest_invoice.as_deref().and_then(|id| tx.state.invoices.any(id)?.payment_intent.clone());
    authenticate(tx, intent.as_deref())?;
    let active = tx.state.subscriptions.any(&started.id).is_some_and(|row| row.status == subscriptions::Status::Active);
    session.paid = active && session.due_now() > 0;
    Ok(())
}

/// The person is there, and has said that the bank may be asked.
fn authenticate(tx: &mut Tx<'_>, intent: Option<&str>) -> Result<(), ApiError> {
    let intent = intent.and_then(|id| tx.state.intents.any(id)).cloned();
    match intent.filter(|intent| intent.status == intents::Status::RequiresAction) {
        Some(intent) => intents::authenticate(tx, &intent.id, &intent.client_secret, Outcome::Complete).map(drop),
        None => Ok(()),
    }
}

fn pay(tx: &mut Tx<'_>, session: &mut Session, customer: &Customer, method: &PaymentMethod) -> Result<(), ApiError> {
    let currency = session.currency.clone().unwrap_or_default();
    let intent = Intent {
        customer: Some(customer.id.clone()),
        receipt_email: customer.email.clone(),
        metadata: session.intent_metadata.clone(),
        ..Intent::new(session.account.as_deref(), session.total(), currency, tx.now())
    };
    let id = intent.id.clone();
    tx.put(Change::Intent(intent.clone()));
    tx.emit("payment_intent.created", Snapshot::Intent(intent.clone()));
    intents::attempt(tx, intent, method)?;
    authenticate(tx, Some(&id))?;
    session.paid = tx.state.intents.any(&id).is_some_and(|intent| intent.status == intents::Status::Succeeded);
    session.payment_intent = Some(id);
    Ok(())
}
