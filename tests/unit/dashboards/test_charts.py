"""Charts place bars by exact numbers and write every label as text."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from dashboards import charts
from dashboards.queries import OverviewMonth
from dashboards.usage_queries import OTHERS, DailyUsage


def month(start: date, closed_minor: int, draft_minor: int, events: int = 1) -> OverviewMonth:
    return OverviewMonth(
        month_start=start,
        currency_code="EUR",
        currency_exponent=2,
        status="closed",
        invoice_count=1,
        customer_count=1,
        event_count=events,
        total_minor=closed_minor + draft_minor,
        closed_total_minor=closed_minor,
        draft_total_minor=draft_minor,
        adjustment_minor=0,
        previous_total_minor=None,
        total_change_minor=None,
    )


HUGE_MINOR = 9_007_199_254_740_993


def test_money_is_plotted_in_minor_units_and_labelled_in_major_ones() -> None:
    months = [month(date(2026, 9, 1), HUGE_MINOR, 0), month(date(2026, 10, 1), 0, 12345)]
    figure = charts.money_by_month(months)
    invoiced, drafted = figure.data
    assert list(invoiced.y) == [HUGE_MINOR, 0]
    assert list(invoiced.customdata) == ["90,071,992,547,409.93 EUR", "0.00 EUR"]
    assert list(drafted.customdata) == ["0.00 EUR", "123.45 EUR"]
    assert figure.layout.yaxis.ticktext == ("0", "20T", "40T", "60T", "80T", "100T")
    assert figure.layout.yaxis.tickvals[1] == "2000000000000000"


def test_credit_months_reach_below_zero() -> None:
    figure = charts.money_by_month([month(date(2026, 9, 1), -15000, 0)])
    assert figure.layout.yaxis.ticktext[0].startswith("-")
    assert figure.layout.yaxis.ticktext[-1] == "0"


def test_event_counts_start_at_zero() -> None:
    figure = charts.events_by_month([month(date(2026, 9, 1), 0, 0, events=0)])
    assert figure.layout.yaxis.ticktext == ("0", "1")


def usage(day: int, group: str, rank: int, quantity: str) -> DailyUsage:
    return DailyUsage(date(2026, 9, 1) + timedelta(days=day), group, rank, Decimal(quantity))


def test_quantities_reach_the_chart_as_they_are() -> None:
    rows = [
        usage(0, "a", 1, "0.123456789"),
        usage(0, OTHERS, 10, "12345678901234567890.000000001"),
        usage(1, "a", 1, "2"),
    ]
    figure = charts.usage_by_day(rows, unit="seconds", is_stacked=True)
    assert [trace.name for trace in figure.data] == ["a", OTHERS]
    assert list(figure.data[0].y) == ["0.123456789", "2"]
    assert list(figure.data[1].customdata) == ["12,345,678,901,234,567,890.000000001"]
    assert figure.layout.xaxis.range == ("2026-08-31 12:00", "2026-09-02 12:00")


def test_names_are_text_in_a_chart() -> None:
    name = '<a href="http://example.invalid">a name that goes on and on</a>'
    figure = charts.usage_by_day([usage(0, name, 1, "1")], unit="x", is_stacked=True)
    shown = figure.data[0].name
    assert "<" not in shown
    assert shown.endswith("\u2026")


def test_the_axis_of_stacked_usage_covers_the_sum_of_a_day() -> None:
    rows = [usage(0, "a", 1, "60"), usage(0, "b", 2, "50")]
    stacked = charts.usage_by_day(rows, unit="x", is_stacked=True)
    lines = charts.usage_by_day(rows, unit="x", is_stacked=False)
    assert Decimal(stacked.layout.yaxis.tickvals[-1]) >= 110
    assert Decimal(lines.layout.yaxis.tickvals[-1]) < 110
    assert {trace.type for trace in lines.data} == {"scatter"}
