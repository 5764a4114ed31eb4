create table carts (
    id           uuid        primary key,
    status       text        not null default 'open' check (status in ('open', 'in_checkout', 'completed')),
    currency     char(3)     not null,
    created_at   timestamptz not null default now(),
    updated_at   timestamptz not null default now(),
    expires_at   timestamptz not null default now() + interval '30 days',
    completed_at timestamptz,
    deleted_at   timestamptz,
    check ((status = 'completed') = (completed_at is not null))
);
create index carts_expiry on carts (expires_at) where status = 'open' and deleted_at is null;

create table cart_items (
    id         uuid        primary key,
    cart_id    uuid        not null references carts (id),
    variant_id uuid        not null references variants (id),
    quantity   int         not null check (quantity between 1 and 10000),
    created_at timestamptz not null default now(),
    unique (cart_id, variant_id)
);
