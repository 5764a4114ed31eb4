-- What the provider tells about the platform's own billing: kept as it came, before anything else.
create table stripe_events (
    id           bigint      generated always as identity primary key,
    -- Of a message that cannot be read: `unreadable:` and its digest.
    event_id     text        not null,
    kind         text        not null,
    -- By the provider's clock.
    created      timestamptz,
    livemode     boolean,
    account      text,
    api_version  text,
    -- What it is about, and whose that is.
    object_id    text,
    tenant_id    uuid references tenants (id),
    payload      bytea       not null,
    digest       bytea       not null check (octet_length(digest) = 32),
    attempts     int         not null default 0,
    -- While somebody is at it: when another may try.
    next_at      timestamptz not null default now(),
    outcome      text,
    last_error   text,
    received_at  timestamptz not null default now(),
    processed_at timestamptz,
    dead_at      timestamptz,
    check ((processed_at is null) = (outcome is null)),
    check (processed_at is null or dead_at is null)
);
create unique index stripe_events_event_id on stripe_events (event_id);
create index stripe_events_due on stripe_events (next_at) where processed_at is null and dead_at is null;
create index stripe_events_dead on stripe_events (id) where dead_at is not null;
create index stripe_events_by_tenant on stripe_events (tenant_id, id) where tenant_id is not null;
