-- The event store: every change of an order, of stock, of a payment, in the transaction that makes it.
create table events (
    position       bigint      generated always as identity primary key,
    aggregate_type text        not null,
    aggregate_id   uuid        not null,
    version        bigint      not null check (version >= 1),
    event_type     text        not null,
    data           jsonb       not null,
    -- Actor, request id and what caused it.
    metadata       jsonb       not null,
    -- Gap-free place in the published feed; given by the relay, one at a time per store.
    sequence       bigint      unique,
    created_at     timestamptz not null default now(),
    unique (aggregate_id, version)
);

-- The last place given in the published feed.
create table feed (
    one      boolean primary key default true check (one),
    sequence bigint  not null default 0
);
insert into feed default values;
