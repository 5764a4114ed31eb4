alter table accounts add column name text check (length(name) between 1 and 120);
-- When it was last changed; sessions do not care, people do.
alter table accounts add column password_changed_at timestamptz;

-- Was the second factor shown in this session?
alter table sessions add column second_factor_at timestamptz;

-- What a letter's link proves. The secret follows from the id and the server's own key; here is only its hash.
create table account_tokens (
    id         uuid        primary key,
    account_id uuid        not null references accounts (id) on delete cascade,
    purpose    text        not null check (purpose in ('verify_email', 'reset_password', 'change_email')),
    token_hash bytea       not null check (octet_length(token_hash) = 32),
    -- The address to which it was sent, and which it proves.
    email      text        not null check (email = lower(email) and length(email) between 3 and 254),
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    used_at    timestamptz,
    -- A newer one was asked for, or the password has changed.
    void_at    timestamptz
);
create unique index account_tokens_hash on account_tokens (token_hash);
create index account_tokens_by_account on account_tokens (account_id, purpose, created_at);
create index account_tokens_expiring on account_tokens (expires_at);

-- Codes by time (RFC 6238). Their secret follows from the id and the server's own key.
create table second_factors (
    account_id   uuid        primary key references accounts (id) on delete cascade,
    id           uuid        not null,
    confirmed_at timestamptz,
    -- The step of the last code that was accepted: no code counts twice.
    last_step    bigint      not null default 0,
    created_at   timestamptz not null default now()
);

create table recovery_codes (
    account_id uuid        not null references accounts (id) on delete cascade,
    code_hash  bytea       not null check (octet_length(code_hash) = 32),
    created_at timestamptz not null default now(),
    used_at    timestamptz,
    primary key (account_id, code_hash)
);

-- A login whose password was right and whose code is awaited.
create table login_challenges (
    token_hash bytea       primary key check (octet_length(token_hash) = 32),
    account_id uuid        not null references accounts (id) on delete cascade,
    tries      int         not null default 0 check (tries between 0 and 5),
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    used_at    timestamptz
);
create index login_challenges_expiring on login_challenges (expires_at);
create index login_challenges_by_account on login_challenges (account_id);
