"""What was done about quarantined deliveries.

Revision ID: 0004
"""

from warehouse.migrations.statements import execute

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

STATEMENTS = """
"""


def upgrade() -> None:
    """Makes what is new."""
    execute(STATEMENTS)
