//! What may be so for a while, and not for long: work that waits, and failures that add up.
//!
//! All times are the database's.

use super::{Promise, Repair, Severity};

pub(super) const SIGNS: &[Promise] = &[
    Promise {
        code: "events.pending",
        says: "few events wait to be published",
        severity: Severity::Warning,
        todo: "see that a worker runs (souk work) and what its log says about news",
        repair: Some(Repair::TellAgain),
        bearable: 100,
        query: "select position::text from events where sequence is null order by position",
    },
    Promise {
        code: "events.late",
        says: "no event waits longer than 5 minutes to be published",
        todo: "see that a worker runs; souk doctor --repair puts the events on their way again",
        repair: Some(Repair::TellAgain),
        query: "select position::text from events where sequence is null and created_at < now() - interval '5 minutes'
                order by position",
        ..Promise::USUAL
    },
    Promise {
        code: "payments.slow",
        says: "every payment is decided within an hour",
        severity: Severity::Warning,
        todo: "run souk doctor --repair: it asks the provider now",
        repair: Some(Repair::AskProvider),
        query: "select id::text from payments where provider = 'stripe'
                  and status in ('created', 'processing', 'requires_action', 'unknown')
                  and created_at < now() - interval '1 hour' order by created_at",
        ..Promise::USUAL
    },
    Promise {
        code: "payments.stuck",
        says: "no payment is undecided for two hours",
        todo: "run souk doctor --repair; if it stays, look the payment up in the provider's dashboard by its metadata \
               souk_payment, and settle it there: our side follows",
        repair: Some(Repair::AskProvider),
        query: "select id::text from payments where provider = 'stripe'
                  and status in ('created', 'processing', 'requires_action', 'unknown')
                  and created_at < now() - interval '2 hours' order by created_at",
        ..Promise::USUAL
    },
    Promise {
        code: "payments.flagged",
        says: "what the provider reports fits what was asked",
        todo: "compare the payment with the provider's dashboard; a person decides whether to send the goods or give the \
               money back",
        query: "select id::text from payments where flag is not null",
        ..Promise::USUAL
    },
    Promise {
        code: "payments.orphaned",
        says: "the money of an order that came to nothing goes back within an hour",
        todo: "refund the payment: the order will not be sent",
        query: "select p.id::text from payments p join orders o on o.id = p.order_id
                where o.stage in ('failed', 'cancelled') and p.status = 'succeeded'
                  and p.captured_minor > p.refunded_minor + p.refund_pending_minor
                  and o.updated_at < now() - interval '1 hour'",
        ..Promise::USUAL
    },
    Promise {
        code: "payments.unknown",
        says: "money that the provider told us of is written down, and what is written down has its intent there",
        todo: "look the intent up at the provider by its metadata souk_order, and refund it there if the order has other \
               money or none of it was sent",
        query: "select e.event_id from provider_events e
                where e.kind = 'payment_intent.succeeded' and e.outcome is not null
                  and e.payload::json #>> '{data,object,metadata,souk_tenant}' = substr(current_schema(), 3)::uuid::text
                  and not exists (select from payments p
                                  where p.provider_ref = e.payload::json #>> '{data,object,id}'
                                    and (p.status = 'succeeded' or p.flag is not null))
                union all
                select id::text from payments where provider = 'stripe' and status = 'succeeded' and provider_ref is null",
        ..Promise::USUAL
    },
    Promise {
        code: "refunds.unknown",
        says: "money that went back at the provider is written down, and what is written down has its refund there",
        todo: "look the refund up at the provider, and send its message again from there",
        query: "select e.event_id from provider_events e
                where e.kind in ('refund.created', 'refund.updated', 'charge.refund.updated') and e.outcome = 'applied'
                  and e.payload::json #>> '{data,object,status}' = 'succeeded'
                  and not exists (select from refunds r where r.provider_ref = e.payload::json #>> '{data,object,id}')
                  and not exists (select from payments p
                                  where p.surplus and p.provider_ref = e.payload::json #>> '{data,object,payment_intent}')
                union all
                select r.id::text from refunds r join payments p on p.id = r.payment_id
                where p.provider = 'stripe' and r.status = 'succeeded' and r.provider_ref is null",
        ..Promise::USUAL
    },
    Promise {
        code: "refunds.failing",
        says: "few refunds fail",
        severity: Severity::Warning,
        todo: "read the failure codes: often the account at the provider lacks money",
        bearable: 10,
        query: "select id::text from refunds where status = 'failed' and updated_at > now() - interval '24 hours'
                order by updated_at",
        ..Promise::USUAL
    },
    Promise {
        code: "refunds.slow",
        says: "a refund that was agreed to is at the provider within an hour",
        severity: Severity::Warning,
        todo: "see that a worker runs, and what its log says about the refund",
        query: "select r.id::text from refunds r join payments p on p.id = r.payment_id
                where p.provider = 'stripe' and r.status = 'approved' and r.updated_at < now() - interval '1 hour'",
        ..Promise::USUAL
    },
    Promise {
        code: "refunds.restock",
        says: "when the money has gone back, so have the goods that were to come back",
        todo: "run souk doctor --repair: it puts them back; if it cannot, use a stock adjustment that names the refund",
        repair: Some(Repair::Restock),
        query: "select r.id::text from refunds r
                where r.status = 'succeeded' and r.restocked_at is null and r.updated_at < now() - interval '10 minutes'
                  and exists (select from refund_lines l where l.refund_id = r.id and l.restock)",
        ..Promise::USUAL
    },
    Promise {
        code: "orders.stuck",
        says: "no order waits for its money longer than a checkout may last",
        severity: Severity::Warning,
        todo: "see payments.slow and checkouts.overdue: one of them says why",
        query: "select id::text from orders where stage in ('pending', 'awaiting_payment') and payment_method = 'card'
                  and review is distinct from 'pending' and created_at < now() - interval '90 minutes'",
        ..Promise::USUAL
    },
    Promise {
        code: "checkouts.overdue",
        says: "a checkout ends when its time is over",
        todo: "see that a worker runs; souk doctor --repair ends it now, or extends it while its payment is undecided",
        repair: Some(Repair::EndCheckout),
        query: "select id::text from checkouts where status = 'active' and expires_at < now() - interval '10 minutes'",
        ..Promise::USUAL
    },
    Promise {
        code: "provider_events.open",
        says: "what the provider sends is processed within 10 minutes",
        todo: "run souk doctor --repair, and read in the log why it failed",
        repair: Some(Repair::ReadMessages),
        query: "select event_id from provider_events where processed_at is null
                  and received_at < now() - interval '10 minutes' order by id",
        ..Promise::USUAL
    },
];
