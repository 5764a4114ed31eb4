create table audit_log (
    id         bigint      generated always as identity primary key,
    actor      jsonb       not null,
    action     text        not null,
    tenant_id  uuid,
    account_id uuid,
    data       jsonb       not null default '{}',
    request_id text        not null,
    created_at timestamptz not null default now()
);
create index audit_log_by_tenant on audit_log (tenant_id, id);

-- Same key, same answer, for acts on the platform. Whoever holds an unfinished key works under its lease.
create table idempotency_keys (
    scope        text        not null,
    key          text        not null check (length(key) between 16 and 255),
    -- Of the whole request, sealed with a key that is not in the database.
    fingerprint  bytea       not null check (octet_length(fingerprint) = 32),
    -- What the act has made; known before the answer is.
    subject      uuid,
    leased_until timestamptz not null default now() + interval '30 seconds',
    lease        bigint      not null default 1,
    status       int         check (status between 200 and 599),
    -- The answer without its tokens.
    body         text,
    created_at   timestamptz not null default now(),
    expires_at   timestamptz not null default now() + interval '24 hours',
    primary key (scope, key),
    check ((status is null) = (body is null))
);
create index idempotency_keys_expiring on idempotency_keys (expires_at);
