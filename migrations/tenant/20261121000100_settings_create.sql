-- One row. Its lock is the store's mutex across processes: whoever changes the catalogue or creates orders takes it
-- first. It hands out gap-free order numbers and tells whether a cached catalogue is still current.
create table store_state (
    one               boolean primary key default true check (one),
    next_order_number bigint  not null default 1001,
    catalog_version   bigint  not null default 1
);
insert into store_state default values;

-- One row: the store's profile and what is tunable for it. Written when the store is opened.
create table settings (
    one                  boolean     primary key default true check (one),
    store_name           text        not null check (length(store_name) between 1 and 120),
    currency             char(3)     not null check (currency ~ '^[A-Z]{3}$'),
    support_email        text,
    -- Null: as the platform says.
    checkout_ttl_minutes int         check (checkout_ttl_minutes between 1 and 60),
    low_stock_threshold  int         not null default 5 check (low_stock_threshold >= 0),
    -- Stripe Connect account that the money goes to; null: the platform's own.
    stripe_account       text,
    created_at           timestamptz not null default now(),
    updated_at           timestamptz not null default now()
);
