-- Who did what, before and after. Rows are only ever added.
create table activity (
    id          bigint      generated always as identity primary key,
    actor       jsonb       not null,
    action      text        not null,
    entity_type text        not null,
    entity_id   uuid        not null,
    before      jsonb,
    after       jsonb,
    request_id  text        not null,
    created_at  timestamptz not null default now()
);
create index activity_by_entity on activity (entity_id, id);
