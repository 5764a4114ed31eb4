-- Read models that are made from events alone, and can be made again at any time.
create table projections (
    name       text        primary key,
    -- The last place of the published feed that it contains.
    sequence   bigint      not null default 0,
    updated_at timestamptz not null default now()
);

-- One row for each day (UTC), by when each thing happened.
create table sales_days (
    day               date   primary key,
    carts             bigint not null default 0,
    checkouts         bigint not null default 0,
    orders            bigint not null default 0,
    paid              bigint not null default 0,
    failed            bigint not null default 0,
    cancelled         bigint not null default 0,
    -- Checkouts whose time ran out.
    abandoned         bigint not null default 0,
    units             bigint not null default 0,
    gross_minor       bigint not null default 0,
    discount_minor    bigint not null default 0,
    shipping_minor    bigint not null default 0,
    tax_minor         bigint not null default 0,
    refunded_minor    bigint not null default 0
);

create table stock_days (
    day        date   not null,
    variant_id uuid   not null,
    received   bigint not null default 0,
    sold       bigint not null default 0,
    returned   bigint not null default 0,
    -- On hand after the day's last movement.
    on_hand    bigint not null,
    primary key (day, variant_id)
);
create index stock_days_by_variant on stock_days (variant_id, day);

-- What an aggregate had become when its older events were put away.
create table event_snapshots (
    aggregate_id   uuid        primary key,
    aggregate_type text        not null,
    version        bigint      not null check (version >= 1),
    state          jsonb       not null,
    -- The place in the feed of the last event that it contains.
    sequence       bigint      not null,
    created_at     timestamptz not null default now()
);

-- How far the feed was put away: events up to here may be missing from it.
alter table feed add column gone bigint not null default 0;
