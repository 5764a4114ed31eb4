-- What plans cost. A price is never changed, since people pay it: another one takes its place on offer.
create table plan_prices (
    id           uuid        primary key default gen_random_uuid(),
    plan         text        not null references plans (code),
    interval     text        not null check (interval in ('month', 'year')),
    amount_minor bigint      not null check (amount_minor >= 0),
    currency     char(3)     not null,
    -- On offer now. Those who pay another one go on paying it.
    active       boolean     not null default true,
    -- Its name at the provider, once it is known there.
    stripe_price text,
    created_at   timestamptz not null default now(),
    unique (plan, interval, amount_minor, currency)
);
create unique index plan_prices_on_offer on plan_prices (plan, interval, currency) where active;
create unique index plan_prices_by_stripe on plan_prices (stripe_price) where stripe_price is not null;

insert into plan_prices (plan, interval, amount_minor, currency)
    select code, interval, price_minor, currency from plans where active;
-- A year for the price of ten months.
insert into plan_prices (plan, interval, amount_minor, currency)
    select code, 'year', price_minor * 10, currency from plans where active and interval = 'month';

-- A unit of what is counted, on a plan that has the metered feature.
create table plan_meter_prices (
    plan                text   not null references plans (code),
    feature             text   not null references features (code),
    interval            text   not null check (interval in ('month', 'year')),
    currency            char(3) not null,
    -- In minor units with up to twelve decimals, as the provider has it: a unit may cost less than a cent.
    unit_amount_decimal text   not null check (unit_amount_decimal ~ '^[0-9]{1,12}(\.[0-9]{1,12})?$'),
    stripe_price        text,
    primary key (plan, feature, interval, currency)
);
