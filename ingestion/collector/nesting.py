"""Measures JSON without building it: how deep it is nested, how many items an array has."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

_STRING = re.compile(rb'"[^"]*"')
_KEPT = b"[]{},"
_DROPPED = bytes(sorted(set(range(256)).difference(_KEPT)))
_STEPS = bytes.maketrans(b"[{]},", b"\x01\x01\xff\xff\x00")
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Structure:
    """The outline of a JSON text.

    Attributes:
        depth: Levels of objects and arrays.
        item_count: Items of the outermost array or object.
    """

    depth: int
    item_count: int


def count_openings(text: bytes) -> int:
    """Counts opening brackets: a text can't be nested deeper than that.

    Args:
        text: A JSON text, well-formed or not.

    Returns:
        Their number, those inside strings included.
    """
    return text.count(b"{") + text.count(b"[")


def measure_structure(text: bytes) -> Structure:
    """Measures a JSON text; exact for a well-formed one.

    Args:
        text: The text.

    Returns:
        Its outline.
    """
    plain = text.replace(b"\\\\", b"").replace(b'\\"', b"") if b"\\" in text else text
    marks = _STRING.sub(b"", plain).translate(None, _DROPPED)
    level = depth = commas = 0
    for start in range(0, len(marks), _BLOCK):
        block = marks[start : start + _BLOCK]
        steps = pa.Array.from_buffers(
            pa.int8(), len(block), [None, pa.py_buffer(block.translate(_STEPS))]
        )
        levels = pc.add(pc.cumulative_sum(steps.cast(pa.int32())), pa.scalar(level, pa.int32()))
        kinds = pa.Array.from_buffers(pa.uint8(), len(block), [None, pa.py_buffer(block)])
        is_outer_comma = pc.and_(pc.equal(kinds, ord(",")), pc.equal(levels, 1))
        commas += pc.sum(is_outer_comma, min_count=0).as_py() or 0
        depth = max(depth, pc.max(levels).as_py())
        level = levels[-1].as_py()
    return Structure(depth=depth, item_count=commas + 1)
