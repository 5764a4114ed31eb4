-- What is taken off: by code, or by itself when there is none.
create table promotions (
    id                     uuid          primary key,
    title                  text          not null check (length(title) between 1 and 200),
    -- Upper case; null: applies by itself.
    code                   text          check (code ~ '^[A-Z0-9][A-Z0-9_-]{0,38}[A-Z0-9]$'),
    kind                   text          not null check (kind in ('percent', 'fixed', 'free_shipping')),
    percent                numeric(7, 4) check (percent > 0 and percent <= 100),
    amount_minor           bigint        check (amount_minor between 1 and 10000000000000),
    minimum_subtotal_minor bigint        not null default 0 check (minimum_subtotal_minor >= 0),
    -- May it be added to others? Of those that may not, one alone applies.
    combines               boolean       not null default false,
    -- Lower ones are taken off first.
    priority               int           not null default 100,
    usage_limit            bigint        check (usage_limit >= 1),
    per_customer_limit     int           check (per_customer_limit >= 1),
    used                   bigint        not null default 0 check (used >= 0),
    starts_at              timestamptz,
    ends_at                timestamptz,
    status                 text          not null default 'active' check (status in ('active', 'paused')),
    created_at             timestamptz   not null default now(),
    updated_at             timestamptz   not null default now(),
    deleted_at             timestamptz,
    check ((kind = 'percent') = (percent is not null)),
    check ((kind = 'fixed') = (amount_minor is not null)),
    check (ends_at > starts_at),
    -- The last wall against using it more often than allowed.
    constraint promotions_limit_holds check (used <= usage_limit)
);
create unique index promotions_code on promotions (code) where deleted_at is null;
create index promotions_automatic on promotions (priority, id) where code is null and deleted_at is null;

-- Each use by an order; given back when the order comes to nothing.
create table promotion_redemptions (
    promotion_id   uuid        not null references promotions (id),
    order_id       uuid        not null references orders (id),
    -- The order's e-mail address.
    customer       text        not null,
    discount_minor bigint      not null check (discount_minor >= 0),
    created_at     timestamptz not null default now(),
    released_at    timestamptz,
    primary key (order_id, promotion_id)
);
create index promotion_redemptions_by_customer on promotion_redemptions (promotion_id, customer)
    where released_at is null;

-- The most special one that fits a line applies: category and region, category, region, country.
create table tax_rates (
    id          uuid          primary key,
    title       text          not null check (length(title) between 1 and 100),
    country     char(2)       not null check (country ~ '^[A-Z]{2}$'),
    -- As shoppers write it in `province`, compared without case; null: the whole country.
    region      text          check (length(region) between 1 and 100),
    -- Null: all categories.
    category_id uuid          references categories (id),
    percent     numeric(7, 4) not null check (percent >= 0 and percent <= 100),
    -- Is it contained in the price, or added to it?
    inclusive   boolean       not null,
    -- Is shipping taxed by it too? Only rates for all categories are.
    on_shipping boolean       not null default true,
    created_at  timestamptz   not null default now(),
    updated_at  timestamptz   not null default now(),
    deleted_at  timestamptz
);
create unique index tax_rates_place on tax_rates (country, lower(coalesce(region, '')),
    coalesce(category_id, '00000000-0000-0000-0000-000000000000')) where deleted_at is null;

create table shipping_methods (
    id         uuid        primary key,
    -- What a checkout names.
    code       text        not null check (code ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(code) <= 40),
    title      text        not null check (length(title) between 1 and 100),
    position   int         not null default 0,
    -- [{"countries": ["DE"], "regions": [], "price_minor": 490, "free_over_minor": 5000,
    --   "weight_tiers": [{"up_to_grams": 2000, "price_minor": 490}]}]; no countries: the rest of the world.
    zones      jsonb       not null,
    status     text        not null default 'active' check (status in ('active', 'paused')),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    deleted_at timestamptz
);
create unique index shipping_methods_code on shipping_methods (code) where deleted_at is null;

alter table variants add column weight_grams int not null default 0 check (weight_grams between 0 and 1000000);
