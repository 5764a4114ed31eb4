alter table payments drop constraint payments_provider_check;
alter table payments add constraint payments_provider_check check (provider in ('stripe', 'cod', 'manual'));
alter table payments drop constraint payments_status_check;
alter table payments add constraint payments_status_check
    check (status in ('created', 'processing', 'requires_action', 'unknown', 'authorized', 'succeeded', 'failed', 'cancelled'));
alter table payments
    add column capture               text   not null default 'automatic' check (capture in ('automatic', 'manual')),
    -- The platform's part of what a connected account gets.
    add column application_fee_minor bigint check (application_fee_minor between 0 and amount_minor),
    add column refunded_minor        bigint not null default 0 check (refunded_minor >= 0),
    -- Promised to refunds that are not decided yet.
    add column refund_pending_minor  bigint not null default 0 check (refund_pending_minor >= 0),
    -- Since when it is not known what became of the request, and how often the provider has failed to say.
    add column unknown_since         timestamptz,
    add column asks                  int    not null default 0 check (asks >= 0),
    -- When a search at the provider first found nothing.
    add column absent_since          timestamptz,
    -- Why it is being called off; written before the provider is asked to, so that whoever hears of it first knows.
    add column void_reason           text,
    -- When somebody asked for the money that is authorised.
    add column capture_requested_at  timestamptz,
    -- Bought nothing: an intent too many, or money after the end. It goes back by itself and is no refund of the order.
    add column surplus               boolean not null default false,
    -- What the bank says, or the provider's id of what went back by itself.
    add column reference             text    check (length(reference) between 1 and 200),
    -- The request that made this attempt, so that its retries find it.
    add column request_key           text    unique,
    -- No code path can give back more than came in.
    add constraint payments_refunds_hold check (refunded_minor + refund_pending_minor <= captured_minor);
drop index payments_one_live;
create unique index payments_one_live on payments (order_id)
    where not surplus and status in ('created', 'processing', 'requires_action', 'unknown', 'authorized', 'succeeded');
create index payments_by_order on payments (order_id, attempt);
drop index payments_undecided;
create index payments_undecided on payments (updated_at)
    where status in ('created', 'processing', 'requires_action', 'unknown', 'authorized');
create index payments_flagged on payments (order_id) where flag is not null;

-- Put aside after too many failures, until somebody has it processed again.
alter table provider_events add column dead_at timestamptz;
drop index provider_events_open;
create index provider_events_open on provider_events (id) where processed_at is null and dead_at is null;
create index provider_events_dead on provider_events (id) where dead_at is not null;

alter table settings
    -- How shoppers may pay.
    add column payment_methods      text[] not null default '{card,cod}'
        check (payment_methods <@ array['card', 'cod', 'manual'] and cardinality(payment_methods) >= 1),
    -- How long goods wait for money that comes by itself, such as a bank transfer.
    add column manual_payment_days  int    not null default 7 check (manual_payment_days between 1 and 60);
