"""Writes deliveries in quarantine to a file, so that each byte of them can be had back."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from sqlalchemy import Connection

from ingestion.quarantine.deliveries import HeldDelivery, Selection
from ingestion.quarantine.held import read_held, reading
from ingestion.rejections import BASE64_MARK, keep_as_base64
from warehouse import Warehouse
from warehouse.csv_output import FORMULA_START
from warehouse.progress import progress

STEP = 10_000
COLUMNS = (
    "load_id",
    "delivery_id",
    "state",
    "reason",
    "detail",
    "door",
    "file_name",
    "line_number",
    "customer_id",
    "event_id",
    "raw_text",
)
_FORMULA = re.compile(FORMULA_START)


def export_held(
    warehouse: Warehouse, selection: Selection, *, target: Path, form: Literal["jsonl", "csv"]
) -> int:
    """Writes deliveries with their raw texts; `restore_raw_text` gives the bytes of each.

    In CSV no cell is taken for a formula: names get an apostrophe in front as in every export, a
    raw text that begins like a formula (or with an apostrophe) is written as base64.

    Args:
        warehouse: The warehouse.
        selection: Which deliveries.
        target: The file; it is replaced once everything is written.
        form: JSON lines or CSV.

    Returns:
        How many deliveries were written.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.partial")
    count = 0
    with (
        progress().task("Writing deliveries", unit="deliveries") as task,
        reading(warehouse) as connection,
        partial.open("w", encoding="utf-8", newline="") as out,
    ):
        writer = csv.writer(out)
        if form == "csv":
            writer.writerow(COLUMNS)
        for delivery in _read_all(connection, selection):
            row = _row(delivery)
            if form == "csv":
                writer.writerow([_cell(name, value) for name, value in row.items()])
            else:
                out.write(json.dumps(row, ensure_ascii=False) + "\n")
            count += 1
            task.advance(1)
    partial.replace(target)
    return count


def _read_all(connection: Connection, selection: Selection) -> Iterator[HeldDelivery]:
    after = None
    while found := read_held(connection, selection, limit=STEP, after=after):
        after = found[-1].key
        yield from found


def _row(delivery: HeldDelivery) -> dict[str, object]:
    return {
        "load_id": delivery.key.load_id,
        "delivery_id": delivery.key.delivery_id,
        "state": delivery.state,
        "reason": delivery.reason,
        "detail": delivery.detail,
        "door": delivery.source,
        "file_name": delivery.file_name,
        "line_number": delivery.line_number,
        "customer_id": delivery.customer_id,
        "event_id": delivery.event_id,
        "raw_text": delivery.raw_text,
    }


def _cell(name: str, value: object) -> object:
    if not isinstance(value, str):
        return value
    if name != "raw_text":
        return _FORMULA.sub(r"'\1", value)
    is_plain = not _FORMULA.match(value) and not value.startswith("'")
    if is_plain or value.startswith(BASE64_MARK):
        return value
    return keep_as_base64(value.encode())
