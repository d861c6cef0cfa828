"""Number series of credit notes.

Revision ID: 0009
"""

from warehouse.migrations.statements import execute

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

STATEMENTS = """
-- grain: one row per legal entity and year of issue
create table ops.credit_note_number_series (
    legal_entity_id text collate "C" not null,
    issue_year integer not null,
    last_number bigint not null,
    primary key (legal_entity_id, issue_year)
);
alter table ops.credit_note_number_series owner to mh_owner;
grant select, insert, update on ops.credit_note_number_series to mh_finance;
grant select on ops.credit_note_number_series to mh_transformer;
"""


def upgrade() -> None:
    """Makes what is new."""
    execute(STATEMENTS)
