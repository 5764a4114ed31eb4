-- Letters of the platform, on their way and sent. What is secret in a letter is derived when it is sent, never stored.
create table mails (
    id         uuid        primary key,
    recipient  text        not null check (recipient = lower(recipient) and length(recipient) between 3 and 254),
    kind       text        not null check (kind ~ '^[a-z]+\.[a-z_]+$'),
    data       jsonb       not null,
    -- Given: the letter is written once, however often it is asked for.
    dedup_key  text        check (length(dedup_key) between 1 and 200),
    tenant_id  uuid        references tenants (id),
    account_id uuid        references accounts (id),
    state      text        not null default 'waiting' check (state in ('waiting', 'sent', 'dead')),
    attempts   int         not null default 0 check (attempts >= 0),
    -- While it is being sent: when somebody else may try.
    next_at    timestamptz not null default now(),
    -- Grows with every attempt; whoever holds an older one has lost it.
    lease      bigint      not null default 0,
    last_error text,
    request_id text        not null,
    created_at timestamptz not null default now(),
    sent_at    timestamptz,
    check ((state = 'sent') = (sent_at is not null))
);
create unique index mails_dedup on mails (dedup_key) where dedup_key is not null;
create index mails_due on mails (next_at) where state = 'waiting';
create index mails_dead on mails (id) where state = 'dead';
create index mails_old on mails (created_at) where state <> 'waiting';
create index mails_by_tenant on mails (tenant_id) where tenant_id is not null;
create index mails_by_account on mails (account_id) where account_id is not null;
