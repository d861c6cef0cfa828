"""Measuring the speed of this machine with this warehouse, against baselines of the same run."""

from __future__ import annotations

import json
import logging
import warnings
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from cli.display import TerminalProgress, console
from warehouse import WarehouseSettings
from warehouse.progress import showing

app = typer.Typer(
    help="Measure speed on this machine, in throw-away warehouses, as ratios to baselines.",
    epilog="Example: ./meterhouse bench ingest --events 1000000",
    no_args_is_help=True,
)


@app.command(epilog="Example: ./meterhouse bench ingest --events 10000000 --json figures.json")
def ingest(
    events: Annotated[
        int, typer.Option(min=1000, help="Events of the sample company in the measured files.")
    ] = 1_000_000,
    history: Annotated[
        int,
        typer.Option(min=0, help="Events that the warehouse holds before; 0: an empty warehouse."),
    ] = 0,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Also write all figures to this file.")
    ] = None,
    profile: Annotated[
        bool,
        typer.Option(help="Also show the slowest nodes of the build and functions of reading."),
    ] = False,
) -> None:
    """Measure a file on its way to hourly aggregates, exactly once."""
    from benchmarks.ingest import measure_ingest

    warnings.filterwarnings("ignore")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    folder = WarehouseSettings().state_dir / "bench"
    with showing(TerminalProgress()):
        figures = measure_ingest(folder, events=events, history=history, profile=profile)
    _print_figures(figures)
    if json_file is not None:
        json_file.write_text(json.dumps(figures, indent=2) + "\n")
        console.print(f"\nAll figures: {json_file}")


@app.command(epilog="Example: ./meterhouse bench close --customers 100000 --json figures.json")
def close(
    customers: Annotated[
        int, typer.Option(min=10, help="Customers of the company, five prices each.")
    ] = 100_000,
    events: Annotated[
        int | None,
        typer.Option(min=1, help="Usage events of its first month; default: 20 a customer."),
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Also write all figures to this file.")
    ] = None,
    profile: Annotated[
        bool, typer.Option(help="Also show the seconds of every model that rates.")
    ] = False,
) -> None:
    """Measure rating, drafting and closing a company, and late usage after the close."""
    from benchmarks.closing import EVENTS_OF_A_CUSTOMER, measure_close
    from cli.bench_output import print_close

    warnings.filterwarnings("ignore")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    folder = WarehouseSettings().state_dir / "bench"
    with showing(TerminalProgress()):
        figures = measure_close(
            folder,
            customers=customers,
            events=events or EVENTS_OF_A_CUSTOMER * 5 * customers,
            profile=profile,
        )
    print_close(figures)
    if json_file is not None:
        json_file.write_text(json.dumps(figures, indent=2) + "\n")
        console.print(f"\nAll figures: {json_file}")


def _print_figures(figures: dict[str, Any]) -> None:
    whole = figures["end_to_end"]
    table = Table(title=f"{whole['events']:,} events", title_justify="left")
    for name in ("stage", "seconds", "events/s", "to COPY", "to dlt", "to DuckDB"):
        table.add_column(name, justify="left" if name == "stage" else "right")
    for name, stage in figures["stages"].items():
        table.add_row(
            name,
            f"{stage['seconds']:.1f}",
            f"{stage['events_per_second']:,}",
            f"{stage['ratio_to_copy']:.2f}",
            f"{stage['ratio_to_dlt_default']:.1f}",
            f"{stage['ratio_to_duckdb']:.2f}",
        )
    console.print(table)
    console.print(
        f"File to hourly aggregates, exactly once: {whole['seconds']:.1f} s, "
        f"[bold]{whole['events_per_minute']:,} events a minute[/]; "
        f"{whole['ratio_to_copy']:.1f} times a bare COPY, "
        f"{whole['ratio_to_dlt_default']:.1f} times as fast as dlt's default path, "
        f"{whole['ratio_to_duckdb']:.1f} times DuckDB; "
        f"the loader had {whole['peak_memory_mib']:,} MiB at most."
    )
    for title, name in (("As Parquet", "parquet"), ("Scattered over all months", "scattered")):
        if name in figures:
            other = figures[name]
            console.print(
                f"{title}: {other['seconds']:.1f} s, "
                f"{other['events_per_minute']:,} events a minute, {other['peak_memory_mib']:,} MiB."
            )
    sizes = figures["bytes_per_event"]
    parts = ", ".join(f"{name} {size}" for name, size in sizes.items() if name != "all")
    console.print(f"Bytes per event in the warehouse: {sizes['all']} ({parts}).")
    if "profile" in figures:
        _print_profile(figures["profile"])


def _print_profile(profile: dict[str, Any]) -> None:
    nodes = Table(title="Slowest nodes of the build", title_justify="left")
    nodes.add_column("node")
    nodes.add_column("seconds", justify="right")
    slowest = sorted(profile["nodes"].items(), key=lambda node: -node[1])
    for name, seconds in slowest[:12]:
        nodes.add_row(name, f"{seconds:.2f}")
    functions = Table(title="Reading one batch of lines", title_justify="left")
    for name in ("function", "calls", "ms"):
        functions.add_column(name, justify="left" if name == "function" else "right")
    for entry in profile["reading"]:
        functions.add_row(entry["function"], str(entry["calls"]), str(entry["milliseconds"]))
    console.print(nodes, functions)
