"""What the doors beside files keep: positions and sightings.

Revision ID: 0003
"""

from warehouse.migrations.statements import execute

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

STATEMENTS = """
"""


def upgrade() -> None:
    """Makes what is new."""
    execute(STATEMENTS)
