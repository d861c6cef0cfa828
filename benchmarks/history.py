"""Fills a warehouse with a history of events, admitted by the product itself."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import text

from warehouse import Warehouse
from warehouse.progress import progress

CHUNK = 10_000_000
SPAN_SECONDS = 455 * 86_400
"""The fifteen months that a history is spread over, each load after the one before."""
EVENTS = """
insert into raw_usage.events
select
    :load_id,
    'history:' || :load_id || ':' || number,
    1,
    number,
    'cus_' || lpad((number * 7919 % 300 + 1)::text, 4, '0'),
    'evt_' || md5(:load_id || ':' || number),
    (
        array['completion.input_tokens', 'completion.output_tokens', 'embedding.tokens']
    )[number % 3 + 1],
    timestamptz '2025-08-01 00:00:00+00'
        + (:first_second + number * 15554 % :seconds) * interval '1 second',
    number % 4000 + 1,
    '{"model": "aurora-mini", "region": "'
        || (array['eu-central', 'us-east'])[number % 2 + 1] || '"}'
from generate_series(1::bigint, :events) as number
"""
OPEN = """
insert into ops.loads (state, source, mapping_name, mapping_sha256)
values ('landing', 'files', 'native', '') returning load_id
"""
FILE = """
insert into ops.files (file_sha256, mapping_name, load_id, file_number, file_name, size_bytes,
    line_count, received_count, event_count, rejected_count)
values (encode(sha256(('history ' || :load_id)::bytea), 'hex'), 'native', :load_id, 1,
    'history ' || :load_id, 0, :events, :events, :events, 0)
"""
LAND = """
update ops.loads set state = 'landed', landed_at = timestamptz '2026-11-15 00:00:00+00',
    received_count = :events, event_count = :events, rejected_count = 0
where load_id = :load_id
"""


def add_history(warehouse: Warehouse, *, events: int, build: Callable[[], object]) -> None:
    """Adds events of the fifteen months before, in loads of ten million, and admits them.

    Args:
        warehouse: The warehouse; it has the sample company's catalog.
        events: How many.
        build: Runs the build job.
    """
    from sqlalchemy import create_engine

    engine = create_engine(warehouse.admin_url)
    with progress().task("Adding history", total=events, unit="events") as task:
        for first in range(0, events, CHUNK):
            count = min(CHUNK, events - first)
            with engine.begin() as connection:
                load_id = connection.execute(text(OPEN)).scalar_one()
                values = {
                    "load_id": load_id,
                    "events": count,
                    "first_second": SPAN_SECONDS * first // events,
                    "seconds": max(SPAN_SECONDS * count // events, 1),
                }
                for statement in (EVENTS, FILE, LAND):
                    connection.exec_driver_sql(
                        str(
                            text(statement)
                            .bindparams(**{k: v for k, v in values.items() if f":{k}" in statement})
                            .compile(engine, compile_kwargs={"literal_binds": True})
                        )
                    )
            build()
            task.advance(count)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze"))
        connection.execute(text("checkpoint"))
    engine.dispose()
