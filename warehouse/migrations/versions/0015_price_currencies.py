"""The currency of a price; those landed before are in the currency of their plan.

Revision ID: 0015
"""

from warehouse.migrations.statements import execute

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

STATEMENTS = """
alter table raw_catalog.prices add column currency_code text;
"""


def upgrade() -> None:
    """Makes what is new."""
    execute(STATEMENTS)
