-- fillfactor leaves room for updates in place: no changing column is in an index.
create table stock_levels (
    variant_id uuid        primary key references variants (id),
    on_hand    int         not null default 0 check (on_hand >= 0),
    reserved   int         not null default 0 check (reserved >= 0),
    available  int         not null generated always as (on_hand - reserved) stored,
    -- Version of the last event.
    version    bigint      not null default 0,
    -- Since when there are so few that somebody was told; null while there are enough.
    low_since  timestamptz,
    updated_at timestamptz not null default now(),
    check (reserved <= on_hand)
) with (fillfactor = 50);

-- Goods set aside for an order: held while it is unpaid, committed once it is sure, then shipped or given back.
create table stock_reservations (
    order_id   uuid        not null,
    variant_id uuid        not null references variants (id),
    quantity   int         not null check (quantity > 0),
    status     text        not null check (status in ('held', 'committed', 'shipped', 'released')),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (order_id, variant_id)
);
create index stock_reservations_open on stock_reservations (variant_id) where status in ('held', 'committed');

-- Every change of a level. The sum of a variant's movements is its level, always. Rows are only ever added.
create table stock_movements (
    id             bigint      generated always as identity primary key,
    variant_id     uuid        not null references variants (id),
    delta_on_hand  int         not null,
    delta_reserved int         not null,
    reason         text        not null check (length(reason) between 1 and 200),
    reference_type text        not null check (reference_type in ('order', 'adjustment', 'refund')),
    reference_id   uuid,
    actor          jsonb       not null,
    created_at     timestamptz not null default now(),
    check (delta_on_hand <> 0 or delta_reserved <> 0)
);
create index stock_movements_by_variant on stock_movements (variant_id, id);
create index stock_movements_by_reference on stock_movements (reference_id);
