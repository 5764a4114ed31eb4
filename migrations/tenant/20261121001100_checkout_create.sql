-- The lock and the saga of one purchase.
create table checkouts (
    id           uuid        primary key,
    cart_id      uuid        not null references carts (id),
    order_id     uuid        not null references orders (id),
    status       text        not null check (status in ('active', 'completed', 'failed', 'expired', 'cancelled')),
    -- The last phase that was reached.
    phase        text        not null check (phase in ('started', 'cart_validated', 'inventory_reserved', 'price_locked',
                                                       'order_created', 'payment_authorized', 'payment_captured',
                                                       'stock_committed', 'completed')),
    -- Why it is being called off; written before the provider is asked to, so that whoever hears of it first knows.
    ending       text        check (ending in ('expired', 'cancelled')),
    failure      text,
    -- [{"phase": "started", "at": "...", "ms": 1}, {"undone": "inventory_reserved", ...}]
    log          jsonb       not null,
    expires_at   timestamptz not null,
    created_at   timestamptz not null default now(),
    updated_at   timestamptz not null default now(),
    finished_at  timestamptz,
    check ((status = 'active') = (finished_at is null))
);
create unique index checkouts_one_live on checkouts (cart_id) where status = 'active';
create unique index checkouts_order on checkouts (order_id);
create index checkouts_expiry on checkouts (expires_at) where status = 'active';
