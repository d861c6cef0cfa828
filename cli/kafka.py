"""The Kafka door's commands: consume topics, and what could not be read of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.display import console
from cli.signals import stopping_gracefully
from cli.workplace import opened

STOPPING = "Stopping: what was polled lands first."

app = typer.Typer(
    help="Take usage events from Kafka: each message lands exactly once.",
    epilog="Example: ./meterhouse kafka consume usage --once",
    no_args_is_help=True,
)


@app.command(epilog="Example: ./meterhouse kafka consume usage --once")
def consume(
    topics: Annotated[
        list[str] | None,
        typer.Argument(help="Topics, or ^patterns; without any: those of the settings."),
    ] = None,
    once: Annotated[
        bool, typer.Option("--once", help="Stop once all that waits has landed.")
    ] = False,
    seconds: Annotated[
        int | None, typer.Option("--for", min=1, help="Stop after so many seconds.")
    ] = None,
    mapping: Annotated[
        Path | None, typer.Option(help="How messages become usage events; without: native JSON.")
    ] = None,
) -> None:
    """Land messages until Ctrl-C or SIGTERM; what was polled by then still lands."""
    from ingestion.kafka.consuming import consume_topics
    from ingestion.kafka.settings import KafkaSettings

    given = {"topics": tuple(topics)} if topics else {}
    chosen = {"mapping": mapping} if mapping else {}
    settings = KafkaSettings(**given, **chosen)  # type: ignore[arg-type]  # checked by pydantic
    with opened() as warehouse, stopping_gracefully(STOPPING) as stop:
        report = consume_topics(warehouse, settings, until_end=once, seconds=seconds, stop=stop)
    console.print(
        f"{report.message_count:,} messages in {len(report.load_ids):,} loads: "
        f"{report.event_count:,} events, {report.rejected_count:,} rejected."
    )
    if report.superseded_count:
        console.print(
            f"{report.superseded_count:,} loads were left to other consumers, which were first."
        )
    for gap in report.gaps:
        console.print(f"[yellow]Warning:[/] messages are missing: {gap}", soft_wrap=True)


@app.command(epilog="Example: ./meterhouse kafka gaps")
def gaps() -> None:
    """List the offsets that could not be read, and why; exit 1 if there are any."""
    from ingestion.kafka.positions import list_gaps
    from warehouse import Role

    with opened() as warehouse:
        found = list_gaps(warehouse.engine(Role.LOADER))
    for gap in found:
        console.print(f"{gap.found_at:%Y-%m-%d %H:%M}Z  {gap}", soft_wrap=True)
    if found:
        raise typer.Exit(code=1)
    console.print("No offsets were jumped over.")
