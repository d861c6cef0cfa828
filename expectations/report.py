"""What checking a load found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How bad a failed expectation is: a critical one makes the report fail, a warning is shown."""

    CRITICAL = "critical"
    WARNING = "warning"


@dataclass(frozen=True)
class ExpectationOutcome:
    """One expectation and what it found.

    Attributes:
        name: Name of the expectation, stable between runs.
        severity: What its failure means.
        success: Whether it holds.
        observed: The figure it looked at: a count, or seconds; its unit is in `expected`.
        expected: What it expects of that figure, as a sentence for a reader.
        examples: Some of the values that don't fit, where it names values.
    """

    name: str
    severity: Severity
    success: bool
    observed: int
    expected: str
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class LandingReport:
    """The outcomes of all expectations on one load.

    Attributes:
        load_id: The load.
        results: One outcome per expectation, in a fixed order.
    """

    load_id: int
    results: tuple[ExpectationOutcome, ...]

    @property
    def success(self) -> bool:
        """Whether every critical expectation holds."""
        return not any(
            result.severity is Severity.CRITICAL and not result.success for result in self.results
        )

    @property
    def failures(self) -> tuple[ExpectationOutcome, ...]:
        """The expectations that don't hold, warnings included."""
        return tuple(result for result in self.results if not result.success)
