"""Errors that a user can act on: what is wrong, where, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One fault in something a user gave us.

    Attributes:
        message: What is wrong.
        remedy: What to do about it.
        file: The file it is in, as the user named it.
        line: The line of that file, counted from 1.
        field: The field or column.
    """

    message: str
    remedy: str = ""
    file: str | None = None
    line: int | None = None
    field: str | None = None

    def __str__(self) -> str:
        place = self.file or ""
        if self.line is not None:
            place = f"{place}:{self.line}"
        parts = [part for part in (place, self.field) if part]
        text = f"{': '.join(parts)}: {self.message}" if parts else self.message
        return f"{text} ({self.remedy})" if self.remedy else text


class MeterhouseError(Exception):
    """A fault that the user can mend; shown without a stack trace.

    Args:
        message: What is wrong, in one sentence.
        remedy: What to do about it.
        problems: The single faults, where there are several.
    """

    def __init__(self, message: str, *, remedy: str = "", problems: Sequence[Problem] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.problems = tuple(problems)

    def __str__(self) -> str:
        lines = [self.message, *(f"  {problem}" for problem in self.problems)]
        if self.remedy:
            lines.append(f"  Remedy: {self.remedy}")
        return "\n".join(lines)
