-- People a store knows something about: whoever is not here is a stranger like all others.
create table customers (
    id         uuid        primary key,
    -- Lower case; the same address in another store is another customer.
    email      text        not null unique check (email = lower(email) and length(email) between 3 and 254),
    name       text        check (length(name) between 1 and 200),
    status     text        not null default 'active' check (status in ('active', 'blocked')),
    -- Orders of a trusted customer go on without review.
    trusted    boolean     not null default false,
    note       text        check (length(note) <= 2000),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
-- Staff looks for the beginning of an address.
create index customers_email_begins on customers (email text_pattern_ops);

-- Staff looks at the checkouts of one status, or of one cart.
create index checkouts_by_status on checkouts (status, id);
create index checkouts_by_cart on checkouts (cart_id, id);
-- How checkouts fared of late.
create index checkouts_by_time on checkouts (created_at);
