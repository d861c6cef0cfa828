"""Charts: bars placed by exact numbers, every label written by `formatting`."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import plotly.graph_objects as go

from dashboards import formatting
from dashboards.queries import OverviewMonth
from dashboards.usage_queries import OTHERS, DailyUsage

CHART_HEIGHT = 320
USAGE_HEIGHT = 400
QUIET = {"displayModeBar": False, "scrollZoom": False}
OTHERS_COLOUR = "#8b96a5"
NOON = time(12)
FEW_DAYS = 8
LONGEST_NAME = 40
DAY_MILLISECONDS = 86_400_000


def money_by_month(months: Sequence[OverviewMonth]) -> go.Figure:
    """Draws invoiced and drafted money of one currency, a bar for each month.

    Args:
        months: Months of one currency, in order; bars are placed by whole minor units.
    """
    exponent, currency = months[0].currency_exponent, months[0].currency_code
    names = [formatting.month(month.month_start) for month in months]
    figure = go.Figure()
    for title, minors, pattern in (
        ("Invoiced", [month.closed_total_minor for month in months], ""),
        ("Drafted", [month.draft_total_minor for month in months], "/"),
    ):
        figure.add_bar(
            x=names,
            y=minors,
            name=title,
            marker={"pattern": {"shape": pattern, "fillmode": "overlay", "solidity": 0.25}},
            customdata=[
                formatting.money(minor, exponent=exponent, currency_code=currency)
                for minor in minors
            ],
            hovertemplate=f"{title} %{{x}}: %{{customdata}}<extra></extra>",
        )
    totals = [month.total_minor for month in months]
    _finish(
        figure,
        ticks=formatting.axis_ticks(min(totals), max(totals), unit=Decimal(10**exponent)),
        label=lambda value: formatting.compact(value.scaleb(-exponent)),
        title=currency,
    )
    return figure


def events_by_month(months: Sequence[OverviewMonth]) -> go.Figure:
    """Draws accepted events, a bar for each month."""
    counts = [month.event_count for month in months]
    figure = go.Figure()
    figure.add_bar(
        x=[formatting.month(month.month_start) for month in months],
        y=counts,
        customdata=[formatting.count(value) for value in counts],
        hovertemplate="%{x}: %{customdata} events<extra></extra>",
        showlegend=False,
    )
    ticks = formatting.axis_ticks(0, max(counts), unit=Decimal(1))
    _finish(figure, ticks=ticks, label=formatting.compact, title="events")
    return figure


def usage_by_day(rows: Sequence[DailyUsage], *, unit: str, is_stacked: bool) -> go.Figure:
    """Draws usage by day, a colour for each group.

    Args:
        rows: Usage by day and group.
        unit: Unit of the quantities; the axis title.
        is_stacked: Whether the groups add up; otherwise they are drawn as lines.
    """
    groups: dict[tuple[int, str], list[DailyUsage]] = {}
    heights: dict[object, Decimal] = {}
    for row in rows:
        groups.setdefault((row.group_rank, row.group_name), []).append(row)
        below = heights.get(row.usage_date, Decimal(0)) if is_stacked else Decimal(0)
        heights[row.usage_date] = max(below + row.quantity, heights.get(row.usage_date, below))
    figure = go.Figure()
    for (_, name), members in sorted(groups.items()):
        trace = {
            "x": [row.usage_date.isoformat() for row in members],
            "y": [format(row.quantity, "f") for row in members],
            "name": _legend_name(name),
            "customdata": [formatting.quantity(row.quantity) for row in members],
            "hovertemplate": f"%{{x|%Y-%m-%d}}<br>%{{fullData.name}}: %{{customdata}} {unit}"
            "<extra></extra>",
            "showlegend": True,
        }
        if name == OTHERS:
            trace["marker"] = {"color": OTHERS_COLOUR}
        if is_stacked:
            figure.add_bar(**trace)
        else:
            figure.add_scatter(mode="lines+markers", **trace)
    lowest = min((row.quantity for row in rows), default=Decimal(0))
    highest = max(heights.values())
    ticks = formatting.axis_ticks(lowest, highest, unit=Decimal("0.000000001"))
    _finish(figure, ticks=ticks, label=formatting.compact, title=unit, height=USAGE_HEIGHT)
    figure.update_layout(xaxis=_day_axis(rows[0].usage_date, rows[-1].usage_date))
    return figure


def _legend_name(name: str) -> str:
    """Returns a name that fits the legend and that Plotly takes for text, not for markup."""
    short = name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}\u2026"
    return html.escape(short, quote=False)


def _day_axis(first: date, last: date) -> dict[str, object]:
    """Returns an axis of whole days, half a day free at both ends."""
    noon_before = datetime.combine(first - timedelta(days=1), NOON, tzinfo=UTC)
    noon_of_last = datetime.combine(last, NOON, tzinfo=UTC)
    axis: dict[str, object] = {
        "type": "date",
        "tickformat": "%Y-%m-%d",
        "range": [f"{noon_before:%Y-%m-%d %H:%M}", f"{noon_of_last:%Y-%m-%d %H:%M}"],
    }
    if (last - first).days < FEW_DAYS:
        axis["dtick"] = DAY_MILLISECONDS
        axis["tick0"] = first.isoformat()
    return axis


def _finish(
    figure: go.Figure,
    *,
    ticks: Sequence[Decimal],
    label: Callable[[Decimal], str],
    title: str,
    height: int = CHART_HEIGHT,
) -> None:
    """Gives a figure its axes: round values as places, our own text as labels."""
    figure.update_layout(
        barmode="relative",
        bargap=0.35 if height == CHART_HEIGHT else 0.15,
        height=height,
        margin={"l": 8, "r": 8, "t": 36, "b": 8},
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.0, "xanchor": "left", "x": 0},
        hoverlabel={"align": "left"},
        xaxis={"type": "category", "title": None, "fixedrange": True, "automargin": True},
        yaxis={
            "type": "linear",
            "title": {"text": title},
            "tickmode": "array",
            "tickvals": [format(value, "f") for value in ticks],
            "ticktext": [label(value) for value in ticks],
            "range": [format(ticks[0], "f"), format(ticks[-1], "f")],
            "fixedrange": True,
            "automargin": True,
            "zeroline": True,
        },
    )
