"""The commands and their options."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.bench import app as bench_app
from cli.closing import app as closing_app
from cli.collector import app as collector_app
from cli.crediting import app as crediting_app
from cli.display import console
from cli.invoices import app as invoices_app
from cli.kafka import app as kafka_app
from cli.previewing import app as previewing_app
from cli.quarantine import app as quarantine_app
from cli.quoting import app as quoting_app
from cli.sql import app as sql_app
from cli.workplace import relative, working
from warehouse import MeterhouseError, WarehouseSettings
from warehouse.settings import PROJECT_ROOT

app = typer.Typer(
    name="meterhouse",
    help="A warehouse for metered usage: raw usage events in, invoices that finance can trace out.",
    epilog="Start with: ./meterhouse demo",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)

app.add_typer(closing_app)
app.add_typer(invoices_app)
app.add_typer(crediting_app)
app.add_typer(bench_app, name="bench")
app.add_typer(collector_app, name="collector")
app.add_typer(kafka_app, name="kafka")
app.add_typer(quarantine_app, name="quarantine")
app.add_typer(sql_app, name="sql")
app.add_typer(quoting_app)
app.add_typer(previewing_app)


@app.command(epilog="Example: ./meterhouse demo --events 100000")
def demo(
    data: Annotated[
        Path | None,
        typer.Option(help="Folder of a real data set that examples/ knows, instead of the sample."),
    ] = None,
    events: Annotated[
        int, typer.Option(min=1000, help="About how many usage events the sample company has.")
    ] = 1_000_000,
    seed: Annotated[int, typer.Option(help="Seed of the sample's generator.")] = 2026,
) -> None:
    """Run the main job on the sample company: land, admit, aggregate, rate, close, export."""
    from cli.demo import run_dataset_demo, run_sample_demo

    with working() as (warehouse, runner):
        if data is None:
            run_sample_demo(warehouse, runner, events=events, seed=seed)
        else:
            run_dataset_demo(warehouse, runner, data)


@app.command(epilog="Example: ./meterhouse catalog examples/llm_api/catalog")
def catalog(
    directory: Annotated[Path, typer.Argument(help="Folder of the catalog's files.")],
) -> None:
    """Land a catalog (meters, plans, prices, customers, subscriptions) as a new version."""
    with working() as (_, runner):
        runner.run("land_catalog", ops={"catalog": {"directory": str(directory.resolve())}})


@app.command(
    epilog="Example: ./meterhouse load --mapping examples/mappings/ev_norway.yaml sessions.csv.gz"
)
def load(
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            help="Files, folders, quoted globs, s3://bucket/prefix/; without any: what waits."
        ),
    ] = None,
    mapping: Annotated[
        Path | None,
        typer.Option(help="How the files' columns become usage events; without: native lines."),
    ] = None,
    ready_markers: Annotated[
        bool,
        typer.Option("--ready-markers", help="Take only what has its marker, NAME.ready, beside."),
    ] = False,
) -> None:
    """Land usage files that were not landed before; anything known is left alone."""
    from ingestion.object_store.store import is_url

    chosen = {
        "paths": [path if is_url(path) else str(Path(path).absolute()) for path in paths or []],
        "mapping": str(mapping.resolve()) if mapping else "",
        "ready_markers": ready_markers,
    }
    with working() as (_, runner):
        runner.run("load", ops={"usage_files": chosen})


@app.command(epilog="Example: ./meterhouse build --prove")
def build(
    prove: Annotated[
        bool,
        typer.Option(help="Compute every aggregate from scratch as well, and compare."),
    ] = False,
) -> None:
    """Admit what was landed, bring aggregates and drafts up to date, run the data tests."""
    from cli.summary import print_fates

    with working() as (warehouse, runner):
        runner.run("build", ops={"usage_models": {"proving": prove}})
        print_fates(warehouse)


@app.command(epilog="Example: ./meterhouse reconcile --from 2026-08-01 --to 2026-09-01 --by meter")
def reconcile(
    first: Annotated[
        str,
        typer.Option(
            "--from",
            help="First UTC day, YYYY-MM-DD: events by the day on which they happened; loads, "
            "files and lines that are no event by the day on which they landed.",
        ),
    ] = "",
    end: Annotated[str, typer.Option("--to", help="First UTC day that is left out.")] = "",
    by: Annotated[
        str, typer.Option(help="Count deliveries by door, unit, customer, meter or day.")
    ] = "door",
    limit: Annotated[int, typer.Option(min=1, help="How many rows of that at most.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
) -> None:
    """Compare what was received, accepted and aggregated; exit 1 at the first difference."""
    from cli.reconciling import run_reconcile

    if not run_reconcile(first=first, end=end, by=by, limit=limit, as_json=as_json):
        raise typer.Exit(code=1)


@app.command(epilog="Example: ./meterhouse trace evt_0001 --customer acme")
def trace(
    event_id: Annotated[str, typer.Argument(help="The event's id, as the sender gave it.")],
    customer: Annotated[str, typer.Option(help="Whose event; default: whoever has it.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
) -> None:
    """Say where one event came from and went: deliveries, fact, aggregates, charge, invoice."""
    from cli.tracing import run_trace

    run_trace(event_id, customer_id=customer, as_json=as_json)


@app.command(epilog="Example: ./meterhouse export --period 2026-08 --out handover")
def export(
    period: Annotated[str, typer.Option(help="The month, as YYYY-MM; default: all.")] = "",
    legal_entity: Annotated[
        str, typer.Option(help="Who issues; default: every legal entity.")
    ] = "",
    out: Annotated[Path | None, typer.Option(help="Target folder.")] = None,
    include_drafts: Annotated[
        bool, typer.Option(help="Export invoices that are not closed too.")
    ] = False,
) -> None:
    """Write invoices and their lines as CSV and Parquet with a manifest."""
    chosen = {
        "period": period,
        "legal_entity_id": legal_entity,
        "include_drafts": include_drafts,
        "directory": str(out.absolute()) if out else "",
    }
    with working() as (_, runner):
        runner.run("export", ops={"exports__invoices": chosen})


@app.command(epilog="Example: ./meterhouse up --dagster-port 3000 --streamlit-port 8501")
def up(
    dagster_port: Annotated[int, typer.Option(help="Port of the Dagster UI.")] = 3000,
    streamlit_port: Annotated[int, typer.Option(help="Port of the dashboards.")] = 8501,
) -> None:
    """Serve Postgres, the Dagster UI with its daemon, and the dashboards, until Ctrl-C."""
    from cli.serving import serve

    serve(dagster_port=dagster_port, streamlit_port=streamlit_port)


@app.command(
    "simulate-traffic",
    epilog="Example: ./meterhouse simulate-traffic --door files --rate 2000 --seconds 30",
)
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
    ] = PROJECT_ROOT / "examples" / "llm_api" / "catalog",
) -> None:
    """Send made-up usage through a door at a rate; where to is said by METERHOUSE_TRAFFIC_*."""
    from cli.traffic import Wish, run_traffic

    wish = Wish(door, rate, events or rate * seconds, duplicates, faulty, seed, start)
    run_traffic(wish, batch=batch, connections=connections, catalog=catalog)


@app.command(epilog="Example: ./meterhouse doctor")
def doctor() -> None:
    """Say what is wrong with the set-up and how to mend it."""
    from cli.doctor import examine

    if not examine():
        raise typer.Exit(code=1)


@app.command(epilog="Example: ./meterhouse reset --yes")
def reset(
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
) -> None:
    """Delete the embedded warehouse with all its data, and every working file."""
    from warehouse.warehouse import embedded_server

    settings = WarehouseSettings()
    if settings.database_url:
        raise MeterhouseError(
            "reset deletes the embedded warehouse only, and METERHOUSE_DATABASE_URL names another.",
            remedy="drop that database with its own tools, or unset the variable",
        )
    if not yes:
        typer.confirm("Delete the warehouse, its invoices, and all working files?", abort=True)
    embedded_server(settings).remove()
    kept = {"venv", "uv", "sync.lock"}
    for entry in settings.state_dir.iterdir():
        if entry.name not in kept:
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    console.print(f"Deleted. {relative(settings.state_dir)} holds the Python environment only.")


@app.command(
    epilog="Example: ./meterhouse test tests/unit -k quantities",
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)
def test(context: typer.Context) -> None:
    """Run the whole suite; further arguments go to pytest."""
    arguments = context.args or ["-n", "2", "--dist", "loadfile", "-q"]
    command = [sys.executable, "-m", "pytest", *arguments]
    raise typer.Exit(subprocess.run(command, cwd=PROJECT_ROOT, check=False).returncode)


@app.command(epilog="Example: ./meterhouse soak --minutes 10 --seed 7")
def soak(
    minutes: Annotated[int, typer.Option(min=1, help="How long, about.")] = 10,
    seed: Annotated[int, typer.Option(help="What decides everything that happens.")] = 2026,
) -> None:
    """Kill, crash and repeat everything on a throw-away warehouse; check that nothing is lost."""
    if not (PROJECT_ROOT / "tests" / "faults").is_dir():
        raise MeterhouseError(
            "soak is part of the tests, and these are not installed here.",
            remedy="run it in a clone of the project",
        )
    command = [sys.executable, "-W", "ignore", "-m", "tests.faults.soak", str(minutes), str(seed)]
    raise typer.Exit(subprocess.run(command, cwd=PROJECT_ROOT, check=False).returncode)
