"""Exports invoices with lines, taxes and credits as CSV and Parquet, checked, with a manifest."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, ProgrammingError

from exports.documents import (
    CREDIT_APPLICATIONS,
    DOCUMENTS,
    INVOICE_LINES,
    INVOICE_TAXES,
    INVOICES,
)
from exports.parquet import write_parquet
from exports.publication import pending_folder
from exports.scope import (
    Scope,
    State,
    check_legal_entity,
    read_control_totals,
    read_header_sums,
    read_state,
)
from exports.verification import (
    ControlTotal,
    Sums,
    check_files,
    check_parts,
    file_sha256,
    read_csv_sums,
    read_parquet_sums,
)
from warehouse import MeterhouseError, Role, Warehouse
from warehouse.crash_points import crash_point
from warehouse.csv_output import copy_csv
from warehouse.progress import progress
from warehouse.settings import PROJECT_ROOT

FORMAT = "meterhouse.invoices/1"
MANIFEST = "manifest.json"
CONVENTIONS = {
    "amounts": "columns ending in _minor are integers in the currency's minor unit; "
    "currency_exponent says how many decimal places that is; beside each is the same amount in "
    "major units, as exact decimal text; total = subtotal + tax - credit, and included_tax is "
    "inside the subtotal",
    "csv": "UTF-8, RFC 4180, one header row, dates ISO 8601, decimal point, an empty cell is null",
    "intervals": "half-open: period_end and service_end are the day after the last one, in UTC",
    "order": "invoices by legal entity, month, customer; lines, taxes and credits by invoice",
    "parquet": "decimal128 and int64, made from the bytes of the CSV file",
    "text": "a text cell that starts with = + - @ (or their full-width forms, also after white "
    "space), a tab or a line break has a leading apostrophe, so that no spreadsheet takes it for a "
    "formula; numbers are never changed",
}


@dataclass(frozen=True)
class ExportedFile:
    """One file that was handed over.

    Attributes:
        name: File name.
        rows: Rows, a header not counted.
        bytes: Size.
        sha256: Checksum of its bytes.
    """

    name: str
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class ExportReport:
    """What an export handed over.

    Attributes:
        directory: The folder that the files are in.
        files: The files, the manifest left out.
        control_totals: Count and sum by currency, by document (`invoices`, `invoice_lines`, ...).
        data_as_of: When the newest load that is counted had landed; None without loads.
        catalog_versions: Versions of the catalog that the invoices were rated with.
        drafts_left_out: Drafts in the scope that are not in the files.
        is_changed: False when the same bytes were there already.
    """

    directory: Path
    files: tuple[ExportedFile, ...]
    control_totals: Mapping[str, tuple[ControlTotal, ...]]
    data_as_of: datetime | None
    catalog_versions: tuple[int, ...]
    drafts_left_out: int
    is_changed: bool

    @property
    def invoice_count(self) -> int:
        """Invoices (and drafts) in the files, all currencies."""
        return sum(total.row_count for total in self.control_totals[INVOICES.name])

    @property
    def line_count(self) -> int:
        """Invoice lines in the files, all currencies."""
        return sum(total.row_count for total in self.control_totals[INVOICE_LINES.name])


def export_invoices(
    warehouse: Warehouse,
    *,
    period_start: date | None,
    legal_entity_id: str | None,
    directory: Path,
    include_drafts: bool = False,
) -> ExportReport:
    """Writes invoices, lines, taxes and credits into a folder of their own under `directory`.

    Everything is read in one transaction, re-read from the written files, compared with the
    database's own control totals, and only then put in its place. The same state gives the same
    bytes.

    Args:
        warehouse: The warehouse.
        period_start: First day of the billing month; None for all months.
        legal_entity_id: Who issued them; None for all.
        directory: Where the export's folder is made.
        include_drafts: Whether drafts go in too.

    Returns:
        What was handed over.

    Raises:
        MeterhouseError: The scope is wrong, the views can't be read, or the files differ from the
            database.
    """
    scope = Scope(period_start, legal_entity_id, include_drafts)
    engine = warehouse.engine(Role.REPORTER).execution_options(
        isolation_level="REPEATABLE READ", postgresql_readonly=True
    )
    try:
        with (
            engine.connect() as connection,
            pending_folder(directory, name=scope.folder_name) as folder,
        ):
            check_legal_entity(connection, scope)
            state = read_state(connection, scope)
            totals = {
                document.name: read_control_totals(connection, document, scope)
                for document in DOCUMENTS
            }
            check_parts(
                read_header_sums(connection, scope),
                lines=totals[INVOICE_LINES.name],
                taxes=totals[INVOICE_TAXES.name],
                credits_used=totals[CREDIT_APPLICATIONS.name],
            )
            row_counts = _write_files(connection, scope, folder.path)
            files = _checked_files(folder.path, row_counts, totals)
            _write_manifest(folder.path / MANIFEST, scope, state, files, totals)
            crash_point("export.before_publish")
            is_changed = folder.publish()
    except DBAPIError as error:
        raise _explained(error) from error
    except OSError as error:
        raise MeterhouseError(
            f"The export can't be written: {error}", remedy="check the folder and the free space"
        ) from error
    return ExportReport(
        directory=directory / scope.folder_name,
        files=files,
        control_totals=totals,
        data_as_of=state.data_as_of,
        catalog_versions=state.catalog_versions,
        drafts_left_out=state.drafts_left_out,
        is_changed=is_changed,
    )


def _write_files(connection: Connection, scope: Scope, folder: Path) -> dict[str, int]:
    """Writes every document in both formats; returns row counts by file name."""
    row_counts: dict[str, int] = {}
    for document in DOCUMENTS:
        path = folder / f"{document.name}.csv"
        with progress().task(f"Writing {path.name}") as task, path.open("wb") as target:
            written = copy_csv(
                connection, document.select, parameters=scope.parameters, target=target
            )
            task.advance(written.row_count)
        if file_sha256(path) != written.sha256:
            raise MeterhouseError(
                f"{path.name} was not written as it was sent.", remedy="check the disk"
            )
        row_counts[path.name] = written.row_count
    crash_point("export.after_csv")
    for document in DOCUMENTS:
        source, target_path = folder / f"{document.name}.csv", folder / f"{document.name}.parquet"
        with progress().task(f"Writing {target_path.name}") as task:
            rows = write_parquet(source, target_path, schema=document.schema)
            task.advance(rows)
        row_counts[target_path.name] = rows
    crash_point("export.after_parquet")
    return row_counts


def _checked_files(
    folder: Path, row_counts: Mapping[str, int], totals: Mapping[str, tuple[ControlTotal, ...]]
) -> tuple[ExportedFile, ...]:
    """Re-reads the files and compares them with the database's control totals."""
    files = []
    for document in DOCUMENTS:
        csv_path, parquet_path = (folder / f"{document.name}.{end}" for end in ("csv", "parquet"))
        found: dict[str, Sums] = {
            csv_path.name: read_csv_sums(csv_path, amount=document.amount),
            parquet_path.name: read_parquet_sums(parquet_path, amount=document.amount),
        }
        check_files(found, expected=totals[document.name])
        files += [
            ExportedFile(
                name=path.name,
                rows=row_counts[path.name],
                bytes=path.stat().st_size,
                sha256=file_sha256(path),
            )
            for path in (csv_path, parquet_path)
        ]
    return tuple(files)


def _write_manifest(
    path: Path,
    scope: Scope,
    state: State,
    files: tuple[ExportedFile, ...],
    totals: Mapping[str, tuple[ControlTotal, ...]],
) -> None:
    """Writes what is in the folder; it holds no time of its own, so that it stays the same."""
    project = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text())["project"]
    manifest = {
        "format": FORMAT,
        "generator": {"name": project["name"], "version": project["version"]},
        "scope": {
            "period_start": scope.period_start and scope.period_start.isoformat(),
            "legal_entity_id": scope.legal_entity_id,
            "include_drafts": scope.include_drafts,
        },
        "data_as_of": state.data_as_of and state.data_as_of.isoformat(),
        "catalog_versions": list(state.catalog_versions),
        "drafts_left_out": state.drafts_left_out,
        "files": [asdict(file) for file in files],
        "control_totals": {
            name: [asdict(total) for total in parts] for name, parts in totals.items()
        },
        "conventions": CONVENTIONS,
    }
    path.write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _explained(error: DBAPIError) -> MeterhouseError:
    """Returns what a user can do about a database that didn't answer."""
    if isinstance(error, ProgrammingError):
        return MeterhouseError(
            f"The reporting views can't be read: {str(error.orig).splitlines()[0]}",
            remedy="run ./meterhouse build, then export again",
        )
    return MeterhouseError(
        f"The database broke off the export: {str(error.orig).splitlines()[0]}",
        remedy="run ./meterhouse doctor, then export again",
    )
