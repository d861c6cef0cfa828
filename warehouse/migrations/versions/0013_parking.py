"""Customers left out of a close, and their release; policies of closing; addresses of customers.

Revision ID: 0013
"""

from warehouse.migrations.statements import execute

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

STATEMENTS = """
alter table raw_catalog.legal_entities
    add column late_usage_policy text not null default 'next_invoice',
    add column zero_invoices text not null default 'issue';
alter table raw_catalog.customers
    add column address text;

-- grain: one row per customer that a close left out, with why, and why it was closed anyway
create table ops.parked_customers (
    legal_entity_id text collate "C" not null,
    period_start date not null,
    customer_id text collate "C" not null,
    reason text not null,
    who text not null check (who <> ''),
    why text not null check (why <> ''),
    closed_at timestamptz not null,
    primary key (customer_id, legal_entity_id, period_start)
);
-- grain: one row per month of a customer that was left out and released later
create table ops.releases (
    legal_entity_id text collate "C" not null,
    period_start date not null,
    customer_id text collate "C" not null,
    who text not null check (who <> ''),
    catalog_version bigint not null,
    applied_loads int8multirange not null,
    invoice_count bigint not null,
    line_count bigint not null,
    released_at timestamptz not null,
    primary key (customer_id, legal_entity_id, period_start)
);
alter table ops.parked_customers owner to mh_owner;
alter table ops.releases owner to mh_owner;

create trigger refuse_change before update or delete on ops.parked_customers
    for each row execute function ops.refuse_change();
create trigger refuse_truncate before truncate on ops.parked_customers
    for each statement execute function ops.refuse_change();
create trigger refuse_change before update or delete on ops.releases
    for each row execute function ops.refuse_change();
create trigger refuse_truncate before truncate on ops.releases
    for each statement execute function ops.refuse_change();

grant select, insert on ops.parked_customers, ops.releases to mh_finance;
grant select on ops.parked_customers, ops.releases to mh_transformer;
"""


def upgrade() -> None:
    """Makes what is new."""
    execute(STATEMENTS)
