"""The suites on one load of usage: its figures, and its event types.

The figures are one row of whole numbers, counted by the database over one load, so that
no quantity leaves the database and no number passes through a binary fraction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from expectations.report import Severity
from expectations.settings import LandingThresholds

if TYPE_CHECKING:
    from great_expectations import ExpectationSuite

KNOWN_EVENT_TYPES = "event_types_are_known"


@dataclass(frozen=True)
class Bound:
    """One figure of a load and the greatest value it may have.

    Attributes:
        name: Name of the expectation.
        column: Column of the figures' query.
        most: Greatest value that is fine.
        severity: What its failure means.
        expected: What is expected, as a sentence for a reader.
    """

    name: str
    column: str
    most: int
    severity: Severity
    expected: str


EXACT_BOUNDS = (
    Bound(
        "event_volume_matches_the_load",
        "event_count_difference",
        0,
        Severity.CRITICAL,
        "0 rows of difference between the landed events and the load's own count",
    ),
    Bound(
        "rejected_volume_matches_the_load",
        "rejected_count_difference",
        0,
        Severity.CRITICAL,
        "0 rows of difference between the landed rejected lines and the load's own count",
    ),
    Bound(
        "received_volume_matches_the_files",
        "received_count_difference",
        0,
        Severity.CRITICAL,
        "0 lines of difference between the load and the sum of its files",
    ),
    Bound(
        "deliveries_are_unique",
        "repeated_delivery_count",
        0,
        Severity.CRITICAL,
        "0 deliveries that landed more than once in the load",
    ),
    Bound(
        "quantities_are_numbers",
        "quantity_fault_count",
        0,
        Severity.CRITICAL,
        "0 events whose quantity is not a number",
    ),
    Bound(
        "occurred_at_is_in_range",
        "occurred_at_out_of_range_count",
        0,
        Severity.WARNING,
        "0 events before 2000-01-01 or a day or more after the load landed",
    ),
)


def figure_bounds(thresholds: LandingThresholds) -> tuple[Bound, ...]:
    """Returns what is expected of each figure of a load, in the order of the report."""
    return (*EXACT_BOUNDS, *_chosen_bounds(thresholds))


def _chosen_bounds(thresholds: LandingThresholds) -> tuple[Bound, ...]:
    """The bounds that an installation chooses."""
    age = thresholds.newest_load_max_age_hours
    rejected = thresholds.rejected_max_per_thousand
    late = thresholds.late_max_per_thousand
    return (
        Bound(
            "newest_load_is_fresh",
            "newest_load_age_seconds",
            age * 3600,
            Severity.WARNING,  # the feed is late; nothing is wrong with what has landed
            f"at most {age * 3600} seconds ({age} hours) since the newest load landed",
        ),
        Bound(
            "rejected_share_is_small",
            "rejected_per_thousand",
            rejected,
            Severity.CRITICAL,
            f"at most {rejected} rejected lines in 1,000 received, rounded up",
        ),
        Bound(
            "late_share_is_small",
            "late_per_thousand",
            late,
            Severity.WARNING,
            f"at most {late} events of closed months in 1,000 events, rounded up",
        ),
    )


def figures_suite(thresholds: LandingThresholds) -> ExpectationSuite:
    """Returns the suite on the one row of figures of a load."""
    import great_expectations as gx

    return gx.ExpectationSuite(
        name="raw_usage_load_figures",
        expectations=[
            gx.expectations.ExpectColumnMaxToBeBetween(
                column=bound.column,
                max_value=bound.most,
                severity=bound.severity.value,
                meta={"name": bound.name},
            )
            for bound in figure_bounds(thresholds)
        ],
    )


def event_types_suite(known_event_types: Sequence[str]) -> ExpectationSuite:
    """Returns the suite on the event types of a load.

    Args:
        known_event_types: The event types that the newest catalog's meters name.
    """
    import great_expectations as gx

    return gx.ExpectationSuite(
        name="raw_usage_load_event_types",
        expectations=[
            gx.expectations.ExpectColumnValuesToBeInSet(
                column="event_type",
                value_set=sorted(known_event_types),
                severity=Severity.WARNING.value,
                meta={"name": KNOWN_EVENT_TYPES},
            )
        ],
    )
