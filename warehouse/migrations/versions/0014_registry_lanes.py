"""The registry in two parts, one for each lane of admission.

Revision ID: 0014
"""

from warehouse.migrations.statements import execute

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

REGISTRY = """
alter table ops.event_registry rename to event_registry_whole;
alter index ops.event_registry_pkey rename to event_registry_whole_pkey;
alter index ops.event_registry_by_load rename to event_registry_whole_by_load;

-- grain: one row per accepted event: customer and event id; by the lane that admits it, so that
-- two lanes never wait for each other to make room in one file
create table ops.event_registry (
    event_key_high bigint not null,
    event_key_low bigint not null,
    customer_id text collate "C" not null,
    payload_hash bigint not null,
    load_id bigint not null,
    delivery_id text collate "C" not null,
    primary key (event_key_high, event_key_low, customer_id)
) partition by range (event_key_high);
create index event_registry_by_load on ops.event_registry
    using brin (load_id) with (pages_per_range = 32);
create table ops.event_registry_0 partition of ops.event_registry
    for values from (minvalue) to (0);
create table ops.event_registry_1 partition of ops.event_registry
    for values from (0) to (maxvalue);
"""

# every part is written and read by name too
GRANTS = """
alter table ops.{table} owner to mh_owner;
grant select, insert on ops.{table} to mh_transformer;
grant select on ops.{table} to mh_finance, mh_loader;
grant maintain on ops.{table} to mh_transformer;
"""

# dbt makes its views again at the next build; they stand in the way of dropping what they read
ROWS = """
insert into ops.event_registry
    (event_key_high, event_key_low, customer_id, payload_hash, load_id, delivery_id)
select event_key_high, event_key_low, customer_id, payload_hash, load_id, delivery_id
from ops.event_registry_whole
order by event_key_high, event_key_low, customer_id;

do $$ declare relation record; begin
    for relation in
        select schemaname, viewname from pg_views
        where schemaname in ('staging', 'intermediate', 'marts', 'reporting')
    loop
        execute format('drop view if exists %I.%I cascade', relation.schemaname, relation.viewname);
    end loop;
end $$;
delete from ops.deployments;
drop table ops.event_registry_whole;
"""


def upgrade() -> None:
    """Makes the parts and moves the registry's rows there."""
    execute(REGISTRY)
    for table in ("event_registry", "event_registry_0", "event_registry_1"):
        execute(GRANTS.format(table=table))
    execute(ROWS)
