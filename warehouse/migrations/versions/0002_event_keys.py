"""Admission by event keys.

Revision ID: 0002
"""

from warehouse.migrations.statements import execute

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

REGISTRY = """
alter table ops.event_registry rename to event_registry_by_text;
alter index ops.event_registry_pkey rename to event_registry_by_text_pkey;

-- grain: one row per accepted event: customer and event id. The key is 128 bits of hash of the
-- event id, as two integers; the payload's hash covers the id itself, so that two ids of one key
-- would show as a conflict.
create table ops.event_registry (
    event_key_high bigint not null,
    event_key_low bigint not null,
    customer_id text collate "C" not null,
    payload_hash bigint not null,
    load_id bigint not null,
    delivery_id text collate "C" not null,
    primary key (event_key_high, event_key_low, customer_id)
);
create index event_registry_by_load on ops.event_registry
    using brin (load_id) with (pages_per_range = 32);
alter table ops.event_registry owner to mh_owner;
grant select, insert on ops.event_registry to mh_transformer;
grant select on ops.event_registry to mh_finance;
grant maintain on ops.event_registry to mh_transformer;
"""

# dbt makes its views again at the next build; they stand in the way of changing what they read
VIEWS = """
do $$ declare relation record; begin
    for relation in
        select schemaname, viewname from pg_views
        where schemaname in ('staging', 'intermediate', 'marts', 'reporting')
    loop
        execute format('drop view if exists %I.%I cascade', relation.schemaname, relation.viewname);
    end loop;
end $$;
delete from ops.deployments;
"""

# one spelling for equal properties, as Postgres writes jsonb; loads land it so from now on
PROPERTIES = """
update raw_usage.events set properties = properties::jsonb::text
where properties <> properties::jsonb::text;

do $$ begin
    if to_regclass('marts.fct_usage_events') is not null then
        alter table marts.fct_usage_events
            alter column properties type text collate "C" using properties::text;
        insert into ops.event_registry
            (event_key_high, event_key_low, customer_id, payload_hash, load_id, delivery_id)
        select
            hashtextextended(events.event_id, 0),
            hashtextextended(events.event_id, 1),
            events.customer_id,
            hash_record_extended(row(
                events.event_id, events.event_type, events.occurred_at, events.quantity,
                events.properties
            ), 0),
            events.load_id,
            events.delivery_id
        from marts.fct_usage_events as events
        order by 1, 2, 3;
        insert into ops.applied_loads (model_name, load_id, row_count, applied_at)
        select
            lanes.model_name,
            applied.load_id,
            (
                select count(*) from ops.event_registry as registry
                where
                    registry.load_id = applied.load_id
                    and (registry.event_key_high < 0) = lanes.is_negative
            ),
            applied.applied_at
        from ops.applied_loads as applied
        cross join (values
            ('int_events_admitted_0', true), ('int_events_admitted_1', false)
        ) as lanes (model_name, is_negative)
        where applied.model_name = 'fct_usage_events';
    end if;
end $$;
drop table ops.event_registry_by_text;
"""


def upgrade() -> None:
    """Makes the registry of event keys from the facts, and gives properties one spelling."""
    for statements in (REGISTRY, VIEWS, PROPERTIES):
        execute(statements)
