-- The provider's invoices to stores, mirrored.
create table invoices (
    id                  text        primary key check (id ~ '^in_'),
    tenant_id           uuid        not null references tenants (id),
    stripe_subscription text,
    number              text,
    status              text        not null check (status in ('draft', 'open', 'paid', 'uncollectible', 'void')),
    reason              text,
    currency            char(3)     not null,
    subtotal_minor      bigint      not null,
    tax_minor           bigint      not null,
    total_minor         bigint      not null,
    due_minor           bigint      not null,
    paid_minor          bigint      not null,
    remaining_minor     bigint      not null,
    attempts            int         not null,
    next_attempt_at     timestamptz,
    hosted_url          text,
    pdf_url             text,
    period_start        timestamptz not null,
    period_end          timestamptz not null,
    created_at          timestamptz not null,
    finalized_at        timestamptz,
    paid_at             timestamptz,
    -- As on subscriptions: an answer to a lower number is out of date.
    heard               bigint      not null,
    mirrored_at         timestamptz not null
);
create index invoices_by_tenant on invoices (tenant_id, created_at desc, id desc);
create index invoices_open on invoices (tenant_id) where status = 'open';
create sequence invoices_asked;
