"""Schemas, grants, raw tables and control tables.

Revision ID: 0001
"""

from warehouse.migrations.raw_tables import RAW_CATALOG, RAW_USAGE
from warehouse.migrations.statements import execute

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SCHEMAS = """
create schema raw_usage authorization mh_owner;
create schema raw_catalog authorization mh_owner;
create schema ops authorization mh_owner;
create schema staging authorization mh_transformer;
create schema intermediate authorization mh_transformer;
create schema marts authorization mh_transformer;
create schema reporting authorization mh_transformer;
revoke all on schema public from public;

do $$ begin
    execute format(
        'grant connect on database %I to mh_loader, mh_transformer, mh_finance, mh_reporter',
        current_database()
    );
    execute format('grant create on database %I to mh_transformer', current_database());
end $$;
"""

CONTROL = """
-- grain: one row
create table ops.warehouse (
    warehouse_id uuid primary key,
    created_at timestamptz not null default now()
);
insert into ops.warehouse (warehouse_id) values (gen_random_uuid());

-- grain: one row per load
create table ops.loads (
    load_id bigint generated always as identity primary key,
    state text not null check (state in ('landing', 'landed', 'aborted')),
    source text not null,
    mapping_name text not null,
    mapping_sha256 text not null,
    received_count bigint,
    event_count bigint,
    rejected_count bigint,
    dlt_load_id text,
    started_at timestamptz not null default now(),
    landed_at timestamptz,
    check (
        state <> 'landed'
        or (landed_at is not null and received_count = event_count + rejected_count)
    )
);

-- grain: one row per load and file
create table ops.files (
    file_sha256 text collate "C" not null,
    mapping_name text collate "C" not null,
    load_id bigint not null references ops.loads (load_id),
    file_number integer not null,
    file_name text not null,
    size_bytes bigint not null,
    line_count bigint not null,
    received_count bigint not null,
    event_count bigint not null,
    rejected_count bigint not null,
    primary key (file_sha256, mapping_name, load_id)
);
create index files_load_id on ops.files (load_id);

-- grain: one row per time that a known file was offered again
create table ops.file_sightings (
    file_sha256 text collate "C" not null,
    mapping_name text collate "C" not null,
    file_name text not null,
    seen_at timestamptz not null default now()
);

-- grain: one row per model (or part of one) and load that it has applied
create table ops.applied_loads (
    model_name text collate "C" not null,
    load_id bigint not null,
    row_count bigint not null,
    applied_at timestamptz not null default now(),
    primary key (model_name, load_id)
);

-- grain: one row per accepted event: customer and event id
create table ops.event_registry (
    customer_id text collate "C" not null,
    event_id text collate "C" not null,
    payload_hash bigint not null,
    load_id bigint not null,
    delivery_id text collate "C" not null,
    primary key (customer_id, event_id)
);
create index event_registry_load_id on ops.event_registry
    using brin (load_id) with (pages_per_range = 32);

-- grain: one row per delivery that was not accepted
create table ops.event_fates (
    load_id bigint not null,
    delivery_id text collate "C" not null,
    customer_id text collate "C",
    event_id text collate "C",
    fate text not null check (fate in ('duplicate', 'quarantined')),
    reason text not null,
    detail text not null,
    first_delivery_id text collate "C",
    primary key (load_id, delivery_id)
);
create index event_fates_event on ops.event_fates (customer_id, event_id);

-- grain: one row per catalog version
create table ops.catalog_versions (
    catalog_version bigint generated always as identity primary key,
    content_sha256 text not null,
    state text not null check (state in ('landing', 'landed', 'aborted')),
    source_name text not null,
    started_at timestamptz not null default now(),
    landed_at timestamptz
);

-- grain: one row per closed legal entity and billing month
create table ops.closes (
    close_id bigint generated always as identity primary key,
    legal_entity_id text collate "C" not null,
    period_start date not null,
    period_end date not null,
    closed_at timestamptz not null,
    catalog_version bigint not null,
    applied_loads int8multirange not null,
    invoice_count bigint not null,
    line_count bigint not null,
    unique (legal_entity_id, period_start)
);

-- grain: one row per legal entity and year of issue
create table ops.invoice_number_series (
    legal_entity_id text collate "C" not null,
    issue_year integer not null,
    last_number bigint not null,
    primary key (legal_entity_id, issue_year)
);

-- grain: one row per deployed state of the dbt project
create table ops.deployments (
    code_sha256 text not null,
    deployed_at timestamptz not null default now()
);

-- grain: one row per model that a build replaces whole; input_state says what it was made from
create table ops.replaced_models (
    model_name text collate "C" primary key,
    input_state text not null,
    replaced_at timestamptz not null default now()
);

-- Refuses a change of rows that are closed; attached to every closed table.
create function ops.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% of %.% is refused: closed rows are append-only',
        tg_op, tg_table_schema, tg_table_name
        using hint = 'corrections are new rows', errcode = 'restrict_violation';
end $$;
create trigger refuse_change before update or delete on ops.closes
    for each row execute function ops.refuse_change();
create trigger refuse_truncate before truncate on ops.closes
    for each statement execute function ops.refuse_change();
"""

GRANTS = """
do $$ declare relation record; begin
    for relation in
        select schemaname, tablename from pg_tables
        where schemaname in ('raw_usage', 'raw_catalog', 'ops')
    loop
        execute format(
            'alter table %I.%I owner to mh_owner', relation.schemaname, relation.tablename
        );
    end loop;
end $$;
alter function ops.refuse_change() owner to mh_owner;

grant usage, create on schema raw_usage, raw_catalog to mh_loader;
grant usage on schema ops to mh_loader, mh_transformer, mh_finance;
grant select, insert, delete on all tables in schema raw_usage, raw_catalog to mh_loader;
grant maintain on all tables in schema raw_usage, raw_catalog to mh_loader;
grant select, insert, update on ops.loads, ops.catalog_versions to mh_loader;
grant select, insert on ops.files, ops.file_sightings to mh_loader;
grant select on ops.warehouse, ops.applied_loads to mh_loader;

grant usage on schema raw_usage, raw_catalog to mh_transformer;
grant select on all tables in schema raw_usage, raw_catalog, ops to mh_transformer;
grant insert on ops.applied_loads, ops.event_registry, ops.event_fates, ops.deployments
    to mh_transformer;
grant delete on ops.applied_loads to mh_transformer;
grant insert, update, delete on ops.replaced_models to mh_transformer;
grant maintain on ops.event_registry, ops.event_fates to mh_transformer;
grant execute on function ops.refuse_change() to mh_transformer;

grant usage on schema staging, intermediate, marts, reporting to mh_finance;
grant select on all tables in schema ops to mh_finance;
grant insert on ops.closes to mh_finance;
grant select, insert, update on ops.invoice_number_series to mh_finance;
grant usage on schema reporting to mh_reporter;

alter default privileges for role mh_transformer in schema staging, intermediate, marts, reporting
    grant select on tables to mh_finance;
alter default privileges for role mh_transformer in schema reporting
    grant select on tables to mh_reporter;
"""


def upgrade() -> None:
    """Makes everything."""
    for statements in (SCHEMAS, RAW_USAGE, RAW_CATALOG, CONTROL, GRANTS):
        execute(statements)
