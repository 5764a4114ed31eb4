alter table clusters
    -- Stores are shared out in this proportion.
    add column weight         int         not null default 1 check (weight > 0),
    -- Null: stores of any plan.
    add column plans          text[],
    -- Takes no new stores.
    add column draining_since timestamptz,
    -- It does not answer; new stores go elsewhere if they can.
    add column down_since     timestamptz;

alter table tenants
    -- The newest migration in its schema, as it was last seen; null: not known.
    add column schema_version bigint,
    -- Its data is on the way to another cluster: it is read and not written.
    add column moving         boolean not null default false;
create index tenants_by_cluster on tenants (cluster) where state <> 'closed';

-- One bringing up to date of all stores.
create table fleet_runs (
    id             bigint      generated always as identity primary key,
    target_version bigint      not null,
    -- Some stores go first; `stopped`: one of these failed. `failed`: all had their turn, and some could not.
    state          text        not null check (state in ('canary', 'rolling', 'finished', 'failed', 'stopped', 'superseded')),
    paused_at      timestamptz,
    -- Whoever is at it, until when, and how often somebody began: who holds an earlier lease is no longer at it.
    node           text,
    leased_until   timestamptz not null default now(),
    lease          bigint      not null default 0,
    created_at     timestamptz not null default now(),
    finished_at    timestamptz,
    check ((finished_at is null) = (state in ('canary', 'rolling')))
);
create unique index fleet_runs_one_at_a_time on fleet_runs ((true)) where finished_at is null;

create table fleet_run_stores (
    run_id       bigint      not null references fleet_runs (id) on delete cascade,
    -- A store's schema, or one that waits for a store.
    schema_id    uuid        not null,
    name         text        not null,
    cluster      text        not null references clusters (id),
    spare        boolean     not null,
    canary       boolean     not null,
    from_version bigint      not null,
    state        text        not null default 'waiting' check (state in ('waiting', 'done', 'failed')),
    tries        int         not null default 0,
    error        text,
    finished_at  timestamptz,
    primary key (run_id, schema_id),
    check ((finished_at is null) = (state = 'waiting'))
);
create index fleet_run_stores_waiting on fleet_run_stores (run_id, canary, schema_id) where state = 'waiting';
create index fleet_run_stores_failed on fleet_run_stores (run_id, schema_id) where state = 'failed';
