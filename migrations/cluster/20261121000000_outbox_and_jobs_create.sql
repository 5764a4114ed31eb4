-- What the tenants of one database share: news to hand on, and work to do later.
-- Every tenant may add rows in its own name and can read none. The server, which switches to no tenant's role for it,
-- reads and deletes them.

create table outbox (
    id           bigint      generated always as identity primary key,
    tenant_id    uuid        not null,
    position     bigint      not null,
    aggregate_id uuid        not null,
    event_type   text        not null,
    -- A reader stays below the oldest transaction in flight, so that no event is passed over.
    xid          xid8        not null default pg_current_xact_id(),
    created_at   timestamptz not null default now()
);
create index outbox_by_tenant on outbox (tenant_id, position);

create table jobs (
    id         bigint      generated always as identity primary key,
    tenant_id  uuid        not null,
    kind       text        not null,
    subject    uuid        not null,
    -- Lower runs first among what is due.
    priority   smallint    not null default 100,
    -- When it is due; while somebody works on it, when that lease ends.
    run_at     timestamptz not null,
    attempts   int         not null default 0,
    -- Counts the leases: whoever held an earlier one can no longer finish the job.
    lease      bigint      not null default 0,
    last_error text,
    dead_at    timestamptz,
    request_id text        not null,
    created_at timestamptz not null default now()
);
create index jobs_due on jobs (run_at) where dead_at is null;
create index jobs_by_tenant on jobs (tenant_id);

create function owns(tenant uuid) returns boolean language sql stable
    return current_user = 't_' || replace(tenant::text, '-', '') or current_user !~ '^t_[0-9a-f]{32}$';

alter table outbox enable row level security;
create policy tenants_add_their_own on outbox for insert with check (souk.owns(tenant_id));
create policy server_reads on outbox for select using (current_user !~ '^t_[0-9a-f]{32}$');
create policy server_deletes on outbox for delete using (current_user !~ '^t_[0-9a-f]{32}$');

alter table jobs enable row level security;
create policy tenants_add_their_own on jobs for insert with check (souk.owns(tenant_id));
create policy server_reads on jobs for select using (current_user !~ '^t_[0-9a-f]{32}$');
create policy server_updates on jobs for update using (current_user !~ '^t_[0-9a-f]{32}$');
create policy server_deletes on jobs for delete using (current_user !~ '^t_[0-9a-f]{32}$');

grant usage on schema souk to souk_tenant;
grant insert on outbox, jobs to souk_tenant;
