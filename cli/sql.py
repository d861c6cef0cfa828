"""The SQL door's commands: pull tables of other databases."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.display import console
from cli.workplace import opened

app = typer.Typer(
    help="Take usage that sits in an application's Postgres, by a cursor column.",
    epilog="Example: ./meterhouse sql pull --source examples/sql_sources/app_usage.yaml",
    no_args_is_help=True,
)


@app.callback()
def group() -> None:
    """Take usage that sits in an application's Postgres, by a cursor column."""


@app.command(epilog="Example: ./meterhouse sql pull --source app_usage.yaml")
def pull(
    source: Annotated[
        list[Path] | None,
        typer.Option(help="Source file; may be repeated; without any: those of the settings."),
    ] = None,
    since: Annotated[
        str, typer.Option(help="Read again from this cursor value on; what has landed stays out.")
    ] = "",
) -> None:
    """Land rows that are new or changed since the last pull."""
    from ingestion.sql_door.loads import pull_source
    from ingestion.sql_door.sources import list_sources
    from warehouse import MeterhouseError

    paths = source or list_sources()
    if not paths:
        raise MeterhouseError(
            "No source is named.", remedy="name one by --source, or set METERHOUSE_SQL_SOURCES"
        )
    with opened() as warehouse:
        for path in paths:
            report = pull_source(warehouse, path, since=since)
            if report.load_id is None:
                console.print(f"{path.name}: nothing new")
            else:
                console.print(
                    f"{path.name}: load {report.load_id}, {report.event_count:,} events, "
                    f"{report.rejected_count:,} rows rejected"
                )
