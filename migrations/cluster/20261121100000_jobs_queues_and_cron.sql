-- new_order, payment, fulfilment, notification, webhook, maintenance.
alter table jobs add column queue text not null default 'maintenance';
update jobs set queue = case kind when 'checkout.expire' then 'new_order' else 'payment' end;
-- `priority` is now by how many seconds a job gives way to work that became due later.

drop index jobs_due;
create index jobs_due on jobs (queue, run_at) where dead_at is null;
drop index jobs_by_tenant;
create index jobs_by_tenant on jobs (tenant_id, id);
create index jobs_dead on jobs (tenant_id, id) where dead_at is not null;
-- What is done for every store again and again is not put off twice.
create index jobs_upkeep on jobs (kind, tenant_id) where queue = 'maintenance' and dead_at is null;

-- What is to be done again and again, by one node at a time.
create table cron (
    name        text        primary key,
    -- Standard five fields, UTC.
    schedule    text        not null,
    -- When it is due; while somebody is at it, when that lease ends.
    next_run_at timestamptz not null,
    last_run_at timestamptz,
    last_error  text,
    -- Counts the leases: whoever held an earlier one can no longer say when it is due again.
    lease       bigint      not null default 0
);
