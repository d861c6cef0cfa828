"""Judges native lines by the validator of files, line by line the same."""

from __future__ import annotations

from dataclasses import dataclass

from ingestion.contracts import MAX_LINE_BYTES, Reason
from ingestion.rejections import LINE_TOO_LONG, Rejection
from ingestion.validator import Origin, validate_lines

_SAMPLE = (
    b'{"event_id":"e","customer_id":"c","event_type":"t",'
    b'"occurred_at":"2026-01-01T00:00:00Z","quantity":1}'
)
_NOWHERE = Origin(load_id=0, file_number=0, delivery_prefix="")


@dataclass(frozen=True)
class Judgement:
    """What the loader will say of lines.

    Attributes:
        rejections: Why a line is no event, by its index.
        customers: The customer of a line that is one, by its index.
    """

    rejections: dict[int, Rejection]
    customers: dict[int, str]


def warm_up() -> None:
    """Judges a good and a bad line, so that the first client doesn't wait for what is lazy."""
    judge_lines([_SAMPLE, b"{}"])


def judge_lines(lines: list[bytes]) -> Judgement:
    """Judges lines before they are spooled.

    Args:
        lines: Native lines, none of them blank.

    Returns:
        What each of them is: every index is in one of the two parts.
    """
    places = [place for place, line in enumerate(lines) if len(line) <= MAX_LINE_BYTES]
    whole = lines if len(places) == len(lines) else [lines[place] for place in places]
    verdicts = validate_lines(whole, first_line=0, origin=_NOWHERE)
    rejected = verdicts.rejected
    rejections = {
        places[row]: Rejection(Reason(reason), detail)
        for row, reason, detail in zip(
            rejected["line_number"].to_pylist(),
            rejected["reason"].to_pylist(),
            rejected["detail"].to_pylist(),
            strict=True,
        )
    }
    if len(whole) < len(lines):
        for place in set(range(len(lines))).difference(places):
            rejections[place] = LINE_TOO_LONG
    rows = verdicts.events["line_number"].to_pylist()
    names = verdicts.events["customer_id"].to_pylist()
    return Judgement(rejections, {places[row]: name for row, name in zip(rows, names, strict=True)})
