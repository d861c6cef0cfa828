"""Numbers and times become text exactly, by integers and decimals."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards import formatting


@pytest.mark.parametrize(
    ("minor", "exponent", "text"),
    [
        (0, 2, "0.00"),
        (5, 2, "0.05"),
        (-5, 2, "-0.05"),
        (123456, 2, "1,234.56"),
        (-123456, 2, "-1,234.56"),
        (1234567, 0, "1,234,567"),
        (1, 3, "0.001"),
        (1234567, 3, "1,234.567"),
        (Decimal("9007199254740993"), 2, "90,071,992,547,409.93"),
        (9223372036854775807, 2, "92,233,720,368,547,758.07"),
        (None, 2, formatting.NOTHING),
    ],
)
def test_amount_places_the_point_by_the_exponent(
    minor: int | Decimal | None, exponent: int, text: str
) -> None:
    assert formatting.amount(minor, exponent=exponent) == text


@given(
    minor=st.integers(min_value=-(2**63), max_value=2**63 - 1),
    exponent=st.integers(min_value=0, max_value=4),
)
def test_amount_loses_no_digit(minor: int, exponent: int) -> None:
    text = formatting.amount(minor, exponent=exponent).replace(",", "")
    assert Decimal(text).scaleb(exponent) == minor
    assert len(text.partition(".")[2]) == exponent


def test_a_part_of_a_minor_unit_is_refused() -> None:
    with pytest.raises(ValueError, match="whole number"):
        formatting.amount(Decimal("1.5"), exponent=2)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("1000000.000000000"), "1,000,000"),
        (Decimal("0.500000000"), "0.5"),
        (Decimal("1234567890123456789012345678.000000001"), None),
        (Decimal("-12.340000000"), "-12.34"),
        (Decimal("0E-9"), "0"),
        (Decimal("-0"), "0"),
        (7, "7"),
        (None, formatting.NOTHING),
    ],
)
def test_quantity_is_exact_without_trailing_zeros(value: Decimal | None, text: str | None) -> None:
    wanted = text or "1,234,567,890,123,456,789,012,345,678.000000001"
    assert formatting.quantity(value) == wanted


def test_an_unrounded_amount_shows_at_least_the_places_of_its_currency() -> None:
    assert formatting.unrounded(Decimal("3.500000000000"), exponent=2) == "3.50"
    assert formatting.unrounded(Decimal("3.000125000000"), exponent=2) == "3.000125"
    assert formatting.unrounded(Decimal("3.000000000000"), exponent=0) == "3"


@pytest.mark.parametrize(("minor", "text"), [(None, None), (0, 0), (150, "+1.50"), (-150, "-1.50")])
def test_a_change_carries_its_sign(minor: int | None, text: str | int | None) -> None:
    assert formatting.change(minor, exponent=2) == text


@pytest.mark.parametrize(
    ("now", "before", "text"),
    [(5, None, None), (5, 5, 0), (1500, 5, "+1,495"), (5, 1500, "-1,495")],
)
def test_a_change_of_a_count(now: int, before: int | None, text: str | int | None) -> None:
    assert formatting.count_change(now, before) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (999, "999"),
        (1500, "1.5k"),
        (-2_000_000, "-2M"),
        (681_133_962_695, "681.133962695B"),
        (Decimal("0.25"), "0.25"),
        (3 * 10**12, "3T"),
    ],
)
def test_an_axis_label_is_short_and_exact(value: int | Decimal, text: str) -> None:
    assert formatting.compact(value) == text


@given(
    low=st.decimals(min_value=-(10**30), max_value=0, places=9),
    high=st.decimals(min_value=0, max_value=10**30, places=9),
)
def test_axis_ticks_cover_the_range_in_equal_round_steps(low: Decimal, high: Decimal) -> None:
    ticks = formatting.axis_ticks(low, high, unit=Decimal("0.000000001"))
    assert ticks[0] <= low
    assert ticks[-1] >= high
    assert Decimal(0) in ticks
    assert 2 <= len(ticks) <= 9
    steps = {after - before for before, after in pairwise(ticks)}
    assert len(steps) == 1
    assert steps.pop().normalize().as_tuple().digits in {(1,), (2,), (5,)}


def test_axis_ticks_of_money_fall_on_whole_units() -> None:
    assert formatting.axis_ticks(0, 3, unit=Decimal(100)) == [0, 100]


def test_periods_show_their_last_day() -> None:
    assert formatting.period(date(2026, 9, 1), date(2026, 10, 1)) == "2026-09-01 to 2026-09-30"


def test_moments_are_shown_in_utc() -> None:
    moment = datetime(2026, 9, 1, 0, 30, tzinfo=timezone(timedelta(hours=2)))
    assert formatting.moment(moment) == "2026-08-31 22:30 UTC"
    assert formatting.day(moment) == "2026-08-31"
    assert formatting.day(datetime(2026, 9, 1, tzinfo=UTC)) == "2026-09-01"
    assert formatting.moment(None) == formatting.day(None) == formatting.NOTHING


def test_names_of_customers_are_no_markdown() -> None:
    assert formatting.plain("[a](b) **c** $d$") == r"\[a\]\(b\) \*\*c\*\* \$d\$"


def test_counts_agree_with_their_noun() -> None:
    assert formatting.plural(1, "invoice") == "1 invoice"
    assert formatting.plural(1200, "invoice") == "1,200 invoices"
    assert formatting.plural(0, "delivery", several="deliveries") == "0 deliveries"
