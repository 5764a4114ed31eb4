-- What a store may tune of money and of who is looked at before an order goes on. Null: as the platform says.
alter table settings
    -- Where the store is: carts without an address are taxed as if they were sent there.
    add column country                char(2) check (country ~ '^[A-Z]{2}$'),
    -- Card payments: taken at once, or only authorised until staff captures them.
    add column capture                text    not null default 'automatic' check (capture in ('automatic', 'manual')),
    -- By how much a total may have moved since the shopper saw it.
    add column price_tolerance_minor  bigint  not null default 1 check (price_tolerance_minor >= 0),
    -- Does an edit of a cart that is being bought call the purchase off? Else it is refused.
    add column edit_cancels_checkout  boolean not null default false,
    -- Cash on delivery above this waits for an identity check.
    add column cod_review_minor       bigint  check (cod_review_minor >= 0),
    -- Any order above this waits for an approval.
    add column order_review_minor     bigint  check (order_review_minor >= 0),
    -- A customer with so many orders that are not sure yet is looked at.
    add column pending_orders_review  int     check (pending_orders_review >= 1),
    -- So is one with so many orders within an hour.
    add column hourly_orders_review   int     check (hourly_orders_review >= 1),
    -- And one who orders the same again within so many minutes; 0: never.
    add column duplicate_minutes      int     check (duplicate_minutes between 0 and 1440),
    -- Refunds above this need a second person, by the role of who asks: {"support": 5000}. A role that is not named: as
    -- the platform says.
    add column refund_approval_minor  jsonb   not null default '{}';

-- A set of prices, taxes and shipping rules that was cached under another version is stale.
alter table store_state
    add column pricing_version bigint not null default 1,
    -- Orders of the month that `orders_month` names (2026-11, UTC): exact, because whoever creates orders holds this row.
    add column orders_month    text   not null default '',
    add column orders_in_month bigint not null default 0 check (orders_in_month >= 0);
