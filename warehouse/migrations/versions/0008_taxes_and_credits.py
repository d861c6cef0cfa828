"""Tax rates, who is exempt, and prepaid credits.

Revision ID: 0008
"""

from warehouse.migrations.statements import execute

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

STATEMENTS = """
alter table raw_catalog.legal_entities
    add column tax_rounding text not null default 'per_rate',
    add column prices_include_tax boolean not null default false;
alter table raw_catalog.customers
    add column vat_id text,
    add column tax_exempt_reason text;
alter table raw_catalog.prices
    add column tax_category text not null default 'standard';

-- grain: one row per catalog version, legal entity, country of the customer, tax category, kind of
-- customer (everyone, or those with a VAT id: reverse_charge) and valid_from
create table raw_catalog.tax_rates (
    catalog_version bigint not null,
    legal_entity_id text collate "C" not null,
    country_code text not null,
    tax_category text not null,
    treatment text not null,
    rate_percent numeric(38, 12) not null,
    valid_from date not null,
    valid_to date
);
-- grain: one row per catalog version and credit grant
create table raw_catalog.credit_grants (
    catalog_version bigint not null,
    grant_id text collate "C" not null,
    customer_id text collate "C" not null,
    label text not null,
    currency_code text not null,
    amount_unrounded numeric(38, 12) not null,
    priority integer not null,
    granted_on date not null,
    expires_on date
);
alter table raw_catalog.tax_rates owner to mh_owner;
alter table raw_catalog.credit_grants owner to mh_owner;
grant select, insert, delete, maintain on raw_catalog.tax_rates, raw_catalog.credit_grants
    to mh_loader;
grant select on raw_catalog.tax_rates, raw_catalog.credit_grants to mh_transformer;
"""


def upgrade() -> None:
    """Makes what is new."""
    execute(STATEMENTS)
