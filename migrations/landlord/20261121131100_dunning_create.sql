-- What happens to a store that does not pay, day by day.
create table dunning_ladders (
    code  text primary key check (code ~ '^[a-z][a-z0-9_-]{1,38}$'),
    name  text not null,
    -- What leads onto it, when the plan names no ladder of its own.
    usual_for text check (usual_for in ('payment_failed', 'trial_ended'))
);
create unique index dunning_ladders_usual on dunning_ladders (usual_for) where usual_for is not null;

create table dunning_steps (
    ladder text    not null references dunning_ladders (code) on delete cascade,
    day    int     not null check (day between 0 and 365),
    action text    not null check (action in ('mail', 'banner', 'freeze_products', 'read_only', 'pause_checkout',
                                              'suspend')),
    -- Is a mail sent with it?
    mail   boolean not null,
    primary key (ladder, day, action)
);

insert into dunning_ladders (code, name, usual_for) values
    ('standard', 'A payment failed', 'payment_failed'),
    ('trial', 'The trial is over', 'trial_ended');
insert into dunning_steps (ladder, day, action, mail) values
    ('standard', 0, 'mail', true),
    ('standard', 3, 'banner', true),
    ('standard', 7, 'freeze_products', true),
    ('standard', 10, 'read_only', true),
    ('standard', 14, 'pause_checkout', true),
    ('standard', 30, 'suspend', true),
    ('trial', 0, 'banner', false),
    ('trial', 0, 'read_only', false),
    ('trial', 0, 'pause_checkout', true),
    ('trial', 7, 'mail', true),
    ('trial', 14, 'suspend', true);

-- Null: the usual ladder.
alter table plans add column dunning_ladder text references dunning_ladders (code);

-- Steps that were taken: each once for each time that a store fell behind.
create table dunning_taken (
    tenant_id uuid        not null references tenants (id),
    since     timestamptz not null,
    day       int         not null,
    action    text        not null,
    taken_at  timestamptz not null,
    primary key (tenant_id, since, day, action)
);
