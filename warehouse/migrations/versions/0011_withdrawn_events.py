"""Accepted events that were withdrawn: by an event that voids them, or by a later payload.

Revision ID: 0011
"""

from warehouse.migrations.statements import execute

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

STATEMENTS = """
alter table raw_catalog.legal_entities
    add column duplicate_event_policy text not null default 'first_wins';

-- an ordinary load has none, and finds so without being read
create index events_that_void on raw_usage.events (load_id) where event_type = 'event.voided';

-- grain: one row per accepted event that withdraws another; settled by the load that brought both
create table ops.event_voids (
    customer_id text collate "C" not null,
    load_id bigint not null,
    delivery_id text collate "C" not null,
    voided_event_id text collate "C" not null,
    event_key_high bigint not null,
    event_key_low bigint not null,
    settled_load_id bigint,
    primary key (customer_id, load_id, delivery_id)
);
create index event_voids_event
    on ops.event_voids (event_key_high, event_key_low, customer_id);
create index event_voids_waiting on ops.event_voids (load_id) where settled_load_id is null;

-- grain: one row per payload that took the place of an earlier one of its customer and event id
create table ops.event_revisions (
    event_key_high bigint not null,
    event_key_low bigint not null,
    customer_id text collate "C" not null,
    payload_hash bigint not null,
    load_id bigint not null,
    delivery_id text collate "C" not null,
    primary key (event_key_high, event_key_low, customer_id, payload_hash)
);
create index event_revisions_load on ops.event_revisions (load_id, delivery_id);

-- grain: one row per accepted delivery that was withdrawn
create table ops.event_retractions (
    load_id bigint not null,
    delivery_id text collate "C" not null,
    customer_id text collate "C" not null,
    event_id text collate "C" not null,
    occurred_at timestamptz not null,
    reason text not null check (reason in ('voided', 'superseded')),
    by_load_id bigint not null,
    by_delivery_id text collate "C" not null,
    decided_load_id bigint not null,
    primary key (load_id, delivery_id)
);
create index event_retractions_decided on ops.event_retractions (decided_load_id);
create index event_retractions_by on ops.event_retractions (by_load_id, by_delivery_id);

alter table ops.event_voids owner to mh_owner;
alter table ops.event_revisions owner to mh_owner;
alter table ops.event_retractions owner to mh_owner;

create trigger refuse_change before update or delete on ops.event_retractions
    for each row execute function ops.refuse_change();
create trigger refuse_truncate before truncate on ops.event_retractions
    for each statement execute function ops.refuse_change();
create trigger refuse_change before update or delete on ops.event_revisions
    for each row execute function ops.refuse_change();
create trigger refuse_truncate before truncate on ops.event_revisions
    for each statement execute function ops.refuse_change();

grant select, insert on ops.event_voids, ops.event_revisions, ops.event_retractions
    to mh_transformer;
grant update (settled_load_id) on ops.event_voids to mh_transformer;
grant update (row_count) on ops.applied_loads to mh_transformer;
grant select on ops.event_voids, ops.event_revisions, ops.event_retractions
    to mh_loader, mh_finance;
"""


def upgrade() -> None:
    """Makes what is new."""
    execute(STATEMENTS)
