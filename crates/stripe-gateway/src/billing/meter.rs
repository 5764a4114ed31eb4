//! Usage, told to a meter.

use std::collections::HashMap;

use stripe_billing::billing_meter_event::CreateBillingMeterEvent;

use crate::retry::{Call, checked_id};
use crate::{GatewayError, StripeGateway};

/// So much was used.
#[derive(Debug, Clone)]
pub struct MeterEvent {
    /// The meter's event name.
    pub name: String,
    /// Stripe counts an identifier once, for a day at least.
    pub identifier: String,
    /// Who used it.
    pub customer: String,
    /// How much.
    pub value: i64,
    /// When; Unix seconds, at most 35 days ago.
    pub at: i64,
}

impl StripeGateway {
    /// Tells a meter.
    ///
    /// # Errors
    /// `Rejected` with code `meter_event_...` when it cannot be counted; after `Unknown` tell it again within the day.
    pub async fn tell_meter(&self, event: MeterEvent) -> Result<(), GatewayError> {
        let payload = HashMap::from([
            ("stripe_customer_id".to_owned(), checked_id(&event.customer)?.to_owned()),
            ("value".to_owned(), event.value.to_string()),
        ]);
        let request =
            CreateBillingMeterEvent::new(event.name, payload).identifier(event.identifier.clone()).timestamp(event.at);
        let key = format!("souk-usage-{}", event.identifier);
        self.send(&request, Call { key: Some(&key), account: None }).await?;
        Ok(())
    }
}
