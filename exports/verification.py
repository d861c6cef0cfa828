"""Re-reads exported files and compares them with what the database said, before hand-over."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from warehouse import MeterhouseError, Problem


@dataclass(frozen=True)
class ControlTotal:
    """Count and sum of one currency.

    Attributes:
        currency_code: The currency.
        currency_exponent: Its decimal places.
        row_count: Rows of this currency.
        amount_minor: Sum of their amounts in minor units.
        amount: The same sum in major units, as text.
    """

    currency_code: str
    currency_exponent: int
    row_count: int
    amount_minor: int
    amount: str


@dataclass(frozen=True)
class HeaderSums:
    """What the headers of the invoices of one currency come to, in minor units.

    Attributes:
        currency_code: The currency.
        subtotal_minor: Sums of lines.
        tax_minor: Taxes that are added to them.
        included_tax_minor: Taxes that are inside them.
        credit_minor: Prepaid credits.
        total_minor: What is to be paid.
    """

    currency_code: str
    subtotal_minor: int
    tax_minor: int
    included_tax_minor: int
    credit_minor: int
    total_minor: int


Sums = dict[str, tuple[int, int]]


def file_sha256(path: Path) -> str:
    """Returns the hexadecimal SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_csv_sums(path: Path, *, amount: str) -> Sums:
    """Returns row count and sum of minor units for each currency of a CSV file.

    Args:
        path: The file.
        amount: Its column of amounts in minor units.
    """
    sums: Sums = {}
    with path.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream, strict=True):
            row_count, total = sums.get(row["currency_code"], (0, 0))
            sums[row["currency_code"]] = (row_count + 1, total + int(row[amount]))
    return sums


def read_parquet_sums(path: Path, *, amount: str) -> Sums:
    """Returns row count and sum of minor units for each currency of a Parquet file.

    Args:
        path: The file.
        amount: Its column of amounts in minor units.
    """
    table = pq.read_table(path, columns=["currency_code", amount])
    exact = table.set_column(1, amount, table[amount].cast(pa.decimal128(38, 0)))
    grouped = exact.group_by("currency_code").aggregate([(amount, "count"), (amount, "sum")])
    return {
        row["currency_code"]: (row[f"{amount}_count"], int(row[f"{amount}_sum"]))
        for row in grouped.to_pylist()
    }


def check_files(files: Mapping[str, Sums], *, expected: Sequence[ControlTotal]) -> None:
    """Refuses files whose counts or sums are not those of the database.

    Args:
        files: What was re-read, by file name.
        expected: What the database said.

    Raises:
        MeterhouseError: At least one differs; the message names each.
    """
    wanted = {total.currency_code: (total.row_count, total.amount_minor) for total in expected}
    problems = [
        Problem(
            f"{currency}: {found.get(currency, (0, 0))} in the file, "
            f"{wanted.get(currency, (0, 0))} in the database (rows, minor units)",
            file=name,
        )
        for name, found in files.items()
        for currency in sorted(found.keys() | wanted.keys())
        if found.get(currency) != wanted.get(currency)
    ]
    if problems:
        raise MeterhouseError(
            "The exported files differ from the database; nothing was handed over.",
            remedy="run the export again; if it stays, run ./meterhouse doctor",
            problems=problems,
        )


def check_parts(
    headers: Sequence[HeaderSums],
    *,
    lines: Sequence[ControlTotal],
    taxes: Sequence[ControlTotal],
    credits_used: Sequence[ControlTotal],
) -> None:
    """Refuses an export whose lines, taxes and credits do not add up to its invoices.

    Raises:
        MeterhouseError: They differ in at least one currency.
    """
    whole = {header.currency_code: header for header in headers}
    problems = []
    for what, found, wanted in (
        ("lines", _amounts(lines), {code: sums.subtotal_minor for code, sums in whole.items()}),
        (
            "taxes",
            _amounts(taxes),
            {code: sums.tax_minor + sums.included_tax_minor for code, sums in whole.items()},
        ),
        (
            "credits",
            _amounts(credits_used),
            {code: sums.credit_minor for code, sums in whole.items()},
        ),
        (
            "subtotals with taxes, without credits,",
            {
                code: sums.subtotal_minor + sums.tax_minor - sums.credit_minor
                for code, sums in whole.items()
            },
            {code: sums.total_minor for code, sums in whole.items()},
        ),
    ):
        problems += [
            Problem(
                f"{what} come to {found.get(currency, 0)}, the invoices say "
                f"{wanted.get(currency, 0)} minor units",
                field=currency,
            )
            for currency in sorted(wanted.keys() | found.keys())
            if wanted.get(currency, 0) != found.get(currency, 0)
        ]
    if problems:
        raise MeterhouseError(
            "The parts of the invoices don't add up to them; nothing was handed over.",
            remedy="run ./meterhouse doctor",
            problems=problems,
        )


def _amounts(totals: Sequence[ControlTotal]) -> dict[str, int]:
    return {total.currency_code: total.amount_minor for total in totals}
