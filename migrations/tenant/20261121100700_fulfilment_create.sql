-- What leaves together.
create table shipments (
    id              uuid        primary key,
    order_id        uuid        not null references orders (id),
    -- The how-manieth of its order, from 1.
    number          int         not null check (number >= 1),
    status          text        not null check (status in ('shipped', 'delivered')),
    carrier         text        check (length(carrier) between 1 and 100),
    tracking_number text        check (length(tracking_number) between 1 and 100),
    tracking_url    text        check (length(tracking_url) between 1 and 500),
    shipped_by      jsonb       not null,
    shipped_at      timestamptz not null default now(),
    delivered_at    timestamptz,
    unique (order_id, number),
    check ((status = 'delivered') = (delivered_at is not null))
);

create table shipment_items (
    shipment_id   uuid not null references shipments (id),
    order_item_id uuid not null references order_items (id),
    quantity      int  not null check (quantity > 0),
    primary key (shipment_id, order_item_id)
);
create index shipment_items_by_order_item on shipment_items (order_item_id);
