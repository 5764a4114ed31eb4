alter table orders drop constraint orders_payment_method_check;
alter table orders add constraint orders_payment_method_check check (payment_method in ('card', 'cod', 'manual'));
alter table orders
    -- Tax that prices and shipping contain; `tax_minor` is what is added to them.
    add column tax_included_minor bigint not null default 0 check (tax_included_minor >= 0),
    -- The part of `tax_minor` and of `tax_included_minor` that shipping bears.
    add column shipping_tax_minor bigint not null default 0 check (shipping_tax_minor >= 0),
    add column shipping_tax_included_minor bigint not null default 0 check (shipping_tax_included_minor >= 0),
    add column promo_code      text,
    add column shipping_method text,
    -- How the totals came about, rule by rule; each line has its own.
    add column trail           jsonb  not null default '[]',
    add column refunded_minor  bigint not null default 0 check (refunded_minor between 0 and total_minor),
    -- Waits for a person's word before it goes on; its goods stay held meanwhile.
    add column review          text   check (review in ('pending', 'approved', 'rejected')),
    add column review_reasons  text[] not null default '{}',
    add column reviewed_by     jsonb,
    add column reviewed_at     timestamptz,
    -- Held by staff: nobody else moves it.
    add column locked_at       timestamptz,
    add column locked_by       jsonb,
    add column lock_reason     text,
    -- Milliseconds: waiting for its slice, deciding, until the money was there, from then until all was sent, and all of it.
    add column queue_wait_ms   bigint,
    add column validation_ms   bigint,
    add column payment_ms      bigint,
    add column fulfilment_ms   bigint,
    add column total_ms        bigint,
    add column error_count     int    not null default 0 check (error_count >= 0),
    -- Those of them that nobody has seen to.
    add column open_errors     int    not null default 0 check (open_errors >= 0),
    add column retry_count     int    not null default 0 check (retry_count >= 0),
    add column last_error      text,
    -- Since when it is in its stage, and since when it is sure without money.
    add column stage_since     timestamptz not null default now(),
    add column confirmed_at    timestamptz,
    add constraint orders_lock_is_whole check ((locked_at is null) = (locked_by is null)
                                               and (locked_at is null) = (lock_reason is null));
create index orders_review on orders (review, id) where review is not null;
create index orders_with_errors on orders (id) where open_errors > 0;
create index orders_locked on orders (id) where locked_at is not null;
create index orders_money_back on orders (money, id) where money <> 'none';
-- What somebody has still to do something about: confirm, review, pack, ship.
create index orders_to_do on orders (id)
    where stage in ('pending', 'paid', 'confirmed', 'packed') and money <> 'full';
create index orders_newest_of_customer on orders (email, created_at);

alter table order_items
    -- Shares of the order's discount and taxes, fixed at purchase.
    add column discount_minor     bigint not null default 0 check (discount_minor between 0 and total_minor),
    add column tax_minor          bigint not null default 0 check (tax_minor >= 0),
    add column tax_included_minor bigint not null default 0 check (tax_included_minor >= 0),
    add column trail              jsonb  not null default '[]',
    add column shipped_quantity   int    not null default 0,
    add column refunded_quantity  int    not null default 0,
    add constraint order_items_shipped_holds check (shipped_quantity between 0 and quantity),
    add constraint order_items_refunded_holds check (refunded_quantity between 0 and quantity);

-- What went wrong with an order, and whether somebody has seen to it.
create table order_errors (
    id          bigint      generated always as identity primary key,
    order_id    uuid        not null references orders (id),
    category    text        not null check (category in ('validation', 'payment', 'inventory', 'shipping', 'system', 'external')),
    severity    text        not null check (severity in ('low', 'medium', 'high', 'critical')),
    code        text        not null,
    message     text        not null,
    data        jsonb       not null default '{}',
    request_id  text        not null,
    created_at  timestamptz not null default now(),
    resolved_at timestamptz,
    resolved_by jsonb,
    resolution  text,
    check ((resolved_at is null) = (resolved_by is null))
);
create index order_errors_by_order on order_errors (order_id, id);
create index order_errors_open on order_errors (id) where resolved_at is null;
-- One row for one trouble, however often it shows.
create unique index order_errors_one_open on order_errors (order_id, code) where resolved_at is null;

create table order_notes (
    id         bigint      generated always as identity primary key,
    order_id   uuid        not null references orders (id),
    author     jsonb       not null,
    text       text        not null check (length(text) between 1 and 4000),
    created_at timestamptz not null default now()
);
create index order_notes_by_order on order_notes (order_id, id);

alter table checkouts drop constraint checkouts_ending_check;
alter table checkouts add constraint checkouts_ending_check
    check (ending in ('expired', 'cancelled', 'cancelled_by_staff'));
