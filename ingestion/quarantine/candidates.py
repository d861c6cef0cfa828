"""What would be delivered instead of a delivery in quarantine: the same, read anew, or edited."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from ingestion.contracts import NATIVE
from ingestion.mappings import Mapping
from ingestion.quarantine.deliveries import HeldDelivery, write_native_line
from ingestion.reading import read_file
from ingestion.rejections import BASE64_MARK
from ingestion.validator import Origin, Verdicts, validate_lines
from warehouse import MeterhouseError


@dataclass(frozen=True)
class Candidate:
    """One delivery in quarantine, and the line that would be delivered instead.

    Attributes:
        held: The delivery.
        line: A native line; None where there is none.
        refusal: Why there is none.
        is_changed: Whether it says anything else than what was delivered.
    """

    held: HeldDelivery
    line: bytes | None
    refusal: str = ""
    is_changed: bool = False

    @property
    def replay_delivery_id(self) -> str:
        """The delivery id that it would have: always the same one for the same delivery."""
        return f"replay:{self.held.key.load_id}:{self.held.key.delivery_id}"


def same_again(held: Sequence[HeldDelivery]) -> list[Candidate]:
    """Takes deliveries as they were.

    Args:
        held: The deliveries.

    Returns:
        A candidate for each.
    """
    return [_as_it_was(delivery) for delivery in held]


def read_again(
    held: Sequence[HeldDelivery], mapping: Mapping, *, header: str | None, folder: Path
) -> list[Candidate]:
    """Reads the raw rows of deliveries by a corrected mapping.

    Args:
        held: The deliveries; those that are events have no raw row any more and are refused.
        mapping: The corrected mapping.
        header: The header line of the CSV file that the rows came from, where it had one.
        folder: Folder for working files.

    Returns:
        A candidate for each.

    Raises:
        MeterhouseError: The mapping is of CSV files with a header line, and none was given; or the
            header doesn't have what the mapping reads.
    """
    with_header = mapping.format == "csv" and mapping.csv.columns is None
    if with_header and not header:
        raise MeterhouseError(
            f"The mapping {mapping.name} reads columns by the file's header line, which no row of "
            "quarantine holds.",
            remedy="give it: --header 'customer,when,amount', or name the columns in the mapping "
            "(csv: columns)",
        )
    outcomes: dict[int, list[bytes | str]] = defaultdict(list)
    rows = [number for number, delivery in enumerate(held) if delivery.event_text is None]
    for is_utf8 in (True, False):
        chosen = [n for n in rows if held[n].raw_text.startswith(BASE64_MARK) != is_utf8]
        if chosen:
            lines = [held[number].raw for number in chosen]
            found = _read_lines(
                lines, mapping, header=header if with_header else None, is_utf8=is_utf8, to=folder
            )
            for place, outcome in found:
                outcomes[chosen[place]].append(outcome)
    return [
        _from_outcomes(delivery, outcomes[number], has_row=delivery.event_text is None)
        for number, delivery in enumerate(held)
    ]


def judge_lines(candidates: Sequence[Candidate], *, load_id: int) -> Verdicts:
    """Validates the lines of candidates, as a door does.

    Args:
        candidates: The candidates, all with a line.
        load_id: The load that they would belong to.

    Returns:
        The events and the rejected ones; `line_number` is the place among `candidates`, from 1.
    """
    lines = [candidate.line or b"" for candidate in candidates]
    origin = Origin(load_id=load_id, file_number=1, delivery_prefix="replay")
    verdicts = validate_lines(lines, first_line=1, origin=origin)
    return Verdicts(
        _name_deliveries(verdicts.events, candidates),
        _name_deliveries(verdicts.rejected, candidates),
    )


def _name_deliveries(table: pa.Table, candidates: Sequence[Candidate]) -> pa.Table:
    names = pa.array([candidate.replay_delivery_id for candidate in candidates], pa.string())
    places = pc.subtract(table["line_number"], 1)
    column = table.schema.get_field_index("delivery_id")
    return table.set_column(column, table.schema.field(column), names.take(places))


def _as_it_was(delivery: HeldDelivery) -> Candidate:
    if delivery.event_text is None and delivery.mapping_name != NATIVE:
        return Candidate(
            delivery, None, "the row is of a mapping: give it again with --mapping, or edit it"
        )
    return Candidate(delivery, delivery.raw)


def _from_outcomes(
    delivery: HeldDelivery, outcomes: list[bytes | str], *, has_row: bool
) -> Candidate:
    if not has_row:
        return Candidate(delivery, None, "it is an event, whose row is not kept: edit it (--set)")
    part = _part_of(delivery)
    if part is not None and len(outcomes) > 1:
        outcomes = outcomes[part - 1 : part]
    if len(outcomes) != 1:
        found = len(outcomes) or "no"
        return Candidate(delivery, None, f"the mapping makes {found} events of this row, not one")
    (outcome,) = outcomes
    if isinstance(outcome, str):
        return Candidate(delivery, None, outcome)
    return Candidate(delivery, outcome, is_changed=True)


def _part_of(delivery: HeldDelivery) -> int | None:
    """Tells which of several events of its row a delivery is, from 1."""
    parts = delivery.key.delivery_id.split(":")
    is_part = len(parts) > 2 and parts[-2] == str(delivery.line_number) and parts[-1].isdigit()
    return int(parts[-1]) if is_part else None


def _read_lines(
    lines: list[bytes], mapping: Mapping, *, header: str | None, is_utf8: bool, to: Path
) -> list[tuple[int, bytes | str]]:
    """Reads raw rows as a file; gives pairs of place and native line, or why there is none."""
    changes: dict[str, object] = {}
    if is_utf8 and mapping.format == "csv":
        changes["csv"] = mapping.csv.model_copy(update={"encoding": "utf-8"})
    if mapping.format == "parquet":  # a row of Parquet is kept as one line of JSON
        changes["format"] = "jsonl"
    reader = mapping.model_copy(update=changes)
    suffix = "csv" if reader.format == "csv" else "jsonl"
    to.mkdir(parents=True, exist_ok=True)
    shift = 1 if header is not None else 0
    with tempfile.TemporaryDirectory(dir=to) as folder:
        path = Path(folder) / f"rows.{suffix}"
        head = [header.encode()] if header is not None else []
        path.write_bytes(b"".join(line + b"\n" for line in [*head, *lines]))
        origin = Origin(load_id=0, file_number=1, delivery_prefix="")
        found: list[tuple[int, int, bytes | str]] = []
        for verdicts, _ in read_file(path, origin=origin, mapping=reader, batch_bytes=8 << 20):
            found += _events_of(verdicts, shift=shift)
            found += [
                (row["line_number"] - 1 - shift, _part_number(row), row["detail"])
                for row in verdicts.rejected.select(
                    ["line_number", "delivery_id", "detail"]
                ).to_pylist()
            ]
    return [(place, outcome) for place, _, outcome in sorted(found, key=lambda item: item[:2])]


def _events_of(verdicts: Verdicts, *, shift: int) -> list[tuple[int, int, bytes | str]]:
    found: list[tuple[int, int, bytes | str]] = []
    for row in verdicts.events.to_pylist():
        event = {
            **row,
            "occurred_at": f"{row['occurred_at']:%Y-%m-%dT%H:%M:%S.%f}Z",
            "quantity": format(row["quantity"], "f"),
        }
        line = write_native_line(event).encode()
        found.append((row["line_number"] - 1 - shift, _part_number(row), line))
    return found


def _part_number(row: dict[str, object]) -> int:
    """The number of the event within its row: the last part of `:LINE:PART`; 0 for the only one."""
    parts = str(row["delivery_id"]).split(":")
    return int(parts[2]) if len(parts) > 2 else 0
