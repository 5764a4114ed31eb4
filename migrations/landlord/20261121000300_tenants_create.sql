create table tenants (
    id         uuid        primary key,
    slug       text        not null check (slug ~ '^[a-z][a-z0-9-]{1,38}[a-z0-9]$' and slug !~ '--'),
    name       text        not null check (length(name) between 1 and 120),
    state      text        not null check (state in ('provisioning', 'active', 'suspended', 'closing', 'closed')),
    currency   char(3)     not null,
    cluster    text        not null references clusters (id),
    -- Grows with every change of the tenant, its domains or what it is entitled to: caches carry it in their keys.
    version    bigint      not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create unique index tenants_slug on tenants (slug);
create index tenants_provisioning on tenants (created_at) where state = 'provisioning';

-- The exact host names that lead to a store; nothing else does.
create table domains (
    host        text        primary key check (host = lower(host)),
    tenant_id   uuid        not null references tenants (id),
    kind        text        not null check (kind in ('subdomain', 'custom')),
    verified_at timestamptz,
    created_at  timestamptz not null default now()
);
create index domains_by_tenant on domains (tenant_id);

create table memberships (
    account_id uuid        not null references accounts (id),
    tenant_id  uuid        not null references tenants (id),
    role       text        not null check (role in ('owner', 'manager', 'fulfilment', 'support', 'viewer')),
    created_at timestamptz not null default now(),
    primary key (account_id, tenant_id)
);
create index memberships_by_tenant on memberships (tenant_id);

create table subscriptions (
    tenant_id     uuid        primary key references tenants (id),
    plan          text        not null references plans (code),
    status        text        not null check (status in ('trialing', 'active', 'past_due', 'unpaid', 'canceled',
                                                         'incomplete', 'paused')),
    trial_ends_at timestamptz,
    created_at    timestamptz not null default now(),
    updated_at    timestamptz not null default now()
);

create table feature_overrides (
    tenant_id   uuid        not null references tenants (id),
    feature     text        not null references features (code),
    enabled     boolean     not null,
    limit_value bigint      check (limit_value >= 0),
    expires_at  timestamptz,
    primary key (tenant_id, feature)
);

-- Schemas made ready before anybody asked: sign-up takes one. Its id becomes the tenant's.
create table spare_schemas (
    id         uuid        primary key,
    cluster    text        not null references clusters (id),
    -- The newest tenant migration in it.
    version    bigint      not null,
    created_at timestamptz not null default now()
);
