alter table subscriptions
    add column price_id             uuid references plan_prices (id),
    add column stripe_subscription  text,
    -- The item of the plan; items of metered features stand beside it.
    add column stripe_item          text,
    add column current_period_start timestamptz,
    add column current_period_end   timestamptz,
    add column cancel_at            timestamptz,
    add column canceled_at          timestamptz,
    add column ended_at             timestamptz,
    -- A smaller plan that is paid from then on; until then the store has what was paid for.
    add column pending_plan         text references plans (code),
    add column pending_at           timestamptz,
    -- Behind with paying: since when, on which ladder, how far down, and when the next step is due.
    add column behind_since         timestamptz,
    add column ladder               text references dunning_ladders (code),
    add column stage                text not null default 'none' check (stage in ('none', 'notice', 'banner',
                                        'products_frozen', 'read_only', 'checkout_paused', 'suspended')),
    add column next_step_at         timestamptz,
    -- Whoever asks the provider takes a number first; an answer to a lower number than was heard is out of date.
    add column asked                bigint not null default 0,
    add column heard                bigint not null default 0,
    add column heard_at             timestamptz,
    -- The end of trial that was warned of.
    add column trial_warned_for     timestamptz,
    add constraint subscriptions_pending_whole check ((pending_plan is null) = (pending_at is null)),
    add constraint subscriptions_behind_whole check ((behind_since is null) = (ladder is null)),
    add constraint subscriptions_not_behind check (behind_since is not null or (stage = 'none' and next_step_at is null)),
    add constraint subscriptions_heard_asked check (heard <= asked);
create unique index subscriptions_by_stripe on subscriptions (stripe_subscription) where stripe_subscription is not null;
create index subscriptions_steps on subscriptions (next_step_at) where next_step_at is not null;
create index subscriptions_trials on subscriptions (trial_ends_at) where status = 'trialing';
create index subscriptions_pending on subscriptions (pending_at) where pending_at is not null;
create index subscriptions_unheard on subscriptions (heard_at) where stripe_subscription is not null;

-- The store as a customer of the platform's at the provider, made when first needed.
create table billing_customers (
    tenant_id       uuid        primary key references tenants (id),
    stripe_customer text,
    -- Grows when the customer is deleted over there: part of the key under which the next is made.
    generation      int         not null default 1,
    created_at      timestamptz not null default now()
);
create unique index billing_customers_by_stripe on billing_customers (stripe_customer) where stripe_customer is not null;

-- Pages at the provider on which a store subscribes. One at a time can be paid.
create table billing_checkouts (
    id         uuid        primary key,
    tenant_id  uuid        not null references tenants (id),
    price_id   uuid        not null references plan_prices (id),
    state      text        not null default 'asked' check (state in ('asked', 'open', 'over')),
    session    text,
    url        text,
    expires_at timestamptz,
    created_at timestamptz not null default now(),
    check (state <> 'open' or (session is not null and url is not null and expires_at is not null))
);
create unique index billing_checkouts_one on billing_checkouts (tenant_id) where state <> 'over';
create unique index billing_checkouts_by_session on billing_checkouts (session) where session is not null;
create index billing_checkouts_late on billing_checkouts (expires_at) where state = 'open';
