"""What landing did, for whoever shows or checks it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from ingestion.ledger import UnitCounts
from warehouse import MeterhouseError, Problem


@dataclass(frozen=True)
class BatchesReport:
    """What landed as one load.

    Attributes:
        load_id: The load.
        units: What each unit gave.
        rejected_by_reason: Rejected deliveries by reason.
        recovered_loads: Loads of killed runs that were taken back first.
    """

    load_id: int
    units: tuple[UnitCounts, ...]
    rejected_by_reason: dict[str, int] = field(default_factory=dict)
    recovered_loads: tuple[int, ...] = ()

    @property
    def received_count(self) -> int:
        """Deliveries: events and rejected ones."""
        return self.event_count + self.rejected_count

    @property
    def event_count(self) -> int:
        """Deliveries that landed as events."""
        return sum(unit.event_count for unit in self.units)

    @property
    def rejected_count(self) -> int:
        """Deliveries that landed as rejected."""
        return sum(unit.rejected_count for unit in self.units)


@dataclass(frozen=True)
class LoadReport:
    """What a call of `load_files` did.

    Attributes:
        load_id: The load that landed; None when every file was known already.
        mapping_name: The mapping that the files were read by.
        new_files: What each file of the load gave.
        known_files: Names of the files whose content had landed before, or is there twice.
        refused: Files that were refused whole, with what to do about each.
        rejected_by_reason: Rejected deliveries by reason.
        recovered_loads: Loads of killed runs that were taken back first.
        waiting_files: Names of the files that have no ready-marker yet.
        outdated_files: Those of the known files that another text of the mapping has read.
    """

    load_id: int | None
    mapping_name: str
    new_files: tuple[UnitCounts, ...] = ()
    known_files: tuple[str, ...] = ()
    refused: tuple[Problem, ...] = ()
    rejected_by_reason: dict[str, int] = field(default_factory=dict)
    recovered_loads: tuple[int, ...] = ()
    waiting_files: tuple[str, ...] = ()
    outdated_files: tuple[str, ...] = ()

    @property
    def received_count(self) -> int:
        """Deliveries in the new files: events and rejected ones."""
        return self.event_count + self.rejected_count

    @property
    def event_count(self) -> int:
        """Deliveries that landed as events."""
        return sum(file.event_count for file in self.new_files)

    @property
    def rejected_count(self) -> int:
        """Deliveries that landed as rejected."""
        return sum(file.rejected_count for file in self.new_files)


def merge_reports(reports: Sequence[LoadReport]) -> LoadReport:
    """Makes one report of several loads by the same mapping.

    Args:
        reports: At least one report, in the order of the loads.

    Returns:
        Everything that they say; `load_id` is the last load.
    """
    reasons: Counter[str] = Counter()
    for report in reports:
        reasons.update(report.rejected_by_reason)
    loads = [report.load_id for report in reports if report.load_id is not None]
    return LoadReport(
        load_id=loads[-1] if loads else None,
        mapping_name=reports[0].mapping_name,
        new_files=tuple(unit for report in reports for unit in report.new_files),
        known_files=tuple(name for report in reports for name in report.known_files),
        refused=tuple(problem for report in reports for problem in report.refused),
        rejected_by_reason=dict(sorted(reasons.items())),
        recovered_loads=tuple(load for report in reports for load in report.recovered_loads),
        waiting_files=tuple(name for report in reports for name in report.waiting_files),
        outdated_files=tuple(name for report in reports for name in report.outdated_files),
    )


class RefusedFilesError(MeterhouseError):
    """Some files were refused whole; the others, if any, have landed.

    Attributes:
        report: What the call did all the same.
    """

    def __init__(self, report: LoadReport) -> None:
        landed = f"; load {report.load_id} holds the others" if report.load_id else ""
        super().__init__(
            f"{len(report.refused)} of the files refused whole, nothing of them landed{landed}.",
            remedy="mend these files and run the same command again",
            problems=report.refused,
        )
        self.report = report
