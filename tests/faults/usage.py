"""Made-up usage of the company of `tests/dbt_company.py`, the same for the same random numbers."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.dbt_company import CUSTOMERS

START = datetime(2026, 8, 17, tzinfo=UTC)
DAYS = 44  # to the end of September
TYPES = ("call", "call", "call", "job", "level")
BAD_LINES = (
    '{"event_id": "cut off',
    '["no", "object"]',
    '{"event_id":"x","customer_id":"gold","event_type":"call","occurred_at":"yesterday",'
    '"quantity":1}',
    '{"event_id":"y","customer_id":"gold","event_type":"call",'
    '"occurred_at":"2026-09-01T00:00:00Z","quantity":"NaN"}',
)


def make_event(random_: random.Random, event_id: str, *, month: int | None = None) -> str:
    """Returns one line; the same id has the same content wherever it is made again."""
    moment = START + timedelta(microseconds=random_.randrange(DAYS * 86_400 * 10**6))
    if month is not None:
        moment = moment.replace(month=month)
    fields = {
        "event_id": event_id,
        "customer_id": random_.choice(CUSTOMERS),
        "event_type": random_.choice(TYPES),
        "occurred_at": moment.isoformat(),
        "quantity": f"{random_.randrange(1, 10**6)}e-3",
        "properties": {"model": random_.choice("ab")},
    }
    return json.dumps(fields)


def changed(line: str) -> str:
    """Returns the same event with another quantity: a conflict."""
    return json.dumps(json.loads(line) | {"quantity": "1234567.5"})


def write_usage(
    folder: Path,
    random_: random.Random,
    *,
    files: int,
    events: int,
    prefix: str = "e",
    conflicts: bool = True,
) -> list[Path]:
    """Writes files of usage: some events twice, some with another payload, some lines no event.

    Args:
        folder: Where to; made if missing.
        random_: Random numbers.
        files: How many files.
        events: How many events altogether.
        prefix: What event ids begin with.
        conflicts: Whether an id comes with different payloads, so that order counts.

    Returns:
        The files.
    """
    lines = [make_event(random_, f"{prefix}{n}") for n in range(events)]
    lines += random_.choices(lines, k=events // 10)
    if conflicts:
        lines += [changed(line) for line in random_.choices(lines[:events], k=events // 50)]
    lines += random_.choices(BAD_LINES, k=max(1, events // 100))
    random_.shuffle(lines)
    return split_lines(folder, lines, files=files, name=prefix)


def split_lines(folder: Path, lines: list[str], *, files: int, name: str) -> list[Path]:
    """Writes lines into files, one after the other."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number in range(files):
        path = folder / f"{name}_{number:03}.jsonl"
        path.write_text("".join(f"{line}\n" for line in lines[number::files]))
        paths.append(path)
    return paths
