create table accounts (
    id                uuid        primary key,
    -- Trimmed and in lower case.
    email             text        not null check (email = lower(email) and length(email) between 3 and 254),
    password_hash     text        not null,
    platform_admin    boolean     not null default false,
    email_verified_at timestamptz,
    disabled_at       timestamptz,
    created_at        timestamptz not null default now(),
    updated_at        timestamptz not null default now()
);
create unique index accounts_email on accounts (email);

-- One login on one device; its refresh tokens rotate.
create table sessions (
    id         uuid        primary key,
    account_id uuid        not null references accounts (id),
    ip         text,
    user_agent text,
    created_at timestamptz not null default now(),
    used_at    timestamptz not null default now(),
    -- However often it is refreshed.
    ends_at    timestamptz not null,
    revoked_at timestamptz,
    revoked_because text
);
create index sessions_by_account on sessions (account_id) where revoked_at is null;

create table refresh_tokens (
    token_hash bytea       primary key check (octet_length(token_hash) = 32),
    session_id uuid        not null references sessions (id) on delete cascade,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    -- A token is used once; a second use revokes the session.
    used_at    timestamptz
);
create index refresh_tokens_by_session on refresh_tokens (session_id);
