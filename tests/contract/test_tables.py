"""The tables that migrations make: their keys and types, and one list of raw columns everywhere."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa
import pytest
from sqlalchemy import Engine, create_engine
from sqlalchemy.pool import NullPool

from warehouse import Warehouse

RAW_SCHEMAS = {"raw_usage", "raw_catalog"}
OURS = "('raw_usage', 'raw_catalog', 'ops', 'staging', 'intermediate', 'marts', 'reporting')"
BINARY_FRACTIONS = {"real", "double precision", "money"}
TYPES = {
    "bigint": pa.int64(),
    "integer": pa.int32(),
    "text": pa.string(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp with time zone": pa.timestamp("us", "UTC"),
    "numeric(38,9)": pa.decimal128(38, 9),
    "numeric(38,12)": pa.decimal128(38, 12),
}

Columns = dict[str, list[tuple[str, str, bool]]]
TABLES, VIEWS = ("r", "p"), ("v",)


@pytest.fixture(scope="module")
def migrated(make_warehouse: Callable[[], Warehouse]) -> Engine:
    """The administrator's engine of a new, migrated, empty warehouse."""
    return create_engine(make_warehouse().admin_url, poolclass=NullPool)


@pytest.fixture(scope="module")
def built(deployed: Warehouse) -> Engine:
    """The administrator's engine of a warehouse with every table and view that dbt makes."""
    return create_engine(deployed.admin_url, poolclass=NullPool)


def columns_of(engine: Engine, kinds: tuple[str, ...] = TABLES) -> Columns:
    """Returns name, type and whether it must be there, of every column of our relations."""
    wanted = ", ".join(f"'{kind}'" for kind in kinds)
    query = f"""
        select n.nspname || '.' || c.relname, a.attname,
            format_type(a.atttypid, a.atttypmod), a.attnotnull
        from pg_attribute a
        join pg_class c on c.oid = a.attrelid
        join pg_namespace n on n.oid = c.relnamespace
        where n.nspname in {OURS} and c.relkind in ({wanted}) and a.attnum > 0
            and not a.attisdropped
        order by 1, a.attnum
    """
    found: Columns = {}
    with engine.connect() as connection:
        for table, name, kind, required in connection.exec_driver_sql(query):
            found.setdefault(table, []).append((name, kind, required))
    return found


def type_faults(columns: Columns) -> Iterator[str]:
    for table, members in columns.items():
        for name, kind, _ in members:
            if "char" in kind or kind in BINARY_FRACTIONS:
                yield f"{table}.{name} is {kind}"
            for ending, wanted in TYPES_BY_NAME.items():
                if name.endswith(ending) and kind != wanted:
                    yield f"{table}.{name} is {kind}"


def storage_faults(columns: Columns) -> Iterator[str]:
    """Finds what a stored column may not be and a view's may: without scale, without a customer."""
    for table, members in columns.items():
        for name, kind, required in members:
            # an exact amount keeps every digit until it is rounded once
            if kind == "numeric" and not name.endswith("_exact"):
                yield f"{table}.{name} is a numeric without precision and scale"
            if name == "customer_id" and not required and table not in MAY_LACK_A_CUSTOMER:
                yield f"{table}.customer_id may be null"


TYPES_BY_NAME = {
    "customer_id": "text",
    "_at": "timestamp with time zone",
    "_minor": "bigint",
    "_unrounded": "numeric(38,12)",
}
# a line that could not be read names no customer
MAY_LACK_A_CUSTOMER = {"ops.event_fates"}


# the hash of an event id decides a comparison at once (docs/decisions/0023)
FIRST_IN_KEYS = {"customer_id", "event_key_high"}


def key_faults(engine: Engine) -> Iterator[str]:
    """Finds keys that hold the customer, but not first."""
    query = f"""
        select i.indexrelid::regclass::text, array(
            select a.attname::text from unnest(i.indkey) with ordinality as k (attnum, place)
            join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum order by k.place
        )
        from pg_index i
        join pg_class c on c.oid = i.indrelid
        join pg_namespace n on n.oid = c.relnamespace
        where n.nspname in {OURS} and (i.indisprimary or i.indisunique)
    """
    with engine.connect() as connection:
        for index, names in connection.exec_driver_sql(query):
            if "customer_id" in names and names[0] not in FIRST_IN_KEYS:
                yield f"{index}: customer_id is not the first of {', '.join(names)}"


def arrow_schemas() -> dict[str, pa.Schema]:
    """Returns the Arrow schemas by which the ingestion lands, by table."""
    from ingestion.catalog.tables import SCHEMAS
    from ingestion.contracts import EVENTS_SCHEMA, REJECTED_SCHEMA

    catalog = {f"raw_catalog.{name}": schema for name, schema in SCHEMAS.items()}
    return {
        **catalog,
        "raw_usage.events": EVENTS_SCHEMA,
        "raw_usage.rejected": REJECTED_SCHEMA,
    }


def arrow_faults(columns: Columns, schemas: dict[str, pa.Schema]) -> Iterator[str]:
    raw = {table for table in columns if table.split(".")[0] in RAW_SCHEMAS}
    yield from (f"{table} is not landed by Arrow" for table in sorted(raw - set(schemas)))
    yield from (f"{table} is not made by a migration" for table in sorted(set(schemas) - raw))
    for table in sorted(raw & set(schemas)):
        made = pa.schema(
            [pa.field(name, TYPES[kind], nullable=not must) for name, kind, must in columns[table]]
        )
        if not made.equals(schemas[table]):
            yield f"{table}: the migration says {made}, the ingestion {schemas[table]}"


def source_faults(columns: Columns, manifest: dict[str, Any]) -> Iterator[str]:
    """Finds raw tables and columns that dbt does not know, or knows and are not made."""
    sources = {
        f"{source['schema']}.{source['identifier']}": source
        for source in manifest["sources"].values()
    }
    for table in sorted(set(sources) - set(columns)):
        if not table.startswith("marts."):  # closed tables are made by the project itself
            yield f"{table} is a dbt source and is not made by a migration"
    for table in sorted(table for table in columns if table.split(".")[0] in RAW_SCHEMAS):
        if table not in sources:
            yield f"{table} is not a dbt source"
            continue
        listed = set(sources[table]["columns"])
        made = {name for name, _, _ in columns[table]}
        if listed and listed != made:
            yield f"{table}: the source lists {sorted(listed)}, the migration makes {sorted(made)}"
        read = set()
        for node in manifest["nodes"].values():
            if sources[table]["unique_id"] in node.get("depends_on", {}).get("nodes", []):
                read |= set(re.findall(r"\w+", node["raw_code"]))
        yield from (f"{table}.{name} is read by no model" for name in sorted(made - read))


PRIMARY_KEYS = {
    "ops.event_registry": ["event_key_high", "event_key_low", "customer_id"],
    "ops.event_registry_0": ["event_key_high", "event_key_low", "customer_id"],
    "ops.event_registry_1": ["event_key_high", "event_key_low", "customer_id"],
    "ops.event_fates": ["load_id", "delivery_id"],
    "ops.applied_loads": ["model_name", "load_id"],
    "ops.event_voids": ["customer_id", "load_id", "delivery_id"],
    "ops.event_revisions": [
        *("event_key_high", "event_key_low", "customer_id", "payload_hash"),
    ],
    "ops.event_retractions": ["load_id", "delivery_id"],
}


@pytest.mark.parametrize("table", PRIMARY_KEYS)
def test_a_primary_key_proves_the_grain_of_tables_that_no_test_reads(
    migrated: Engine, table: str
) -> None:
    query = f"""
        select array(
            select a.attname::text from unnest(i.indkey) with ordinality as k (attnum, place)
            join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum order by k.place
        ) from pg_index i where i.indrelid = '{table}'::regclass and i.indisprimary
    """
    with migrated.connect() as connection:
        assert connection.exec_driver_sql(query).scalar() == PRIMARY_KEYS[table]


def test_columns_have_the_types_of_their_names(built: Engine) -> None:
    tables, views = columns_of(built), columns_of(built, VIEWS)
    assert any(table.startswith("marts.agg_") for table in tables)
    assert any(view.startswith("reporting.") for view in views)
    assert [*type_faults(tables), *type_faults(views), *storage_faults(tables)] == []


def test_the_customer_comes_first_in_keys(built: Engine) -> None:
    assert list(key_faults(built)) == []


def test_the_ingestion_lands_the_columns_that_migrations_make(migrated: Engine) -> None:
    assert list(arrow_faults(columns_of(migrated), arrow_schemas())) == []


def test_dbt_reads_the_columns_that_migrations_make(
    migrated: Engine, manifest: dict[str, Any]
) -> None:
    assert list(source_faults(columns_of(migrated), manifest)) == []


@pytest.mark.parametrize(
    "column",
    [
        "customer_id varchar(20) not null",
        "customer_id bigint not null",
        "customer_id text",
        "quantity double precision",
        "quantity numeric",
        "closed_at timestamp",
        "total_minor numeric(38,9)",
        "unit_price_unrounded numeric(38,2)",
        "a text, customer_id text not null, primary key (a, customer_id)",
    ],
)
def test_a_bad_column_or_key_is_found(migrated: Engine, column: str) -> None:
    with migrated.connect() as connection:
        connection.exec_driver_sql(f"create table ops.broken ({column})")
        connection.commit()
        try:
            columns = columns_of(migrated)
            faults = [*type_faults(columns), *storage_faults(columns), *key_faults(migrated)]
        finally:
            connection.exec_driver_sql("drop table ops.broken")
            connection.commit()
    assert faults != []


def test_a_column_that_only_one_side_knows_is_found(
    migrated: Engine, manifest: dict[str, Any]
) -> None:
    columns = columns_of(migrated)
    columns["raw_usage.events"].append(("sender_name", "text", True))
    assert list(arrow_faults(columns, arrow_schemas())) != []
    assert list(source_faults(columns, manifest)) != []
    columns["raw_usage.heartbeats"] = [("load_id", "bigint", True)]
    assert "raw_usage.heartbeats is not a dbt source" in list(source_faults(columns, manifest))
