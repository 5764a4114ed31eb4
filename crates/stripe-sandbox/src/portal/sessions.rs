//! Portal sessions: a customer's way in, for an hour.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::configurations;
use crate::customers;
use crate::error::ApiError;
use crate::form::Params;
use crate::ids::{new_id, now, random};
use crate::state::{Body, Change, Snapshot, Tx};
use crate::table::Row;

const LIFE: i64 = 60 * 60;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Session {
    pub id: String,
    pub account: Option<String>,
    /// By the machine's time.
    pub created: i64,
    pub customer: String,
    pub configuration: String,
    pub return_url: Option<String>,
    /// The one thing it is for, when it is for one.
    pub flow: Option<String>,
    pub flow_subscription: Option<String>,
    pub secret: String,
    pub url: String,
}

impl Session {
    pub fn open(&self) -> bool {
        now() <= self.created + LIFE
    }
}

impl Row for Session {
    const NAME: &'static str = "portal session";
    const PARAM: &'static str = "session";

    fn id(&self) -> &str {
        &self.id
    }

    fn account(&self) -> Option<&str> {
        self.account.as_deref()
    }

    fn render(&self) -> Value {
        let flow = self.flow.as_ref().map(|kind| {
            let subscription = json!({ "subscription": self.flow_subscription, "retention": null });
            json!({
                "type": kind,
                "after_completion": { "type": "portal_homepage", "hosted_confirmation": null, "redirect": null },
                "subscription_cancel": (kind == "subscription_cancel").then_some(&subscription),
                "subscription_update": (kind == "subscription_update").then_some(&subscription),
                "subscription_update_confirm": null,
            })
        });
        json!({
            "id": self.id, "object": "billing_portal.session", "created": self.created, "livemode": false,
            "configuration": self.configuration, "customer": self.customer, "flow": flow, "locale": null,
            "on_behalf_of": null, "return_url": self.return_url, "url": self.url,
        })
    }
}

pub fn create(tx: &mut Tx<'_>, account: Option<&str>, params: &Params) -> Result<Body, ApiError> {
    params.only(&["configuration", "customer", "flow_data", "locale", "return_url"])?;
    let customer = params.text("customer")?.ok_or_else(|| ApiError::missing_param("customer"))?;
    let customer = customers::living(tx, account, &customer)?;
    let configuration = configurations::chosen(tx, account, params.text("configuration")?.as_deref())?;
    let flow = params.within("flow_data");
    let kinds = ["payment_method_update", "subscription_cancel", "subscription_update"];
    let kind = flow.choice("type", &kinds)?;
    let of = kind.as_ref().and_then(|kind| flow.nested(&[kind, "subscription"])).map(str::to_owned);
    if let Some(subscription) = &of {
        tx.state.subscriptions.get(account, subscription)?;
    }
    let secret = random(40);
    let session = Session {
        id: new_id("bps"),
        account: account.map(str::to_owned),
        created: now(),
        customer: customer.id,
        return_url: params.text("return_url")?.or(configuration.default_return_url),
        configuration: configuration.id,
        flow: kind,
        flow_subscription: of,
        url: format!("{}/p/session/{secret}", tx.url),
        secret,
    };
    tx.put(Change::PortalSession(session.clone()));
    tx.emit("billing_portal.session.created", Snapshot::PortalSession(session.clone()));
    Ok(Body::of(Snapshot::PortalSession(session)))
}
