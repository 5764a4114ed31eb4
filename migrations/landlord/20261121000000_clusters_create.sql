-- Databases that hold tenants.
create table clusters (
    id         text        primary key check (id ~ '^[a-z][a-z0-9-]{0,30}$'),
    created_at timestamptz not null default now()
);
insert into clusters (id) values ('main');
