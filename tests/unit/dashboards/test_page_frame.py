"""What a page says of its data and of a failure."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy.exc import OperationalError, ProgrammingError

from dashboards.page_frame import explain_failure, freshness_badges
from dashboards.queries import Freshness
from warehouse import MeterhouseError

FRESH = Freshness(
    data_version="1",
    data_as_of=datetime(2026, 11, 20, 8, 0, tzinfo=UTC),
    landed_load_count=2,
    pending_load_count=0,
    event_count=10,
    newest_event_at=None,
    last_closed_period_start=None,
)


class DriverError(Exception):
    """An error with a Postgres code, as the driver raises it."""

    def __init__(self, pgcode: str | None) -> None:
        super().__init__("secret host and password")
        self.pgcode = pgcode


def test_badges_tell_the_newest_load_and_that_all_is_counted() -> None:
    labels = [badge[0] for badge in freshness_badges(FRESH)]
    assert labels == ["Data as of 2026-11-20 08:00 UTC", "Up to date"]


@pytest.mark.parametrize(("count", "label"), [(1, "1 load pending"), (3, "3 loads pending")])
def test_badges_tell_pending_loads(count: int, label: str) -> None:
    pending = Freshness(**{**vars(FRESH), "pending_load_count": count, "data_as_of": None})
    labels = [badge[0] for badge in freshness_badges(pending)]
    assert labels == ["No load applied yet", label]


@pytest.mark.parametrize(
    ("error", "title"),
    [
        (OperationalError("q", {}, DriverError(None)), "The database can't be reached"),
        (OperationalError("q", {}, DriverError("57014")), "This question took too long"),
        (ProgrammingError("q", {}, DriverError("42P01")), "The reporting views are not there yet"),
        (ProgrammingError("q", {}, DriverError("42703")), "The reporting views are not there yet"),
        (ProgrammingError("q", {}, DriverError("42601")), "The database refused this question"),
        (MeterhouseError("No such thing.", remedy="Do this."), "No such thing."),
    ],
)
def test_a_failure_is_told_without_its_insides(error: Exception, title: str) -> None:
    shown = explain_failure(error)
    assert shown[0] == title
    assert "secret" not in " ".join(shown)
