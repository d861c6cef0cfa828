"""What the doors beside files keep: positions and sightings.

Revision ID: 0003
"""

from warehouse.migrations.statements import execute

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

OBJECT_STORES_AND_SQL = """
-- grain: one row per content that an object was seen with: endpoint, bucket, key, etag and size
create table ops.object_sightings (
    endpoint_url text collate "C" not null,
    bucket_name text collate "C" not null,
    object_key text collate "C" not null,
    etag text collate "C" not null,
    size_bytes bigint not null,
    file_sha256 text collate "C" not null,
    seen_at timestamptz not null default now(),
    primary key (bucket_name, object_key, etag, size_bytes, endpoint_url)
);

-- grain: one row per landed load of an SQL source
create table ops.sql_cursors (
    source_name text collate "C" not null,
    load_id bigint not null references ops.loads (load_id),
    cursor_high_value text not null,
    cursor_max_value text not null,
    row_count bigint not null,
    null_cursor_count bigint not null,
    primary key (source_name, load_id)
);
alter table ops.object_sightings owner to mh_owner;
alter table ops.sql_cursors owner to mh_owner;
grant select, insert on ops.object_sightings, ops.sql_cursors to mh_loader;
grant select on ops.object_sightings, ops.sql_cursors to mh_transformer, mh_finance;
"""

KAFKA = """
-- grain: one row per topic, partition and load that read it; it begins where the one before ended
create table ops.kafka_offsets (
    topic text collate "C" not null,
    topic_id text collate "C" not null,
    partition_number integer not null,
    first_offset bigint not null,
    next_offset bigint not null,
    message_count bigint not null,
    load_id bigint not null references ops.loads (load_id),
    primary key (topic, topic_id, partition_number, first_offset),
    check (next_offset > first_offset and message_count > 0)
);
create index kafka_offsets_load_id on ops.kafka_offsets (load_id);

-- grain: one row per jump of a partition's offsets: what lies between can't be read any more
create table ops.kafka_gaps (
    topic text collate "C" not null,
    topic_id text collate "C" not null,
    partition_number integer not null,
    first_offset bigint not null,
    next_offset bigint,
    reason text not null check (reason in ('retention', 'hole', 'topic_replaced')),
    found_at timestamptz not null default now(),
    primary key (topic, topic_id, partition_number, first_offset),
    check (next_offset > first_offset or reason = 'topic_replaced')
);
alter table ops.kafka_offsets owner to mh_owner;
alter table ops.kafka_gaps owner to mh_owner;
grant select, insert on ops.kafka_offsets, ops.kafka_gaps to mh_loader;
grant select on ops.kafka_offsets, ops.kafka_gaps to mh_transformer, mh_finance;
"""


def upgrade() -> None:
    """Makes what is new."""
    execute(OBJECT_STORES_AND_SQL)
    execute(KAFKA)
