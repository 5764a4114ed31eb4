//! Subscriptions and what belongs to them: products and prices, customers, the pages on which people subscribe and
//! manage, invoices, meters. Only what is kept of Stripe's answers is in these types.

mod catalog;
mod customer;
mod invoice;
mod meter;
mod page;
mod subscription;

pub use catalog::{Interval, NewMeteredPrice, NewPrice, PriceFound};
pub use customer::{CustomerFound, NewCustomer};
pub use invoice::{Invoice, InvoiceStatus, Preview, PreviewChange, PreviewLine};
pub use meter::MeterEvent;
pub use page::{CheckoutPage, NewCheckout, SessionState};
pub use subscription::{ChangePrice, OtherItem, Proration, Subscription, SubscriptionItem, SubscriptionState};
