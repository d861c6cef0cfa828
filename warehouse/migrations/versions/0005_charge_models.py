"""What percentages take per event: fees, free events and amounts, and limits.

Revision ID: 0005
"""

from warehouse.migrations.statements import execute

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

STATEMENTS = """
alter table raw_catalog.prices
    add column fixed_fee_per_event_unrounded numeric(38, 12),
    add column free_events bigint,
    add column free_amount_unrounded numeric(38, 12),
    add column minimum_per_event_unrounded numeric(38, 12),
    add column maximum_per_event_unrounded numeric(38, 12);
"""


def upgrade() -> None:
    """Makes what is new."""
    execute(STATEMENTS)
