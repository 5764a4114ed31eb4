alter table jobs
    -- new_order, payment, fulfilment, notification, webhook, maintenance.
    add column queue text not null default 'maintenance';
create index jobs_dead on jobs (dead_at) where dead_at is not null;

-- What is to be done again and again, whoever does it.
create table cron (
    name        text        primary key,
    -- Standard five fields, UTC.
    schedule    text        not null,
    next_run_at timestamptz not null,
    last_run_at timestamptz,
    last_error  text,
    lease       bigint      not null default 0
);
