"""Parquet holds the digits of the CSV file."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from exports.documents import INVOICE_LINES, INVOICES
from exports.parquet import write_parquet
from warehouse import MeterhouseError

LINE = {
    "invoice_key": "k",
    "status": "closed",
    "line_key": "l",
    "line_number": "1",
    "label": '"Label, with ""quotes"" and\na new line"',
    "service_start": "2026-09-01",
    "quantity": "12345678901234567890123456789.000000001",
    "amount_unrounded": "-0.000000000001",
    "currency_code": "EUR",
    "amount_minor": "9223372036854775807",
    "amount": "92233720368547758.07",
}


def write_line(path: Path, **changes: str) -> Path:
    names = [column.name for column in INVOICE_LINES.columns]
    cells = [{**LINE, **changes}.get(name, "") for name in names]
    path.write_bytes(f"{','.join(names)}\r\n{','.join(cells)}\r\n".encode())
    return path


def test_digits_dates_and_text_stay_as_they_are(tmp_path: Path) -> None:
    source = write_line(tmp_path / "lines.csv", meter_id='""')
    target = tmp_path / "lines.parquet"
    assert write_parquet(source, target, schema=INVOICE_LINES.schema) == 1
    (row,) = pq.read_table(target).to_pylist()
    assert row["quantity"] == Decimal("12345678901234567890123456789.000000001")
    assert row["amount_unrounded"] == Decimal("-0.000000000001")
    assert row["amount_minor"] == 9223372036854775807
    assert row["amount"] == "92233720368547758.07"
    assert row["label"] == 'Label, with "quotes" and\na new line'
    assert row["service_start"] == date(2026, 9, 1)
    assert row["invoice_number"] is None
    assert row["meter_id"] == ""


def test_the_same_bytes_give_the_same_parquet(tmp_path: Path) -> None:
    source = write_line(tmp_path / "lines.csv")
    for name in ("one", "two"):
        write_parquet(source, tmp_path / name, schema=INVOICE_LINES.schema)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_moments_are_utc(tmp_path: Path) -> None:
    names = [column.name for column in INVOICES.columns]
    moment = "2026-10-06T00:00:00.000001Z"
    cells = [moment if name == "issued_at" else "" for name in names]
    source = tmp_path / "invoices.csv"
    source.write_bytes(f"{','.join(names)}\r\n{','.join(cells)}\r\n".encode())
    write_parquet(source, tmp_path / "invoices.parquet", schema=INVOICES.schema)
    (row,) = pq.read_table(tmp_path / "invoices.parquet").to_pylist()
    assert row["issued_at"] == datetime(2026, 10, 6, 0, 0, 0, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "changes",
    [{"quantity": "1.0000000001"}, {"amount_minor": "1.5"}, {"service_start": "01/09/2026"}],
)
def test_a_cell_of_another_type_is_refused(tmp_path: Path, changes: dict[str, str]) -> None:
    source = write_line(tmp_path / "lines.csv", **changes)
    with pytest.raises(MeterhouseError, match=r"lines\.csv does not fit"):
        write_parquet(source, tmp_path / "lines.parquet", schema=INVOICE_LINES.schema)
