"""Brings deliveries from quarantine again after a fix: exactly those that would be admitted now."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from ingestion.batches import Batch, land_in_turn
from ingestion.contracts import NATIVE
from ingestion.ledger import LoadKey, Unit
from ingestion.mappings import Mapping
from ingestion.outages import outlast_outages
from ingestion.quarantine.candidates import Candidate, judge_lines, read_again, same_again
from ingestion.quarantine.deliveries import OPEN, DeliveryKey, HeldDelivery, Selection
from ingestion.quarantine.edits import Edits, edit
from ingestion.quarantine.held import read_held, reading
from ingestion.quarantine.judging import Judgement, count_judgements, judge
from ingestion.quarantine.resolving import record_replays, refuse_other_states, require_reason
from ingestion.settings import IngestionSettings
from ingestion.turns import taking_turns
from warehouse import MeterhouseError, Role, Warehouse
from warehouse.progress import progress

DOOR = "replay"
DELIVERIES_OF_A_LOAD = 100_000
KEPT_REFUSALS = 20


@dataclass(frozen=True)
class Repair:
    """What was mended since the deliveries came.

    Attributes:
        mapping: A corrected mapping, for raw rows.
        header: The header line of the CSV file that the rows came from.
        edits: Edited values; None for the same event again.
    """

    mapping: Mapping | None = None
    header: str | None = None
    edits: Edits | None = None


@dataclass
class ReplayReport:
    """What a replay did, or would do.

    Attributes:
        examined_count: Open deliveries that were meant.
        counts: `accepted`, `duplicate`, or the reason why it stays, to number of deliveries.
        admitted: The first ones that leave the quarantine.
        refused: The first ones that stay, with the reason.
        load_ids: Loads that hold what was replayed; none for a dry run.
    """

    examined_count: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    admitted: list[Judgement] = field(default_factory=list)
    refused: list[Judgement] = field(default_factory=list)
    load_ids: list[int] = field(default_factory=list)

    @property
    def admitted_count(self) -> int:
        """Deliveries that leave the quarantine."""
        return self.counts["accepted"] + self.counts["duplicate"]

    def add(self, judgements: Sequence[Judgement]) -> None:
        """Counts judgements, and keeps the first of each kind."""
        self.examined_count += len(judgements)
        self.counts.update(count_judgements(judgements))
        for item in judgements:
            kept = self.admitted if item.is_admitted else self.refused
            if len(kept) < KEPT_REFUSALS:
                kept.append(item)


def preview_replay(
    warehouse: Warehouse, selection: Selection, repair: Repair | None = None
) -> ReplayReport:
    """Says what a replay would do now; changes nothing.

    Args:
        warehouse: The warehouse.
        selection: Which deliveries; of them those that are open.
        repair: What was mended; None for the same events again.

    Returns:
        What would be admitted and what would stay.

    Raises:
        MeterhouseError: A delivery that was named is not open, or the repair makes no sense.
    """
    report = ReplayReport()
    repair = repair or Repair()
    selection = _narrow(selection, repair)
    with reading(warehouse) as connection:
        refuse_other_states(connection, selection, state=OPEN)
        for judgements in _judge_all(warehouse, connection, selection, repair, _Judged()):
            report.add(judgements)
    return report


def replay(
    warehouse: Warehouse,
    selection: Selection,
    repair: Repair | None = None,
    *,
    who: str,
    why: str,
    settings: IngestionSettings | None = None,
) -> ReplayReport:
    """Brings open deliveries again that would be admitted now; the others stay as they are.

    They land by the door `replay`, each under a delivery id that follows from its own, and that it
    was replayed is written in the transaction that makes the load count. So a killed run and the
    same command again do nothing twice. Where Postgres goes away meanwhile, it goes on once that is
    back, with what is open then. The next build admits them.

    Args:
        warehouse: The warehouse.
        selection: Which deliveries; of them those that are open.
        repair: What was mended; None for the same events again.
        who: Who decides.
        why: Why.
        settings: Settings; from the environment when not given.

    Returns:
        What was done.

    Raises:
        MeterhouseError: A delivery that was named is not open, the repair makes no sense, nobody
            says who and why, or Postgres failed.
    """
    require_reason(who=who, why=why)
    report = ReplayReport()
    repair = repair or Repair()
    selection = _narrow(selection, repair)
    key = LoadKey(
        source=DOOR,
        mapping_name=repair.mapping.name if repair.mapping else NATIVE,
        mapping_sha256=repair.mapping.sha256 if repair.mapping else "",
    )
    settings = settings or IngestionSettings()
    judged = _Judged()

    def go_on() -> None:
        with taking_turns(warehouse), reading(warehouse) as connection:
            if judged.after is None:
                refuse_other_states(connection, selection, state=OPEN)
            for judgements in _judge_all(warehouse, connection, selection, repair, judged):
                connection.rollback()
                chosen = [item.candidate for item in judgements if item.is_admitted]
                if chosen:
                    landed = _land(warehouse, key, chosen, who=who, why=why, settings=settings)
                    report.load_ids.append(landed)
                report.add(judgements)

    outlast_outages(warehouse.engine(Role.LOADER), go_on, seconds=settings.outage_seconds)
    return report


@dataclass
class _Judged:
    """How far a run has judged: what is behind it has its place in the report.

    Attributes:
        after: The last delivery of the last load's worth that is done; None for none.
    """

    after: DeliveryKey | None = None


def _judge_all(
    warehouse: Warehouse,
    connection: Connection,
    selection: Selection,
    repair: Repair,
    judged: _Judged,
) -> Iterator[list[Judgement]]:
    """Judges what is meant, a load's worth at a time, in the order in which it once arrived."""
    with progress().task("Judging deliveries", unit="deliveries") as task:
        while found := read_held(
            connection, selection, limit=DELIVERIES_OF_A_LOAD, after=judged.after
        ):
            last = found[-1].key
            found.sort(key=lambda item: (item.key.load_id, item.file_number, item.line_number))
            judgements = judge(connection, _mend(warehouse, found, repair))
            task.advance(len(found))
            yield judgements
            judged.after = last


def _mend(warehouse: Warehouse, found: list[HeldDelivery], repair: Repair) -> list[Candidate]:
    if repair.mapping is not None:
        folder = warehouse.state_dir / "quarantine"
        return read_again(found, repair.mapping, header=repair.header, folder=folder)
    return edit(found, repair.edits) if repair.edits else same_again(found)


def _narrow(selection: Selection, repair: Repair) -> Selection:
    """Keeps to open deliveries, and to those that the edits name."""
    if repair.mapping is not None and repair.edits is not None:
        raise MeterhouseError(
            "A row is read again by a mapping, or edited; not both.", remedy="do one of both"
        )
    chosen = {**vars(selection), "states": (OPEN,)}
    if repair.edits is not None and repair.edits.lines:
        chosen["keys"] = tuple(sorted(repair.edits.lines))
    elif repair.edits is not None and not selection.keys:
        raise MeterhouseError(
            "An edit changes the deliveries that it names, and none is named.",
            remedy="name them: --id LOAD/DELIVERY, as quarantine list shows them",
        )
    return Selection(**chosen)


def _land(
    warehouse: Warehouse,
    key: LoadKey,
    candidates: Sequence[Candidate],
    *,
    who: str,
    why: str,
    settings: IngestionSettings,
) -> int:
    digest = hashlib.sha256()
    for item in candidates:
        digest.update(f"{item.replay_delivery_id}\n".encode() + (item.line or b"") + b"\n")
    size = sum(len(item.line or b"") for item in candidates)
    unit = Unit(1, f"{len(candidates)} from quarantine", digest.hexdigest(), size)

    def read(load_id: int) -> Iterator[Batch | Unit]:
        yield Batch(1, judge_lines(candidates, load_id=load_id), len(candidates))
        yield unit

    def record(connection: Connection, load_id: int) -> None:
        record_replays(connection, candidates, load_id=load_id, who=who, why=why)

    landed = land_in_turn(warehouse, key, read, record=record, settings=settings)
    if landed is None:
        raise MeterhouseError("The replay landed nothing.", remedy="run the same command again")
    return landed.load_id
