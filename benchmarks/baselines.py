"""What loading is compared with: a bare COPY, dlt as it comes, and DuckDB."""

from __future__ import annotations

import itertools
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import dlt
import duckdb
import psycopg2
from sqlalchemy import URL

from benchmarks.usage_files import COLUMNS, IS_EVENT
from benchmarks.watching import seconds_of
from warehouse import Warehouse

BARE_TABLE = """
create table {schema}.events (
    load_id bigint, delivery_id text, file_number integer, line_number bigint,
    customer_id text, event_id text, event_type text, occurred_at timestamptz,
    quantity numeric(38, 9), properties text
)
"""
ROLL_UP = """
create table hourly as
select customer_id, event_type, properties, date_trunc('hour', occurred_at) as hour_start,
    count(*) as event_count, sum(quantity) as quantity_sum, max(quantity) as quantity_max
from (
    select *, row_number() over (partition by customer_id, event_id) as delivery_number from events
) as deliveries
where delivery_number = 1
group by all
"""


def measure_copy(warehouse: Warehouse, rows: Path) -> float:
    """Measures a COPY of the rows into a table without index, by one connection.

    Args:
        warehouse: The server to measure on; a schema of its own is made and dropped.
        rows: The rows as CSV.

    Returns:
        Seconds.
    """
    with psycopg2.connect(_dsn(warehouse.admin_url)) as connection, connection.cursor() as cursor:
        cursor.execute("create schema bare_copy")
        cursor.execute(BARE_TABLE.format(schema="bare_copy"))
        connection.commit()
        with seconds_of() as clock, rows.open("rb") as stream:
            cursor.copy_expert("copy bare_copy.events from stdin (format csv)", stream, 1 << 20)
            connection.commit()
        cursor.execute("drop schema bare_copy cascade")
    return clock.seconds


def measure_dlt_default(warehouse: Warehouse, lines: Path, *, events: int) -> float:
    """Measures dlt as it comes: dictionaries in, schema inferred, INSERTs out.

    Args:
        warehouse: The server to measure on; a schema of its own is made and dropped.
        lines: A file of native lines.
        events: How many of them are loaded.

    Returns:
        Seconds.
    """
    with tempfile.TemporaryDirectory() as folder:
        pipeline = dlt.pipeline(
            "dlt_default",
            pipelines_dir=folder,
            dataset_name="dlt_default",
            destination=dlt.destinations.postgres(credentials=_dsn(warehouse.admin_url)),
        )
        with seconds_of() as clock:
            pipeline.run(
                _read_dictionaries(lines, events), table_name="events", write_disposition="append"
            )
    with psycopg2.connect(_dsn(warehouse.admin_url)) as connection, connection.cursor() as cursor:
        cursor.execute("drop schema dlt_default cascade")
    return clock.seconds


def measure_duckdb(lines: Path, *, threads: int) -> float:
    """Measures DuckDB: load the same file, take out duplicates, roll up by hour.

    Args:
        lines: A file of native lines.
        threads: Number of threads.

    Returns:
        Seconds, the database file written.
    """
    with tempfile.TemporaryDirectory(dir=lines.parent) as folder:
        path, options = f"{folder}/usage.duckdb", {"threads": threads}
        with seconds_of() as clock, duckdb.connect(path, config=options) as database:
            database.execute(
                "create table events as"  # noqa: S608  our own path
                " select * replace (occurred_at::timestamptz as occurred_at)"
                f" from read_json('{lines}', columns = {COLUMNS}, ignore_errors = true)"
                f" where {IS_EVENT}"
            )
            database.execute(ROLL_UP)
    return clock.seconds


def _read_dictionaries(lines: Path, events: int) -> Iterator[dict[str, object]]:
    with lines.open("rb") as stream:
        for line in itertools.islice(stream, events):
            try:
                event = json.loads(line)
            except ValueError:
                continue
            if isinstance(event, dict) and isinstance(event.get("quantity"), int):
                yield event


def _dsn(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)
