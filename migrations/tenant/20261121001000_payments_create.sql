create table payments (
    id             uuid        primary key,
    order_id       uuid        not null references orders (id),
    provider       text        not null check (provider in ('stripe', 'cod')),
    status         text        not null check (status in ('created', 'processing', 'requires_action', 'unknown',
                                                          'succeeded', 'failed', 'cancelled')),
    attempt        int         not null check (attempt >= 1),
    -- The snapshot's amount; what the provider reports must be equal.
    amount_minor   bigint      not null check (amount_minor >= 0),
    captured_minor bigint      not null default 0 check (captured_minor between 0 and amount_minor),
    currency       char(3)     not null,
    account        text,
    -- The same for every try, so that the provider sees one act.
    provider_key   text        not null unique,
    provider_ref   text        unique,
    client_secret  text,
    failure_code   text,
    -- Why a person must look at it: what the provider reports does not fit.
    flag           text,
    version        bigint      not null,
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now()
);
create unique index payments_one_live on payments (order_id)
    where status in ('created', 'processing', 'requires_action', 'unknown', 'succeeded');
create index payments_undecided on payments (updated_at) where status in ('created', 'processing', 'requires_action', 'unknown');

-- What the provider told us: stored raw and first, processed once, in any order.
create table provider_events (
    id           bigint      generated always as identity primary key,
    provider     text        not null,
    event_id     text        not null,
    kind         text        not null,
    account      text,
    payload      text        not null,
    digest       bytea       not null,
    attempts     int         not null default 0,
    outcome      text,
    last_error   text,
    received_at  timestamptz not null default now(),
    processed_at timestamptz,
    unique (provider, event_id)
);
create index provider_events_open on provider_events (id) where processed_at is null;
