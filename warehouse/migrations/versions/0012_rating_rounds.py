"""What changed for whom since rating last looked, and queries cut down to some customers.

Revision ID: 0012
"""

from warehouse.migrations.stacked_query import STACKED_QUERY
from warehouse.migrations.statements import execute

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

STATEMENTS = """
-- grain: one row per change of what rating reads; customer_ids is null where it is for all of them
create table ops.rating_rounds (
    round_id bigint generated always as identity primary key,
    input_state text not null,
    customer_ids text[],
    opened_at timestamptz not null default now()
);

-- grain: one row per model (or part of one) and load that a rating round has seen
create table ops.rated_loads (
    model_name text collate "C" not null,
    load_id bigint not null,
    primary key (model_name, load_id)
);
alter table ops.rating_rounds owner to mh_owner;
alter table ops.rated_loads owner to mh_owner;
grant select, insert, delete on ops.rating_rounds to mh_transformer;
grant select, insert on ops.rated_loads to mh_transformer;
grant select on ops.rating_rounds, ops.rated_loads to mh_finance;

-- the round that a model has followed, and the query that its rows come from
alter table ops.replaced_models add column round_id bigint, add column model_sql text;
"""


def upgrade() -> None:
    """Makes what is new."""
    execute(STATEMENTS)
    execute(STACKED_QUERY)
