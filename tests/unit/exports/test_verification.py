"""Exported files are re-read; whatever differs from the database is refused."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from exports.verification import (
    ControlTotal,
    check_files,
    check_parts,
    read_csv_sums,
    read_parquet_sums,
)
from warehouse import MeterhouseError

LARGEST_MINOR = 2**63 - 1


def total(currency: str, row_count: int, amount_minor: int) -> ControlTotal:
    return ControlTotal(currency, 2, row_count, amount_minor, "")


def test_csv_sums_are_by_currency_and_beyond_64_bits(tmp_path: Path) -> None:
    path = tmp_path / "lines.csv"
    rows = [f"EUR,{LARGEST_MINOR}", "JPY,-5", f"EUR,{LARGEST_MINOR}"]
    path.write_bytes(("currency_code,amount_minor\r\n" + "\r\n".join(rows) + "\r\n").encode())
    assert read_csv_sums(path, amount="amount_minor") == {
        "EUR": (2, 2 * LARGEST_MINOR),
        "JPY": (1, -5),
    }


def test_parquet_sums_are_by_currency_and_beyond_64_bits(tmp_path: Path) -> None:
    path = tmp_path / "lines.parquet"
    amounts = [LARGEST_MINOR, -5, LARGEST_MINOR]
    pq.write_table(pa.table({"currency_code": ["EUR", "JPY", "EUR"], "minor": amounts}), path)
    assert read_parquet_sums(path, amount="minor") == {
        "EUR": (2, 2 * LARGEST_MINOR),
        "JPY": (1, -5),
    }


def test_equal_files_pass() -> None:
    check_files({"lines.csv": {"EUR": (2, 30)}}, expected=[total("EUR", 2, 30)])
    check_files({"lines.csv": {}}, expected=[])


@pytest.mark.parametrize(
    "found",
    [
        {"EUR": (2, 31)},
        {"EUR": (1, 30)},
        {"EUR": (2, 30), "USD": (1, 0)},
        {},
        {"USD": (2, 30)},
    ],
)
def test_a_file_that_differs_is_refused_by_name(found: dict[str, tuple[int, int]]) -> None:
    with pytest.raises(MeterhouseError, match="differ from the database") as caught:
        check_files({"lines.csv": found}, expected=[total("EUR", 2, 30)])
    assert "lines.csv" in str(caught.value)


def test_lines_that_do_not_make_the_invoices_are_refused() -> None:
    check_parts([total("EUR", 1, 30)], [total("EUR", 2, 30)])
    with pytest.raises(MeterhouseError, match="don't add up") as caught:
        check_parts([total("EUR", 1, 30), total("JPY", 1, 1)], [total("EUR", 2, 30)])
    assert "JPY" in str(caught.value)
