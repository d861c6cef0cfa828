"""Columns that are parsed all at once: what could be read, and the faults of the rows that not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from ingestion.rejections import Rejection


@dataclass(frozen=True)
class ParsedColumn:
    """A column after parsing.

    Attributes:
        values: One value per row; null where the row has a fault.
        faults: Row number, from 0, to its fault.
    """

    values: pa.Array
    faults: dict[int, Rejection] = field(default_factory=dict)


def parse_column(
    texts: pa.Array,
    *,
    plain: str,
    target: pa.DataType,
    parse_one: Callable[[str | None], object],
) -> ParsedColumn:
    """Parses a column of text: plain rows all at once, the others one by one.

    Args:
        texts: The texts; null where there is none.
        plain: Regular expression (RE2) of the texts that Arrow's cast to `target` reads exactly as
            `parse_one` does, or refuses.
        target: Type of the values.
        parse_one: The rule itself, for one text: the value, or a `Rejection`.

    Returns:
        The values and the faults of the rows that have none.
    """
    is_plain = pc.match_substring_regex(texts, plain)
    if texts.null_count == 0 and pc.all(is_plain, min_count=0).as_py():
        try:
            return ParsedColumn(texts.cast(target))
        except pa.ArrowInvalid:
            pass
    known = pc.if_else(pc.fill_null(is_plain, False), texts, pa.scalar(None, texts.type))
    values = _cast_bisecting(known, target)
    open_rows = pc.indices_nonzero(pc.is_null(values)).to_pylist()
    return _parse_rows(texts, values, open_rows, parse_one)


def parse_distinct(
    texts: pa.Array, *, target: pa.DataType, parse_one: Callable[[str | None], object]
) -> ParsedColumn:
    """Parses a column of text by parsing each different text once.

    Args:
        texts: The texts; null where there is none.
        target: Type of the values.
        parse_one: The rule for one text: the value, or a `Rejection`.

    Returns:
        The values and the faults of the rows that have none.
    """
    encoded = texts.dictionary_encode(null_encoding="encode")
    outcomes = [parse_one(text) for text in encoded.dictionary.to_pylist()]
    good = [None if isinstance(item, Rejection) else item for item in outcomes]
    values = pa.array(good, target).take(encoded.indices)
    if not any(isinstance(item, Rejection) for item in outcomes):
        return ParsedColumn(values)
    faulty = pa.array([isinstance(item, Rejection) for item in outcomes]).take(encoded.indices)
    rows = pc.indices_nonzero(faulty).to_pylist()
    codes = encoded.indices.take(pa.array(rows, pa.int64())).to_pylist()
    faults = {row: outcomes[code] for row, code in zip(rows, codes, strict=True)}
    return ParsedColumn(values, faults)


def _cast_bisecting(texts: pa.Array, target: pa.DataType) -> pa.Array:
    """Casts what can be cast; null where it can't. One bad row costs two casts of the column."""
    try:
        return texts.cast(target)
    except pa.ArrowInvalid:
        if len(texts) == 1:
            return pa.nulls(1, target)
    middle = len(texts) // 2
    halves = [texts.slice(0, middle), texts.slice(middle)]
    return pa.concat_arrays([_cast_bisecting(half, target) for half in halves])


def _parse_rows(
    texts: pa.Array,
    values: pa.Array,
    rows: Sequence[int],
    parse_one: Callable[[str | None], object],
) -> ParsedColumn:
    """Parses the rows that were left open, one by one, and puts them in."""
    open_texts = texts.take(pa.array(rows, pa.int64())).to_pylist()
    outcomes = [parse_one(text) for text in open_texts]
    faults = {
        row: item for row, item in zip(rows, outcomes, strict=True) if isinstance(item, Rejection)
    }
    found = [None if isinstance(item, Rejection) else item for item in outcomes]
    mask = pc.is_null(values)
    return ParsedColumn(pc.replace_with_mask(values, mask, pa.array(found, values.type)), faults)
