"""Exports of a billed company: the right rows, exact, checked, whole or not at all."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from sqlalchemy import text

from exports import ExportReport, export_invoices, invoices
from exports.verification import Sums
from tests import billed_company as company
from warehouse import MeterhouseError, Role, Warehouse
from warehouse.csv_output import copy_csv, spreadsheet_safe

CRASH_POINTS = ("export.after_csv", "export.after_parquet", "export.before_publish")
FILES = {
    f"{name}.{ending}"
    for name in ("invoices", "invoice_lines", "invoice_taxes", "credit_applications")
    for ending in ("csv", "parquet")
}
IN_A_PROCESS = """
from datetime import date
from pathlib import Path
from exports import export_invoices
from warehouse import open_warehouse
export_invoices(
    open_warehouse(),
    period_start=date(2026, 9, 1),
    legal_entity_id=None,
    directory=Path({directory!r}),
)
"""


def export_september(warehouse: Warehouse, directory: Path) -> ExportReport:
    return export_invoices(
        warehouse, period_start=company.SEPTEMBER, legal_entity_id=None, directory=directory
    )


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, strict=True))


def test_a_closed_month_is_exported_with_its_control_totals(
    billed_company: Warehouse, tmp_path: Path
) -> None:
    report = export_september(billed_company, tmp_path)
    assert report.directory == tmp_path / "invoices_2026-09"
    assert set(contents(report.directory)) == FILES | {"manifest.json"}
    totals = {t.currency_code: t for t in report.control_totals["invoices"]}
    assert totals["EUR"].amount_minor == company.SEPTEMBER_EUR_MINOR
    assert (totals["EUR"].amount, totals["JPY"].amount) == ("1038.00", "300")
    assert (report.invoice_count, report.line_count) == (13, 25)
    assert report.is_changed


def test_the_manifest_says_what_the_files_hold(billed_company: Warehouse, tmp_path: Path) -> None:
    report = export_september(billed_company, tmp_path)
    manifest = json.loads((report.directory / "manifest.json").read_text())
    assert {file["name"] for file in manifest["files"]} == FILES
    for file in manifest["files"]:
        data = (report.directory / file["name"]).read_bytes()
        assert file["sha256"] == hashlib.sha256(data).hexdigest()
        assert file["bytes"] == len(data)
    assert [total["amount_minor"] for total in manifest["control_totals"]["invoice_lines"]] == [
        company.SEPTEMBER_EUR_MINOR,
        company.SEPTEMBER_JPY_MINOR,
    ]
    assert manifest["catalog_versions"] == [1]
    # the draft of the entity that has not closed
    assert manifest["drafts_left_out"] == 1
    assert manifest["data_as_of"] is not None


def test_csv_follows_rfc_4180_and_holds_no_formula(
    billed_company: Warehouse, tmp_path: Path
) -> None:
    folder = export_september(billed_company, tmp_path).directory
    data = (folder / "invoices.csv").read_bytes()
    assert data.count(b"\r\n") == data.count(b"\n") == 14
    names = {row["customer_id"]: row["customer_name"] for row in rows_of(folder / "invoices.csv")}
    assert names["c04"] == "'" + company.AWKWARD_NAMES[4]
    assert names["c05"] == company.AWKWARD_NAMES[5]
    lines = rows_of(folder / "invoice_lines.csv")
    assert {line["amount"] for line in lines if line["currency_code"] == "JPY"} == {"300"}
    assert lines[0]["service_end"] == "2026-10-01"


def test_parquet_holds_the_same_exact_numbers(billed_company: Warehouse, tmp_path: Path) -> None:
    folder = export_september(billed_company, tmp_path).directory
    table = pq.read_table(folder / "invoice_lines.parquet")
    assert str(table.schema.field("amount_unrounded").type) == "decimal128(38, 12)"
    assert str(table.schema.field("amount_minor").type) == "int64"
    for exact, written in zip(
        table.to_pylist(), rows_of(folder / "invoice_lines.csv"), strict=True
    ):
        assert exact["amount_minor"] == int(written["amount_minor"])
        assert exact["amount_unrounded"] == Decimal(written["amount_unrounded"])
        assert exact["customer_name"] == written["customer_name"]


def test_drafts_are_left_out_unless_asked_for(billed_company: Warehouse, tmp_path: Path) -> None:
    everything = export_invoices(
        billed_company,
        period_start=None,
        legal_entity_id="north_eu",
        directory=tmp_path,
        include_drafts=True,
    )
    (total,) = everything.control_totals["invoices"]
    assert total.amount_minor == company.SEPTEMBER_EUR_MINOR + company.OCTOBER_EUR_MINOR
    lines = rows_of(everything.directory / "invoice_lines.csv")
    (adjustment,) = [line for line in lines if line["line_type"] == "adjustment"]
    assert (adjustment["customer_id"], adjustment["amount"]) == ("c03", "1.00")
    assert (adjustment["service_start"], adjustment["period_start"]) == ("2026-09-01", "2026-10-01")
    closed = export_invoices(
        billed_company, period_start=None, legal_entity_id="north_eu", directory=tmp_path
    )
    assert (closed.invoice_count, closed.drafts_left_out) == (12, 12)


def test_a_month_without_invoices_gives_empty_files(
    billed_company: Warehouse, tmp_path: Path
) -> None:
    report = export_invoices(
        billed_company, period_start=company.OCTOBER, legal_entity_id="north_jp", directory=tmp_path
    )
    assert (report.invoice_count, report.line_count) == (0, 0)
    assert all(file.rows == 0 for file in report.files)
    assert pq.read_table(report.directory / "invoices.parquet").num_rows == 0


def test_the_same_state_gives_the_same_bytes(billed_company: Warehouse, tmp_path: Path) -> None:
    first = export_september(billed_company, tmp_path / "a")
    again = export_september(billed_company, tmp_path / "a")
    elsewhere = export_september(billed_company, tmp_path / "b")
    assert not again.is_changed
    assert contents(first.directory) == contents(elsewhere.directory)


def test_an_unknown_legal_entity_is_refused(billed_company: Warehouse, tmp_path: Path) -> None:
    with pytest.raises(MeterhouseError, match="no legal entity nowhere") as caught:
        export_invoices(
            billed_company, period_start=None, legal_entity_id="nowhere", directory=tmp_path
        )
    assert "north_eu" in caught.value.remedy
    assert list(tmp_path.iterdir()) == []


def test_an_export_before_the_first_build_is_a_clear_error(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    with pytest.raises(MeterhouseError, match="reporting views"):
        export_september(warehouse, tmp_path)


@pytest.mark.parametrize("reader", ["read_csv_sums", "read_parquet_sums"])
def test_a_file_that_differs_is_never_handed_over(
    billed_company: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reader: str
) -> None:
    true_reader: Callable[..., Sums] = getattr(invoices, reader)

    def damaged(path: Path, *, amount: str) -> Sums:
        sums = true_reader(path, amount=amount)
        rows, total = sums["JPY"]
        return {**sums, "JPY": (rows, total - 1)}

    monkeypatch.setattr(invoices, reader, damaged)
    with pytest.raises(MeterhouseError, match="differ from the database"):
        export_september(billed_company, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("point", [*CRASH_POINTS, "export.between_renames"])
def test_a_killed_export_leaves_nothing_half_done(
    billed_company: Warehouse,
    environment_of: Callable[[Warehouse], dict[str, str]],
    tmp_path: Path,
    point: str,
) -> None:
    wanted = contents(export_september(billed_company, tmp_path / "whole").directory)
    directory = tmp_path / "killed"
    target = directory / "invoices_2026-09"
    before: dict[str, bytes] = {}
    if point == "export.between_renames":
        target.mkdir(parents=True)
        (target / "old.csv").write_text("an earlier export")
        before = contents(target)
    killed = subprocess.run(
        [sys.executable, "-c", IN_A_PROCESS.format(directory=str(directory))],
        env={**environment_of(billed_company), "METERHOUSE_CRASH_AT": point},
        cwd=os.fspath(tmp_path),
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    assert not target.exists() or contents(target) == before
    export_september(billed_company, directory)
    assert contents(target) == wanted
    assert [path.name for path in directory.iterdir()] == [target.name]


PAYLOADS = {
    "=1+1": "'=1+1",
    "+1": "'+1",
    "-1": "'-1",
    "@SUM(A1)": "'@SUM(A1)",
    "\t=1": "'\t=1",
    "\r=1": "'\r=1",
    "  =1": "'  =1",
    "\uff1d1": "'\uff1d1",
    "plain": "plain",
    "a=b": "a=b",
    "'quoted": "'quoted",
    "": "",
}


def test_no_text_cell_is_a_formula(billed_company: Warehouse) -> None:
    values = ", ".join(f"(:v{n}, {n})" for n in range(len(PAYLOADS)))
    select = text(
        f"select {spreadsheet_safe('cell')} from (values {values}) v (cell, n) order by n"
    )
    given = {f"v{n}": payload for n, payload in enumerate(PAYLOADS)}
    with billed_company.engine(Role.REPORTER).connect() as connection:
        assert list(connection.execute(select, given).scalars()) == list(PAYLOADS.values())


def test_parameters_of_a_copy_are_values_and_no_sql(billed_company: Warehouse) -> None:
    buffer = BytesIO()
    with billed_company.engine(Role.REPORTER).connect() as connection:
        written = copy_csv(
            connection,
            "select cast(%(text)s as text) as text",
            parameters={"text": "'; drop table x; --"},
            target=buffer,
        )
    assert buffer.getvalue() == b"text\r\n'; drop table x; --\r\n"
    assert written.row_count == 1
