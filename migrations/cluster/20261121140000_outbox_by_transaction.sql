-- A row for all that a transaction told at once: what it costs no longer grows with the number of events.
alter table outbox add column positions bigint[];
update outbox set positions = array[position];
alter table outbox alter column positions set not null,
    add check (cardinality(positions) > 0),
    drop column position,
    drop column aggregate_id,
    drop column event_type;
-- Positions ascend within a row.
create index outbox_by_tenant on outbox (tenant_id, (positions[1]));
