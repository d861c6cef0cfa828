"""The commands about deliveries that could not be taken: look, export, replay, discard."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cli.quarantine_output import print_held, print_list, print_replay
from cli.workplace import console, opened, relative
from warehouse import MeterhouseError

app = typer.Typer(
    help="See, export, replay and discard deliveries that could not be taken.",
    epilog="Example: ./meterhouse quarantine list --reason unknown_customer",
    no_args_is_help=True,
)


class Form(StrEnum):
    """Format of an export."""

    JSONL = "jsonl"
    CSV = "csv"


class State(StrEnum):
    """What was decided about a delivery."""

    OPEN = "open"
    REPLAYED = "replayed"
    DISCARDED = "discarded"


Reasons = Annotated[list[str] | None, typer.Option("--reason", help="Only this reason.")]
Customers = Annotated[list[str] | None, typer.Option("--customer", help="Only this customer.")]
Loads = Annotated[list[int] | None, typer.Option("--load", help="Only what this load brought.")]
Files = Annotated[
    list[str] | None, typer.Option("--file", help="Only this file or unit, by its recorded name.")
]
Ids = Annotated[
    list[str] | None, typer.Option("--id", help="This delivery, as LOAD/DELIVERY of list.")
]
States = Annotated[list[State] | None, typer.Option("--state", help="Only in this state.")]
Who = Annotated[str, typer.Option(help="Who decides; it is written down.")]
Why = Annotated[str, typer.Option(help="Why; it is written down.")]


def _selection(
    reasons: list[str] | None,
    customers: list[str] | None,
    loads: list[int] | None,
    files: list[str] | None,
    ids: list[str] | None,
    states: list[State] | None = None,
) -> object:
    from ingestion.quarantine.deliveries import Selection, parse_key

    return Selection(
        reasons=tuple(reasons or ()),
        customers=tuple(customers or ()),
        load_ids=tuple(loads or ()),
        files=tuple(files or ()),
        keys=tuple(parse_key(written) for written in ids or ()),
        states=tuple(state.value for state in states or ()),
    )


@app.command("list", epilog="Example: ./meterhouse quarantine list --state open --limit 50")
def list_deliveries(
    reason: Reasons = None,
    customer: Customers = None,
    load: Loads = None,
    file: Files = None,
    id: Ids = None,
    state: States = None,
    limit: Annotated[int, typer.Option(min=0, help="How many deliveries to show.")] = 20,
    page: Annotated[int, typer.Option(min=1, help="Which page of them, from 1.")] = 1,
) -> None:
    """Count deliveries by reason and state, then list them."""
    from ingestion.quarantine.held import count_reasons, read_held, reading

    selection = _selection(reason, customer, load, file, id, state)
    with opened() as warehouse, reading(warehouse) as connection:
        counts = count_reasons(connection, selection)
        first = (page - 1) * limit
        found = read_held(connection, selection, limit=limit, first=first) if limit else []
        print_list(counts, found, first=first)


@app.command(epilog="Example: ./meterhouse quarantine show 12/0f3a9c5d7e1b2a46:7")
def show(
    delivery: Annotated[str, typer.Argument(help="LOAD/DELIVERY, as list shows it.")],
    raw: Annotated[
        bool,
        typer.Option(
            "--raw",
            help="Write the line alone: the very bytes of a line that is no event, a native "
            "line of an event.",
        ),
    ] = False,
) -> None:
    """Show one delivery: everything known of it, and its text; of a conflict both payloads."""
    from ingestion.quarantine.conflicts import read_conflict
    from ingestion.quarantine.deliveries import Selection, parse_key
    from ingestion.quarantine.held import read_held, reading

    key = parse_key(delivery)
    with opened(quiet=raw) as warehouse, reading(warehouse) as connection:
        found = read_held(connection, Selection(keys=(key,)), limit=1)
        if not found:
            raise MeterhouseError(
                f"{key} is not in quarantine.",
                remedy="quarantine list shows what is; trace EVENT_ID says where an event went",
            )
        if raw:
            sys.stdout.buffer.write(found[0].raw)
            return
        print_held(found[0], read_conflict(connection, key))


@app.command(epilog="Example: ./meterhouse quarantine export --reason not_a_time --out late.jsonl")
def export(
    out: Annotated[Path, typer.Option(help="The file to write.")],
    form: Annotated[Form, typer.Option("--format", help="JSON lines or CSV.")] = Form.JSONL,
    reason: Reasons = None,
    customer: Customers = None,
    load: Loads = None,
    file: Files = None,
    id: Ids = None,
    state: States = None,
) -> None:
    """Write deliveries with their raw texts; every byte can be had back from the file."""
    from ingestion.quarantine.exporting import export_held

    selection = _selection(reason, customer, load, file, id, state)
    with opened() as warehouse:
        count = export_held(warehouse, selection, target=out, form=form.value)
    console.print(f"{count:,} deliveries written to {relative(out)}")


@app.command(
    epilog="Example: ./meterhouse quarantine replay --reason unknown_customer "
    "--who Ada --why 'the customer is in the catalog now'"
)
def replay(
    reason: Reasons = None,
    customer: Customers = None,
    load: Loads = None,
    file: Files = None,
    id: Ids = None,
    mapping: Annotated[
        Path | None, typer.Option(help="A corrected mapping, to read the raw rows again by.")
    ] = None,
    header: Annotated[
        str | None, typer.Option(help="Header line of the CSV file that the rows are of.")
    ] = None,
    set_field: Annotated[
        list[str] | None,
        typer.Option("--set", help="FIELD=VALUE of the named deliveries, such as quantity=5."),
    ] = None,
    unset: Annotated[
        list[str] | None, typer.Option(help="A field to take out of the named deliveries.")
    ] = None,
    edit_file: Annotated[
        Path | None, typer.Option(help="A file of export whose raw_text was edited.")
    ] = None,
    who: Who = "",
    why: Why = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say which would be admitted now.")
    ] = False,
) -> None:
    """Deliver again what would be admitted now; the rest stays as it is. Then run build."""
    from ingestion.mappings import load_mapping
    from ingestion.quarantine.edits import parse_fields, read_edit_file
    from ingestion.quarantine.replaying import Repair, preview_replay
    from ingestion.quarantine.replaying import replay as replay_deliveries

    if header is not None and mapping is None:
        raise MeterhouseError("--header belongs to --mapping.", remedy="give both, or neither")
    if edit_file is not None and (set_field or unset):
        raise MeterhouseError("--set and --edit-file exclude each other.", remedy="give one")
    edits = None
    if edit_file is not None:
        edits = read_edit_file(edit_file)
    elif set_field or unset:
        edits = parse_fields(set_field or (), dropped=unset or ())
    repair = Repair(load_mapping(mapping) if mapping else None, header, edits)
    selection = _selection(reason, customer, load, file, id)
    with opened() as warehouse:
        if dry_run:
            report = preview_replay(warehouse, selection, repair)
        else:
            report = replay_deliveries(warehouse, selection, repair, who=who, why=why)
    print_replay(report, dry_run=dry_run)


@app.command(
    epilog="Example: ./meterhouse quarantine discard --id 12/0f3a9c5d7e1b2a46:7 "
    "--who Ada --why 'a test of the sender'"
)
def discard(
    who: Who,
    why: Why,
    reason: Reasons = None,
    customer: Customers = None,
    load: Loads = None,
    file: Files = None,
    id: Ids = None,
) -> None:
    """Give up open deliveries: they stay where they are, with who and why; nothing is deleted."""
    from ingestion.quarantine.resolving import discard as discard_deliveries

    selection = _restricted(_selection(reason, customer, load, file, id), "discard")
    with opened() as warehouse:
        count = discard_deliveries(warehouse, selection, who=who, why=why)
    console.print(f"{count:,} deliveries are discarded now; quarantine restore opens them again.")


@app.command(
    epilog="Example: ./meterhouse quarantine restore --id 12/0f3a9c5d7e1b2a46:7 "
    "--who Ada --why 'it was no test'"
)
def restore(
    who: Who,
    why: Why,
    reason: Reasons = None,
    customer: Customers = None,
    load: Loads = None,
    file: Files = None,
    id: Ids = None,
) -> None:
    """Open discarded deliveries again, so that they can be replayed."""
    from ingestion.quarantine.resolving import restore as restore_deliveries

    selection = _restricted(_selection(reason, customer, load, file, id), "restore")
    with opened() as warehouse:
        count = restore_deliveries(warehouse, selection, who=who, why=why)
    console.print(f"{count:,} deliveries are open again.")


def _restricted(selection: object, verb: str) -> object:
    """Refuses to decide about everything at once, which nobody means."""
    if not any(vars(selection).values()):
        raise MeterhouseError(
            f"Nothing says what to {verb}.",
            remedy="choose: --id, --reason, --customer, --load or --file",
        )
    return selection
