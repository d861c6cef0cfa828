"""Batches of rows whose columns are still text, whatever format they come from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pyarrow as pa

from ingestion.rejections import Rejection


@dataclass(frozen=True)
class RowFault:
    """A row that can't be read at all.

    Attributes:
        line_number: Line of the file, from 1.
        rejection: Why.
        raw: The bytes of the line.
    """

    line_number: int
    rejection: Rejection
    raw: bytes


@dataclass(frozen=True)
class RowBatch:
    """Rows of a file.

    Attributes:
        columns: The columns that the mapping reads, as text; null where a row has none.
        line_numbers: int64, line (or row) of the file, from 1.
        raw: Gives the bytes of a row of `columns`, for the quarantine.
        line_count: Lines that the batch stands for, blank and unreadable ones included.
        faults: Rows that can't be read at all.
    """

    columns: dict[str, pa.Array]
    line_numbers: pa.Array
    raw: Callable[[int], bytes]
    line_count: int
    faults: list[RowFault] = field(default_factory=list)
