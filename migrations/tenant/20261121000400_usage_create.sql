-- How much of a limited feature is used; counted for every store, limited or not.
create table usage_counters (
    feature text   not null,
    -- '' for what is counted for ever, '2026-11' for what is counted by month (UTC).
    period  text   not null,
    used    bigint not null check (used >= 0),
    primary key (feature, period)
);
