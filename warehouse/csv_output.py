"""CSV as it leaves the house: COPY's exact numbers, RFC 4180 rows, no formulas in text cells."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

from sqlalchemy import Connection

FORMULA_START = "^(\\s*[=+@\uff1d\uff0b\uff0d\uff20-]|[\\t\\r\\n])"


def spreadsheet_safe(expression: str) -> str:
    """Returns SQL for a text cell that no spreadsheet takes for a formula.

    Text that starts with one of `= + - @` (or their full-width forms, also after white space), a
    tab or a line break gets a leading apostrophe. Numbers are never passed through this.

    Args:
        expression: A SQL expression of type text, without percent signs.
    """
    return f"regexp_replace({expression}, '{FORMULA_START}', '''\\1')"


@dataclass
class CsvSink:
    """Takes COPY's output and ends its rows as RFC 4180 asks, counting as it goes.

    Attributes:
        target: Where the bytes go.
        line_count: Rows taken so far, the header included.
        byte_count: Bytes written so far.
    """

    target: BinaryIO
    line_count: int = 0
    byte_count: int = 0
    _digest: object = field(default_factory=hashlib.sha256, repr=False)
    _is_quote_open: bool = False

    def write(self, data: bytes) -> int:
        """Takes one piece; the server sends one row at a time."""
        if data.count(b'"') % 2:
            self._is_quote_open = not self._is_quote_open
        if not self._is_quote_open and data.endswith(b"\n"):
            data = data[:-1] + b"\r\n"
            self.line_count += 1
        self.byte_count += len(data)
        self._digest.update(data)  # type: ignore[attr-defined]  # hashlib's types have no name
        return self.target.write(data)

    @property
    def row_count(self) -> int:
        """Rows taken so far, the header left out."""
        return max(self.line_count - 1, 0)

    @property
    def sha256(self) -> str:
        """Hexadecimal SHA-256 of the bytes written so far."""
        return self._digest.hexdigest()  # type: ignore[attr-defined]


def copy_csv(
    connection: Connection, select: str, *, parameters: Mapping[str, object], target: BinaryIO
) -> CsvSink:
    """Writes the rows of a SELECT as UTF-8 CSV with a header.

    Args:
        connection: An open connection; its transaction is used.
        select: One SELECT; parameters as `%(name)s`, a percent sign as `%%`.
        parameters: Values of the parameters.
        target: Takes the bytes.

    Returns:
        What was written: counts and checksum.
    """
    sink = CsvSink(target=target)
    with connection.connection.cursor() as cursor:
        statement = cursor.mogrify(select, dict(parameters)).decode()
        cursor.copy_expert(
            f"copy ({statement}) to stdout with (format csv, header true, encoding 'UTF8')", sink
        )
    return sink
