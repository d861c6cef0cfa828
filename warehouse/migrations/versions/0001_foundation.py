"""Schemas, grants, raw tables and control tables.

Revision ID: 0001
"""

from alembic import op

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

RAW_USAGE = """
-- grain: one row per landed delivery (a crash can land a delivery twice; the ledger says what counts)
create table raw_usage.events (
    load_id bigint not null,
    delivery_id text collate "C" not null,
    file_number integer not null,
    line_number bigint not null,
    customer_id text collate "C" not null,
    event_id text collate "C" not null,
    event_type text collate "C" not null,
    occurred_at timestamptz not null,
    quantity numeric(38, 9) not null,
    properties text collate "C" not null
);
create index events_load_id on raw_usage.events using brin (load_id) with (pages_per_range = 32);

-- grain: one row per landed line that is no event
create table raw_usage.rejected (
    load_id bigint not null,
    delivery_id text collate "C" not null,
    file_number integer not null,
    line_number bigint not null,
    reason text collate "C" not null,
    detail text not null,
    raw_text text not null
);
create index rejected_load_id on raw_usage.rejected using brin (load_id) with (pages_per_range = 32);
"""

RAW_CATALOG = """
-- grain: one row per catalog version and legal entity
create table raw_catalog.legal_entities (
    catalog_version bigint not null,
    legal_entity_id text collate "C" not null,
    legal_entity_name text not null,
    country_code text not null,
    address text not null,
    vat_id text,
    invoice_number_prefix text not null,
    grace_period_days integer not null,
    payment_terms_days integer not null,
    rounding_mode text not null
);
-- grain: one row per catalog version and customer
create table raw_catalog.customers (
    catalog_version bigint not null,
    customer_id text collate "C" not null,
    customer_name text not null,
    legal_entity_id text collate "C" not null,
    country_code text not null,
    currency_code text not null
);
-- grain: one row per catalog version and meter; dimensions is a JSON array of property names
create table raw_catalog.meters (
    catalog_version bigint not null,
    meter_id text collate "C" not null,
    meter_name text not null,
    event_type text collate "C" not null,
    aggregation text not null,
    unit text not null,
    dimensions text not null,
    reconciles_with text,
    reconciliation_hours integer
);
-- grain: one row per catalog version and plan
create table raw_catalog.plans (
    catalog_version bigint not null,
    plan_id text collate "C" not null,
    plan_name text not null,
    currency_code text not null
);
-- grain: one row per catalog version, price and valid_from; filter is a JSON object, '{}' for none
create table raw_catalog.prices (
    catalog_version bigint not null,
    price_id text collate "C" not null,
    valid_from date not null,
    valid_to date,
    plan_id text collate "C" not null,
    meter_id text collate "C",
    label text not null,
    charge_model text not null,
    filter text not null,
    unit_price_unrounded numeric(38, 12),
    flat_amount_unrounded numeric(38, 12),
    package_size numeric(38, 9),
    package_price_unrounded numeric(38, 12),
    free_units numeric(38, 9) not null,
    tier_boundary text not null,
    is_zero_usage_flat_fee_charged boolean not null
);
-- grain: one row per catalog version, price, valid_from and tier; up_to is null in the open tier
create table raw_catalog.price_tiers (
    catalog_version bigint not null,
    price_id text collate "C" not null,
    valid_from date not null,
    tier_number integer not null,
    up_to numeric(38, 9),
    unit_price_unrounded numeric(38, 12) not null,
    flat_fee_unrounded numeric(38, 12) not null
);
-- grain: one row per catalog version and subscription; [starts_on, ends_on), UTC days
create table raw_catalog.subscriptions (
    catalog_version bigint not null,
    subscription_id text collate "C" not null,
    customer_id text collate "C" not null,
    plan_id text collate "C" not null,
    starts_on date not null,
    ends_on date
);
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
        execute format('alter table %I.%I owner to mh_owner', relation.schemaname, relation.tablename);
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
    for statements in (SCHEMAS, RAW_USAGE, RAW_CATALOG, CONTROL, _for_server(GRANTS)):
        # the driver's own cursor: it takes '%' as it stands when no parameters are given
        op.get_bind().connection.cursor().execute(statements)


def _for_server(statements: str) -> str:
    """Leaves out the MAINTAIN privilege, which Postgres 16 doesn't know."""
    version = op.get_bind().exec_driver_sql("show server_version_num").scalar_one()
    if int(version) >= 170000:
        return statements
    return ";".join(part for part in statements.split(";") if "grant maintain" not in part)
