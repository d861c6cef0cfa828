"""The command that sends made-up traffic through a door."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from cli.display import TerminalProgress, console
from cli.signals import stopping_gracefully
from warehouse import MeterhouseError
from warehouse.progress import showing
from warehouse.settings import PROJECT_ROOT

SAMPLE_CATALOG = PROJECT_ROOT / "examples" / "llm_api" / "catalog"
# A file or an object holds some seconds of traffic, a request or a transaction a little.
BATCHES = {"collector": 100, "kafka": 500, "sql": 500}
SECONDS_OF_A_FILE = 2


def simulate_traffic(
    door: Annotated[
        str, typer.Option(help="files, collector, kafka, object_store or sql.")
    ] = "files",
    rate: Annotated[int, typer.Option(min=1, help="Events a second.")] = 100,
    seconds: Annotated[int, typer.Option(min=1, help="How long.")] = 60,
    events: Annotated[
        int | None, typer.Option(min=1, help="How many events in all, instead of how long.")
    ] = None,
    duplicates: Annotated[
        int, typer.Option(min=0, max=90, help="Percent that are an earlier event once more.")
    ] = 1,
    faulty: Annotated[int, typer.Option(min=0, max=90, help="Percent that are no event.")] = 1,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Seed; the same seed and start send the same.")
    ] = None,
    start: Annotated[
        str, typer.Option(help="When the first event occurs, ISO 8601 with a zone; default: now.")
    ] = "",
    batch: Annotated[
        int | None, typer.Option(min=1, help="Events of a request, file, object or transaction.")
    ] = None,
    connections: Annotated[
        int, typer.Option(min=1, max=64, help="Requests that are under way at once.")
    ] = 4,
    catalog: Annotated[
        Path, typer.Option(help="Catalog whose customers send; default: the sample company's.")
    ] = SAMPLE_CATALOG,
) -> None:
    """Send made-up usage through a door at a rate; where to is said by METERHOUSE_TRAFFIC_*."""
    from ingestion.catalog import read_catalog
    from ingestion.traffic.doors import open_door
    from ingestion.traffic.lines import TrafficPlan
    from ingestion.traffic.running import send_traffic
    from ingestion.traffic.settings import TrafficSettings

    chosen = secrets.randbelow(1 << 31) if seed is None else seed
    begin = _instant(start) if start else datetime.now(UTC).replace(microsecond=0)
    console.print(f"Repeat by: --seed {chosen} --start {begin:%Y-%m-%dT%H:%M:%SZ}")
    with showing(TerminalProgress()), stopping_gracefully("Stopping.") as stop:
        plan = TrafficPlan(
            customers=[customer.customer_id for customer in read_catalog(catalog).customers],
            seed=chosen,
            start=begin,
            rate=rate,
            duplicate_percent=duplicates,
            faulty_percent=faulty,
        )
        run = f"traffic_{chosen}_{begin:%Y%m%dt%H%M%S}"
        report = send_traffic(
            open_door(door, TrafficSettings(), run=run),
            plan,
            count=events or rate * seconds,
            batch=batch or BATCHES.get(door, rate * SECONDS_OF_A_FILE),
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
