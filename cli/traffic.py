"""Sends made-up traffic through a door and says what came of it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cli.display import TerminalProgress, console
from cli.signals import stopping_gracefully
from ingestion.catalog import read_catalog
from ingestion.traffic.doors import open_door
from ingestion.traffic.lines import TrafficPlan
from ingestion.traffic.running import send_traffic
from ingestion.traffic.settings import TrafficSettings
from warehouse import MeterhouseError
from warehouse.progress import showing

# A file or an object holds some seconds of traffic, a request or a transaction a little.
BATCHES = {"collector": 100, "kafka": 500, "sql": 500}
SECONDS_OF_A_FILE = 2


@dataclass(frozen=True)
class Wish:
    """What is to be sent, as it was asked for.

    Attributes:
        door: Name of the door.
        rate: Events a second.
        events: Events in all.
        duplicates: Percent that are an earlier event once more.
        faulty: Percent that are no event.
        seed: Seed; None: a new one.
        start: When the first event occurs, ISO 8601; empty: now.
    """

    door: str
    rate: int
    events: int
    duplicates: int
    faulty: int
    seed: int | None
    start: str


def run_traffic(wish: Wish, *, batch: int | None, connections: int, catalog: Path) -> None:
    """Sends traffic until all of it is sent, or the command is stopped.

    Args:
        wish: What is to be sent.
        batch: Events that are sent at once; None: as suits the door.
        connections: Batches that are under way at once.
        catalog: Folder of the catalog whose customers send.

    Raises:
        MeterhouseError: A setting is missing, or the door didn't take everything.
    """
    seed = secrets.randbelow(1 << 31) if wish.seed is None else wish.seed
    begin = _instant(wish.start) if wish.start else datetime.now(UTC).replace(microsecond=0)
    console.print(f"Repeat by: --seed {seed} --start {begin:%Y-%m-%dT%H:%M:%SZ}")
    with showing(TerminalProgress()), stopping_gracefully("Stopping.") as stop:
        plan = TrafficPlan(
            customers=[customer.customer_id for customer in read_catalog(catalog).customers],
            seed=seed,
            start=begin,
            rate=wish.rate,
            duplicate_percent=wish.duplicates,
            faulty_percent=wish.faulty,
        )
        report = send_traffic(
            open_door(wish.door, TrafficSettings(), run=f"traffic_{seed}_{begin:%Y%m%dt%H%M%S}"),
            plan,
            count=wish.events,
            batch=batch or BATCHES.get(wish.door, wish.rate * SECONDS_OF_A_FILE),
            connections=connections,
            stop=stop,
        )
    console.print(
        f"{report.sent_count:,} events sent, {report.rate:,}/s: {report.duplicate_count:,} "
        f"duplicates, {report.faulty_count:,} faulty; {report.error_count:,} not taken."
    )
    if report.error_count:
        raise MeterhouseError(
            f"The door did not take {report.error_count:,} events; the last time: "
            f"{report.last_error}"
        )


def _instant(written: str) -> datetime:
    try:
        read = datetime.fromisoformat(written)
    except ValueError as error:
        raise MeterhouseError(
            f"'{written}' is not an instant.", remedy="write it as 2027-01-01T00:00:00Z"
        ) from error
    if read.tzinfo is None:
        raise MeterhouseError(f"'{written}' has no time zone.", remedy="end it with Z")
    return read.astimezone(UTC)
