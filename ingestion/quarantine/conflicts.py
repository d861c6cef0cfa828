"""Conflicts: deliveries that name an accepted event and say something else of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, text

from ingestion.quarantine.deliveries import DeliveryKey


@dataclass(frozen=True)
class Conflict:
    """Both payloads of one event, field by field.

    Attributes:
        first_key: The accepted delivery.
        first: Field to what the accepted delivery says, as text.
        later: Field to what the delivery in quarantine says, as text.
        differing: The fields that differ.
    """

    first_key: DeliveryKey
    first: Mapping[str, str]
    later: Mapping[str, str]
    differing: tuple[str, ...]


def read_conflict(connection: Connection, key: DeliveryKey) -> Conflict | None:
    """Reads both payloads of a conflict.

    Args:
        connection: From `held.reading`.
        key: The delivery in quarantine.

    Returns:
        Both payloads; None when the delivery conflicts with no accepted event.
    """
    row = connection.execute(_QUERY, vars(key)).mappings().first()
    if row is None:
        return None
    return Conflict(
        DeliveryKey(row["first_load_id"], row["first_delivery_id"]),
        {name: row[f"first_{name}"] for name in _FIELDS},
        {name: row[name] for name in _FIELDS},
        tuple(filter(None, row["differing_fields"].split(", "))),
    )


_FIELDS = ("event_type", "occurred_at", "quantity", "properties")
_QUERY = text("""
    select first_load_id, first_delivery_id, differing_fields,
        event_type, first_event_type, occurred_at::text as occurred_at,
        first_occurred_at::text as first_occurred_at, quantity::text as quantity,
        first_quantity::text as first_quantity, properties::text as properties,
        first_properties::text as first_properties
    from marts.fct_conflicting_deliveries
    where load_id = :load_id and delivery_id = :delivery_id
""")
