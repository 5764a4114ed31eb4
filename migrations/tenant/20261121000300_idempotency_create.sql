-- Same key, same answer. A key is unfinished until its answer stands; unfinished keys never expire.
create table idempotency_keys (
    -- Who and which route: keys of different people and routes never meet.
    scope          text        not null,
    key            text        not null check (length(key) between 16 and 255),
    fingerprint    bytea       not null check (octet_length(fingerprint) = 32),
    recovery_point text        not null check (recovery_point in ('started', 'order_created', 'finished')),
    -- What the act made, to go on with after a crash.
    subject        uuid,
    -- Until when somebody works on it; and which lease that is, so that an older one cannot finish it.
    leased_until   timestamptz not null default now() + interval '30 seconds',
    lease          bigint      not null default 1,
    status         int         check (status between 200 and 599),
    -- Text, not jsonb: the same bytes every time.
    body           text,
    created_at     timestamptz not null default now(),
    expires_at     timestamptz not null default now() + interval '24 hours',
    primary key (scope, key),
    check ((recovery_point = 'finished') = (status is not null and body is not null))
);
create index idempotency_keys_expiry on idempotency_keys (expires_at) where recovery_point = 'finished';
