"""Reads what is in quarantine: counts by reason, and deliveries with their texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError

from ingestion.quarantine.deliveries import (
    STATES,
    DeliveryKey,
    HeldDelivery,
    ReasonCounts,
    Selection,
    write_native_line,
)
from warehouse import MeterhouseError, Role, Warehouse


@contextmanager
def reading(warehouse: Warehouse) -> Iterator[Connection]:
    """Opens a connection that may read the quarantine and what decides about admission.

    Args:
        warehouse: The warehouse.

    Yields:
        A connection of the role that loads.

    Raises:
        MeterhouseError: The models are not there yet, or are those of older code.
    """
    try:
        with warehouse.engine(Role.LOADER).connect() as connection:
            yield connection
    except ProgrammingError as error:
        if getattr(error.orig, "pgcode", "") not in {"42P01", "42703", "3F000", "42501"}:
            raise
        raise MeterhouseError(
            "The models that judge deliveries are not there yet, or are of older code.",
            remedy="run ./meterhouse build once",
        ) from error


def count_reasons(connection: Connection, selection: Selection) -> list[ReasonCounts]:
    """Counts deliveries by reason and state.

    Args:
        connection: From `reading`.
        selection: Which deliveries.

    Returns:
        One entry per reason, by name.
    """
    query = text(
        "select reason, count(*) filter (where state = 'open') as open,"  # noqa: S608
        " count(*) filter (where state = 'replayed') as replayed,"
        " count(*) filter (where state = 'discarded') as discarded,"
        " count(distinct customer_id) as customers,"
        " min(landed_at) filter (where state = 'open') as oldest"
        f" from intermediate.int_quarantine_states as states where {_CONDITIONS}"
        " group by reason order by reason"
    )
    return [
        ReasonCounts(
            row["reason"], {state: row[state] for state in STATES}, row["customers"], row["oldest"]
        )
        for row in connection.execute(query, _parameters(selection)).mappings()
    ]


def read_held(
    connection: Connection,
    selection: Selection,
    *,
    limit: int,
    first: int = 0,
    after: DeliveryKey | None = None,
) -> list[HeldDelivery]:
    """Reads deliveries in quarantine with their texts, in the order of their keys.

    Args:
        connection: From `reading`.
        selection: Which deliveries.
        limit: How many at most.
        first: How many are passed over.
        after: Only those with a greater key.

    Returns:
        The deliveries.
    """
    start = after or DeliveryKey(0, "")
    found = connection.execute(
        _PAGE,
        {
            **_parameters(selection),
            "limit": limit,
            "first": first,
            "after_load": start.load_id,
            "after_delivery": start.delivery_id,
        },
    ).mappings()
    rows = [dict(row) for row in found]
    texts = _read_texts(connection, rows)
    return [_describe(row, texts.get((row["load_id"], row["delivery_id"]), {})) for row in rows]


def _read_texts(
    connection: Connection, rows: Sequence[dict[str, Any]]
) -> dict[tuple[int, str], dict[str, Any]]:
    found = connection.execute(
        _TEXTS,
        {
            "loads": sorted({row["load_id"] for row in rows}),
            "deliveries": [row["delivery_id"] for row in rows],
        },
    ).mappings()
    return {(row["load_id"], row["delivery_id"]): dict(row) for row in found}


def _describe(row: dict[str, Any], found: dict[str, Any]) -> HeldDelivery:
    replay = None
    if row["replay_load_id"] is not None:
        replay = DeliveryKey(row["replay_load_id"], row["replay_delivery_id"])
    event_text = write_native_line(found) if found.get("occurred_at") else None
    names = ("source", "mapping_name", "customer_id", "event_id", "reason", "detail")
    more = ("first_delivery_id", "state", "who", "why", "decided_at", "landed_at")
    return HeldDelivery(
        key=DeliveryKey(row["load_id"], row["delivery_id"]),
        replay_key=replay,
        file_name=found.get("file_name"),
        file_number=found.get("file_number") or 0,
        line_number=found.get("line_number") or 0,
        event_text=event_text,
        raw_text=event_text if event_text is not None else found.get("raw_text") or "",
        **{name: row[name] for name in (*names, *more)},
    )


_CONDITIONS = """
    (cast(:reasons as text[]) is null or states.reason = any(:reasons))
    and (cast(:customers as text[]) is null or states.customer_id = any(:customers))
    and (cast(:load_ids as bigint[]) is null or states.load_id = any(:load_ids))
    and (cast(:states as text[]) is null or states.state = any(:states))
    and (
        cast(:key_loads as bigint[]) is null
        or (states.load_id, states.delivery_id) in (
            select * from unnest(cast(:key_loads as bigint[]), cast(:key_deliveries as text[]))
        )
    )
    and (
        cast(:files as text[]) is null
        or (states.load_id, states.delivery_id) in (
            select events.load_id, events.delivery_id from raw_usage.events
            inner join ops.files using (load_id, file_number) where file_name = any(:files)
            union all
            select rejected.load_id, rejected.delivery_id from raw_usage.rejected
            inner join ops.files using (load_id, file_number) where file_name = any(:files)
        )
    )
"""
_PAGE = text(
    "select states.*, loads.mapping_name"  # noqa: S608
    " from intermediate.int_quarantine_states as states"
    f" inner join ops.loads using (load_id) where {_CONDITIONS}"
    " and (states.load_id, states.delivery_id) > (:after_load, :after_delivery)"
    " order by states.load_id, states.delivery_id limit :limit offset :first"
)
_TEXTS = text("""
    with found as (
        select load_id, delivery_id, file_number, line_number, customer_id, event_id, event_type,
            to_char(occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as occurred_at,
            quantity::text as quantity, properties, null as raw_text
        from raw_usage.events
        where load_id = any(:loads) and delivery_id = any(:deliveries)
        union all
        select load_id, delivery_id, file_number, line_number, null, null, null, null, null, null,
            raw_text
        from raw_usage.rejected
        where load_id = any(:loads) and delivery_id = any(:deliveries)
    )
    select found.*, files.file_name from found
    left join ops.files on files.load_id = found.load_id and files.file_number = found.file_number
""")


def _parameters(selection: Selection) -> dict[str, object]:
    def given(values: Sequence[object]) -> list[object] | None:
        return list(values) or None

    return {
        "reasons": given(selection.reasons),
        "customers": given(selection.customers),
        "load_ids": given(selection.load_ids),
        "files": given(selection.files),
        "states": given(selection.states),
        "key_loads": given([key.load_id for key in selection.keys]),
        "key_deliveries": given([key.delivery_id for key in selection.keys]),
    }
