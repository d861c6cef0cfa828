"""What was done about quarantined deliveries.

Revision ID: 0004
"""

from warehouse.migrations.statements import execute

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

STATEMENTS = """
-- grain: one row per decision about a quarantined delivery; the newest one of a delivery holds
create table ops.quarantine_resolutions (
    resolution_id bigint generated always as identity primary key,
    load_id bigint not null references ops.loads (load_id),
    delivery_id text collate "C" not null,
    action text not null check (action in ('replay', 'discard', 'restore')),
    who text not null check (who <> ''),
    why text not null check (why <> ''),
    decided_at timestamptz not null default now(),
    replay_load_id bigint references ops.loads (load_id),
    replay_delivery_id text collate "C",
    edited_text text,
    check (
        (action = 'replay') = (replay_load_id is not null)
        and (action = 'replay') = (replay_delivery_id is not null)
        and (action = 'replay' or edited_text is null)
    )
);
create index quarantine_resolutions_delivery
    on ops.quarantine_resolutions (load_id, delivery_id, resolution_id);
create unique index quarantine_resolutions_replayed_once
    on ops.quarantine_resolutions (load_id, delivery_id) where action = 'replay';
alter table ops.quarantine_resolutions owner to mh_owner;

create trigger refuse_change before update or delete on ops.quarantine_resolutions
    for each row execute function ops.refuse_change();
create trigger refuse_truncate before truncate on ops.quarantine_resolutions
    for each statement execute function ops.refuse_change();

grant select, insert on ops.quarantine_resolutions to mh_loader;
grant select on ops.event_fates, ops.event_registry to mh_loader;
grant select on ops.quarantine_resolutions to mh_transformer, mh_finance;

-- what would be admitted is asked of the models that admit
grant usage on schema intermediate, marts to mh_loader;
grant select on all tables in schema intermediate, marts to mh_loader;
alter default privileges for role mh_transformer in schema intermediate, marts
    grant select on tables to mh_loader;
"""


def upgrade() -> None:
    """Makes what is new."""
    execute(STATEMENTS)
