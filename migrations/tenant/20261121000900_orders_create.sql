create table orders (
    id                uuid        primary key,
    -- Gap-free per store.
    number            bigint      not null unique,
    cart_id           uuid        not null references carts (id),
    stage             text        not null check (stage in ('pending', 'awaiting_payment', 'paid', 'confirmed', 'packed',
                                                            'shipped', 'delivered', 'fulfilled', 'failed', 'cancelled')),
    -- How much of the money has gone back.
    money             text        not null default 'none' check (money in ('none', 'partial', 'full')),
    payment_method    text        not null check (payment_method in ('card', 'cod')),
    email             text        not null,
    phone             text,
    currency          char(3)     not null,
    subtotal_minor    bigint      not null check (subtotal_minor >= 0),
    discount_minor    bigint      not null check (discount_minor between 0 and subtotal_minor),
    shipping_minor    bigint      not null check (shipping_minor >= 0),
    tax_minor         bigint      not null check (tax_minor >= 0),
    total_minor       bigint      not null check (total_minor between 0 and 10000000000000),
    shipping_address  jsonb       not null,
    source            text        not null default 'storefront',
    ip                text,
    user_agent        text,
    failure           text,
    -- Version of the last event.
    version           bigint      not null,
    created_at        timestamptz not null default now(),
    updated_at        timestamptz not null default now(),
    paid_at           timestamptz,
    check (total_minor = subtotal_minor - discount_minor + shipping_minor + tax_minor)
);
-- However often it is tried: one living order per cart.
create unique index orders_cart on orders (cart_id) where stage not in ('failed', 'cancelled');
create index orders_stage on orders (stage, id);
create index orders_email on orders (email, id);

create table order_items (
    id               uuid   primary key,
    order_id         uuid   not null references orders (id),
    line             int    not null check (line >= 1),
    product_id       uuid   not null,
    variant_id       uuid   not null,
    sku              text   not null,
    title            text   not null,
    quantity         int    not null check (quantity > 0),
    unit_price_minor bigint not null check (unit_price_minor >= 0),
    total_minor      bigint not null,
    unique (order_id, line),
    check (total_minor = unit_price_minor * quantity)
);

-- Who moved an order, from where to where, when and why.
create table order_history (
    id         bigint      generated always as identity primary key,
    order_id   uuid        not null references orders (id),
    from_stage text,
    to_stage   text        not null,
    reason     text,
    actor      jsonb       not null,
    request_id text        not null,
    created_at timestamptz not null default now()
);
create index order_history_by_order on order_history (order_id, id);
