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
    -- Since when it is not known what became of the request.
    add column unknown_since         timestamptz,
    -- No code path can give back more than came in.
    add constraint payments_refunds_hold check (refunded_minor + refund_pending_minor <= captured_minor);
drop index payments_one_live;
create unique index payments_one_live on payments (order_id)
    where status in ('created', 'processing', 'requires_action', 'unknown', 'authorized', 'succeeded');
drop index payments_undecided;
create index payments_undecided on payments (updated_at)
    where status in ('created', 'processing', 'requires_action', 'unknown', 'authorized');
create index payments_flagged on payments (order_id) where flag is not null;
