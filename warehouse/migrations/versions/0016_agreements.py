"""Commitments, limits, discounts and one-off lines.

Revision ID: 0016
"""

from warehouse.migrations.statements import execute

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

STATEMENTS = """
alter table raw_catalog.legal_entities
    add column rounding_scope text not null default 'line';
alter table raw_catalog.plans
    add column minimum_commitment_unrounded numeric(38, 12);
alter table raw_catalog.prices
    add column minimum_commitment_unrounded numeric(38, 12),
    add column maximum_spend_unrounded numeric(38, 12);

-- grain: one row per catalog version and contract
create table raw_catalog.contracts (
    catalog_version bigint not null,
    contract_id text collate "C" not null,
    customer_id text collate "C" not null,
    label text not null,
    starts_on date not null,
    ends_on date,
    interval text not null,
    minimum_commitment_unrounded numeric(38, 12) not null,
    currency_code text not null
);
-- grain: one row per catalog version and discount
create table raw_catalog.discounts (
    catalog_version bigint not null,
    discount_id text collate "C" not null,
    customer_id text collate "C" not null,
    subscription_id text collate "C",
    label text not null,
    percent numeric(38, 12),
    amount_unrounded numeric(38, 12),
    currency_code text,
    plan_id text collate "C",
    price_id text collate "C",
    starts_on date not null,
    periods integer,
    maximum_amount_unrounded numeric(38, 12)
);
-- grain: one row per catalog version and one-off line
create table raw_catalog.one_off_lines (
    catalog_version bigint not null,
    one_off_id text collate "C" not null,
    customer_id text collate "C" not null,
    charged_on date not null,
    label text not null,
    amount_unrounded numeric(38, 12) not null,
    currency_code text not null,
    tax_category text
);
alter table raw_catalog.contracts owner to mh_owner;
alter table raw_catalog.discounts owner to mh_owner;
alter table raw_catalog.one_off_lines owner to mh_owner;
grant select, insert, delete, maintain
    on raw_catalog.contracts, raw_catalog.discounts, raw_catalog.one_off_lines to mh_loader;
grant select on raw_catalog.contracts, raw_catalog.discounts, raw_catalog.one_off_lines
    to mh_transformer;
"""


def upgrade() -> None:
    """Makes what is new."""
    execute(STATEMENTS)
