"""Admission by event keys.

Revision ID: 0002
"""

from warehouse.migrations.statements import execute

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

STATEMENTS = """
"""


def upgrade() -> None:
    """Makes what is new."""
    execute(STATEMENTS)
