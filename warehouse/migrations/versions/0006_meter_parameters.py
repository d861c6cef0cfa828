"""Parameters of meters: the counted property and the percentile.

Revision ID: 0006
"""

from warehouse.migrations.statements import execute

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

STATEMENTS = """
alter table raw_catalog.meters
    add column counted_property text,
    add column percentile integer;
"""


def upgrade() -> None:
    """Makes what is new."""
    execute(STATEMENTS)
