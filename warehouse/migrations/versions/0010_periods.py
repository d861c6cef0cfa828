"""Periods: time zones, billing days and intervals, instants, quantities, changes, pauses, trials.

Revision ID: 0010
"""

from warehouse.migrations.statements import execute

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

STATEMENTS = """
alter table raw_catalog.legal_entities
    add column proration text not null default 'days',
    add column plan_change_policy text not null default 'immediate',
    add column back_dated_change_policy text not null default 'next_invoice';
alter table raw_catalog.customers
    add column billing_time_zone text not null default 'UTC';
alter table raw_catalog.plans
    add column billing_interval text not null default 'month';
alter table raw_catalog.prices
    add column billing_interval text not null default 'month',
    add column is_billed_in_advance boolean not null default false;
-- changes and pauses are JSON arrays, null for none
alter table raw_catalog.subscriptions
    add column starts_at timestamptz,
    add column ends_at timestamptz,
    add column billing_anchor_day integer not null default 1,
    add column quantity numeric(38, 9) not null default 1,
    add column trial_ends_on date,
    add column changes text,
    add column pauses text;
-- the events of days that a period cuts are found by their time
do $$ begin
    if to_regclass('marts.fct_usage_events') is not null then
        create index on marts.fct_usage_events using brin (occurred_at timestamptz_minmax_multi_ops)
        with (pages_per_range = 32, autosummarize = on);
    end if;
end $$;
"""


def upgrade() -> None:
    """Makes what is new."""
    execute(STATEMENTS)
