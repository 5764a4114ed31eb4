create table plans (
    code        text    primary key check (code ~ '^[a-z][a-z0-9_-]{1,38}$'),
    name        text    not null,
    price_minor bigint  not null check (price_minor >= 0),
    currency    char(3) not null,
    interval    text    not null default 'month' check (interval in ('month', 'year')),
    trial_days  int     check (trial_days >= 0),
    position    int     not null,
    active      boolean not null default true
);

create table features (
    code text primary key check (code ~ '^[a-z][a-z0-9_]{1,60}$'),
    kind text not null check (kind in ('switch', 'limit', 'metered')),
    name text not null
);

create table plan_features (
    plan        text    not null references plans (code),
    feature     text    not null references features (code),
    enabled     boolean not null,
    -- Null: unlimited.
    limit_value bigint  check (limit_value >= 0),
    primary key (plan, feature)
);

insert into features (code, kind, name) values
    ('max_products', 'limit', 'Products'),
    ('max_orders_per_month', 'limit', 'Orders a month'),
    ('max_staff', 'limit', 'Staff accounts'),
    ('custom_domain', 'switch', 'Own domain'),
    ('webhooks', 'switch', 'Outgoing webhooks'),
    ('reports', 'switch', 'Reports'),
    ('refund_approval', 'switch', 'Refunds approved by a second person'),
    ('api_rate', 'limit', 'API requests a second');

insert into plans (code, name, price_minor, currency, position) values
    ('starter', 'Starter', 1900, 'USD', 1),
    ('growth', 'Growth', 7900, 'USD', 2),
    ('scale', 'Scale', 29900, 'USD', 3);

insert into plan_features (plan, feature, enabled, limit_value) values
    ('starter', 'max_products', true, 100),
    ('starter', 'max_orders_per_month', true, 1000),
    ('starter', 'max_staff', true, 2),
    ('starter', 'custom_domain', false, null),
    ('starter', 'webhooks', true, null),
    ('starter', 'reports', false, null),
    ('starter', 'refund_approval', false, null),
    ('starter', 'api_rate', true, 20),
    ('growth', 'max_products', true, 5000),
    ('growth', 'max_orders_per_month', true, 20000),
    ('growth', 'max_staff', true, 10),
    ('growth', 'custom_domain', true, null),
    ('growth', 'webhooks', true, null),
    ('growth', 'reports', true, null),
    ('growth', 'refund_approval', true, null),
    ('growth', 'api_rate', true, 50),
    ('scale', 'max_products', true, null),
    ('scale', 'max_orders_per_month', true, null),
    ('scale', 'max_staff', true, null),
    ('scale', 'custom_domain', true, null),
    ('scale', 'webhooks', true, null),
    ('scale', 'reports', true, null),
    ('scale', 'refund_approval', true, null),
    ('scale', 'api_rate', true, 200);
