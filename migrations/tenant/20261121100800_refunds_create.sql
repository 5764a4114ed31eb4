create table refunds (
    id             uuid        primary key,
    order_id       uuid        not null references orders (id),
    payment_id     uuid        not null references payments (id),
    -- A failed one that this tries again.
    retry_of       uuid        references refunds (id),
    status         text        not null check (status in ('requested', 'approved', 'processing', 'succeeded', 'failed',
                                                          'rejected', 'cancelled')),
    amount_minor   bigint      not null check (amount_minor > 0),
    currency       char(3)     not null,
    reason         text        not null check (length(reason) between 1 and 500),
    -- The part of it that is for shipping, its tax included; the rest is for the lines, or for none in particular.
    shipping_minor bigint      not null default 0 check (shipping_minor between 0 and amount_minor),
    -- Who asked, who decided, and what they said.
    requested_by   jsonb       not null,
    decided_by     jsonb,
    decided_at     timestamptz,
    decision       text        check (length(decision) between 1 and 500),
    -- The same for every try, so that the provider sees one act.
    provider_key   text        not null unique,
    provider_ref   text        unique,
    -- What whoever gave cash back wrote down about it.
    reference      text        check (length(reference) between 1 and 200),
    failure_code   text,
    -- When the provider was first asked: it forgets our key after a day.
    asked_at       timestamptz,
    -- When the money had gone back; it stays when the provider later takes that back.
    succeeded_at   timestamptz,
    -- When the goods marked for it were back in stock: only after the money went back.
    restocked_at   timestamptz,
    version        bigint      not null,
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now(),
    finished_at    timestamptz,
    check (status <> 'succeeded' or succeeded_at is not null),
    check (restocked_at is null or succeeded_at is not null)
);
create index refunds_by_order on refunds (order_id, id);
create index refunds_by_payment on refunds (payment_id);
create index refunds_by_status on refunds (status, id);
-- A failed refund is tried again once; that one again, if it fails.
create unique index refunds_retry_of on refunds (retry_of) where status not in ('rejected', 'cancelled');

create table refund_lines (
    refund_id      uuid    not null references refunds (id),
    order_item_id  uuid    not null references order_items (id),
    quantity       int     not null check (quantity > 0),
    -- price × quantity − its share of the discount + its share of the tax.
    amount_minor   bigint  not null check (amount_minor >= 0),
    discount_minor bigint  not null check (discount_minor >= 0),
    tax_minor      bigint  not null check (tax_minor >= 0),
    restock        boolean not null,
    -- What became of the goods: no longer set aside for the order, or back in the store room.
    released_quantity int  not null default 0 check (released_quantity >= 0),
    returned_quantity int  not null default 0 check (returned_quantity >= 0),
    check (released_quantity + returned_quantity <= case when restock then quantity else 0 end),
    primary key (refund_id, order_item_id)
);
create index refund_lines_by_order_item on refund_lines (order_item_id);
