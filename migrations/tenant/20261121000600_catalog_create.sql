create table categories (
    id         uuid        primary key,
    parent_id  uuid        references categories (id),
    handle     text        not null check (handle ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(handle) <= 120),
    title      text        not null check (length(title) between 1 and 200),
    position   int         not null default 0,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    deleted_at timestamptz
);
create unique index categories_handle on categories (handle) where deleted_at is null;
create index categories_parent on categories (parent_id);
create index categories_order on categories (position, id) where deleted_at is null;

create table products (
    id          uuid        primary key,
    handle      text        not null check (handle ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(handle) <= 120),
    title       text        not null check (length(title) between 1 and 200),
    description text        not null default '' check (length(description) <= 20000),
    status      text        not null default 'draft' check (status in ('draft', 'active', 'archived')),
    search      tsvector    not null generated always as (
        setweight(to_tsvector('simple', title), 'A') || setweight(to_tsvector('simple', description), 'C')
    ) stored,
    -- Of its active variants; null when there is none. Shoppers see a product that is active and has a price.
    lowest_price_minor bigint,
    -- Version of the last event.
    version     bigint      not null default 1,
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    deleted_at  timestamptz
);
create unique index products_handle on products (handle) where deleted_at is null;
create index products_newest on products (id desc) where deleted_at is null;
create index products_shown_newest on products (id)
    where deleted_at is null and status = 'active' and lowest_price_minor is not null;
create index products_shown_title on products (title, id)
    where deleted_at is null and status = 'active' and lowest_price_minor is not null;
create index products_shown_price on products (lowest_price_minor, id)
    where deleted_at is null and status = 'active' and lowest_price_minor is not null;
-- Read far more often than written.
create index products_search on products using gin (search) with (fastupdate = off);
-- With fewer, PostgreSQL takes a rare word for a frequent one and reads the whole catalogue in order.
alter table products alter column search set statistics 1000;

create table product_categories (
    product_id  uuid not null references products (id),
    category_id uuid not null references categories (id),
    primary key (product_id, category_id)
);
create index product_categories_category on product_categories (category_id, product_id);

create table variants (
    id          uuid        primary key,
    product_id  uuid        not null references products (id),
    sku         text        not null check (length(sku) between 1 and 64),
    title       text        not null check (length(title) between 1 and 200),
    price_minor bigint      not null check (price_minor between 0 and 100000000000),
    -- {"colour": "red", "size": "M"}
    options     jsonb       not null default '{}',
    status      text        not null default 'active' check (status in ('active', 'archived')),
    position    int         not null default 0,
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    deleted_at  timestamptz
);
create unique index variants_sku on variants (sku) where deleted_at is null;
create index variants_product on variants (product_id, position);
