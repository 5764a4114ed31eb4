-- What stores use of metered features, and how much of it is promised to the provider.
create table metered_usage (
    tenant_id uuid   not null references tenants (id),
    feature   text   not null references features (code),
    -- The day it was used on, UTC.
    day       date   not null,
    used      bigint not null check (used >= 0),
    reported  bigint not null default 0,
    primary key (tenant_id, feature, day),
    check (reported between 0 and used)
);
create index metered_usage_unreported on metered_usage (day, tenant_id) where reported < used;

-- One report each: what is in here is taken out of the counter, and is told to the provider under this identifier.
create table usage_reports (
    id              uuid        primary key,
    tenant_id       uuid        not null references tenants (id),
    feature         text        not null references features (code),
    day             date        not null,
    quantity        bigint      not null check (quantity > 0),
    state           text        not null default 'waiting' check (state in ('waiting', 'sent', 'undecided', 'refused')),
    -- When it may first have reached the provider: it knows identifiers for a day at least.
    tried_at        timestamptz,
    attempts        int         not null default 0,
    next_at         timestamptz not null default now(),
    last_error      text,
    created_at      timestamptz not null default now(),
    sent_at         timestamptz,
    check ((state = 'sent') = (sent_at is not null)),
    foreign key (tenant_id, feature, day) references metered_usage (tenant_id, feature, day)
);
create index usage_reports_due on usage_reports (next_at) where state = 'waiting';
create index usage_reports_open on usage_reports (state, id) where state in ('undecided', 'refused');
create index usage_reports_by_usage on usage_reports (tenant_id, feature, day);
