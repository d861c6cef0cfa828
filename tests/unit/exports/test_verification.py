"""Exported files are re-read; whatever differs from the database is refused."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from exports.verification import (
    ControlTotal,
    HeaderSums,
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


def check(**parts: list[ControlTotal]) -> None:
    """Checks an export of 30 cents, 6 cents of tax on top and 1 inside, paid by 4 of credit."""
    usual = {"lines": [total("EUR", 2, 30)], "taxes": [total("EUR", 2, 7)]}
    usual["credits_used"] = [total("EUR", 1, 4)]
    headers = [HeaderSums("EUR", 30, 6, 1, 4, 32)]
    check_parts(headers, **{**usual, **parts})


@pytest.mark.parametrize(
    ("parts", "currency"),
    [
        ({"lines": [total("EUR", 2, 29)]}, "lines come to 29, the invoices say 30"),
        ({"lines": [total("EUR", 2, 30), total("JPY", 1, 1)]}, "JPY"),
        ({"taxes": [total("EUR", 2, 6)]}, "taxes come to 6, the invoices say 7"),
        ({"credits_used": []}, "credits come to 0, the invoices say 4"),
    ],
)
def test_parts_that_do_not_make_the_invoices_are_refused(
    parts: dict[str, list[ControlTotal]], currency: str
) -> None:
    check()
    with pytest.raises(MeterhouseError, match="don't add up") as caught:
        check(**parts)
    assert currency in str(caught.value)


def test_headers_that_do_not_add_up_are_refused() -> None:
    with pytest.raises(MeterhouseError, match="don't add up") as caught:
        check_parts([HeaderSums("EUR", 0, 0, 0, 0, 1)], lines=[], taxes=[], credits_used=[])
    assert "without credits, come to 0, the invoices say 1" in str(caught.value)
