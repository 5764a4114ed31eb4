-- Come and work in a store. The secret of the link follows from `token_id` and the server's own key.
create table invitations (
    id          uuid        primary key,
    tenant_id   uuid        not null references tenants (id),
    email       text        not null check (email = lower(email) and length(email) between 3 and 254),
    role        text        not null check (role in ('manager', 'fulfilment', 'support', 'viewer')),
    invited_by  uuid        not null references accounts (id),
    token_hash  bytea       not null check (octet_length(token_hash) = 32),
    -- Letters sent; each makes the link of the one before void.
    letters     int         not null default 1,
    created_at  timestamptz not null default now(),
    sent_at     timestamptz not null default now(),
    expires_at  timestamptz not null,
    accepted_at timestamptz,
    accepted_by uuid        references accounts (id),
    revoked_at  timestamptz,
    check ((accepted_at is null) = (accepted_by is null)),
    check (accepted_at is null or revoked_at is null)
);
create unique index invitations_token on invitations (token_hash);
create unique index invitations_open on invitations (tenant_id, email)
    where accepted_at is null and revoked_at is null;
create index invitations_by_tenant on invitations (tenant_id, id);

-- Keys that programs hold. A secret one acts as staff with its scopes; a publishable one only names the storefront.
create table api_keys (
    id           uuid        primary key,
    tenant_id    uuid        not null references tenants (id),
    kind         text        not null check (kind in ('secret', 'publishable')),
    name         text        not null check (length(name) between 1 and 120),
    -- All of a publishable key, the first letters of a secret one.
    shown        text        not null,
    key_hash     bytea       not null check (octet_length(key_hash) = 32),
    -- Permissions; it has those of them that its role has.
    scopes       text[]      not null,
    role         text        not null check (role in ('manager', 'fulfilment', 'support', 'viewer')),
    created_by   uuid        not null references accounts (id),
    created_at   timestamptz not null default now(),
    expires_at   timestamptz,
    last_used_at timestamptz,
    last_used_ip text,
    revoked_at   timestamptz,
    check ((kind = 'publishable') = (scopes = '{}'))
);
create unique index api_keys_hash on api_keys (key_hash);
create index api_keys_by_tenant on api_keys (tenant_id, id);
