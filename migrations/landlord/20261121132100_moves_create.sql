-- A store on its way from one cluster to another.
create table tenant_moves (
    id           bigint      generated always as identity primary key,
    tenant_id    uuid        not null references tenants (id),
    from_cluster text        not null references clusters (id),
    to_cluster   text        not null references clusters (id),
    -- `copying`: it sells where it was. `closing`: it is read and not written. `switched`: it sells where it goes.
    step         text        not null check (step in ('copying', 'closing', 'switched', 'done', 'cancelled')),
    leased_until timestamptz not null,
    lease        bigint      not null default 1,
    last_error   text,
    -- For how long it could not be written.
    window_ms    bigint,
    -- What is left at the old place is kept until then.
    keep_until   timestamptz,
    purged_at    timestamptz,
    created_at   timestamptz not null default now(),
    updated_at   timestamptz not null default now(),
    check (from_cluster <> to_cluster)
);
create unique index tenant_moves_one_at_a_time on tenant_moves (tenant_id) where step in ('copying', 'closing', 'switched');
create index tenant_moves_by_tenant on tenant_moves (tenant_id, id);
create index tenant_moves_open on tenant_moves (leased_until) where step in ('copying', 'closing', 'switched');
create index tenant_moves_kept on tenant_moves (keep_until) where step = 'done' and purged_at is null;
