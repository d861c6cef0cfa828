# ruff: noqa: S608  (the parts that are put together are constants of this package)
"""What the pages read about usage: each query is one SELECT on `rpt_usage_daily`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import BinaryIO

import streamlit as st

from dashboards.connection import select_rows, write_csv
from dashboards.queries import CACHE
from warehouse.csv_output import spreadsheet_safe

OTHERS = "Others"
NO_VALUE = "(not given)"
TOP_GROUP_COUNT = 9


@dataclass(frozen=True)
class Meter:
    """A meter that has usage, with the days it covers."""

    meter_id: str
    meter_name: str
    unit: str
    aggregation: str
    first_date: date
    last_date: date
    event_count: int


@dataclass(frozen=True)
class UsageFilter:
    """Which usage is shown.

    Attributes:
        meter_id: The meter.
        first_date: First day, included.
        last_date: Last day, included.
        customer_id: Only this customer; None for all.
        dimension: Dimension to group by; None groups by customer.
    """

    meter_id: str
    first_date: date
    last_date: date
    customer_id: str | None
    dimension: str | None


@dataclass(frozen=True)
class DailyUsage:
    """Usage of one day and group; the smaller groups are one group."""

    usage_date: date
    group_name: str
    group_rank: int
    quantity: Decimal


@dataclass(frozen=True)
class GroupUsage:
    """Usage of one group in all days shown."""

    group_name: str
    event_count: int
    quantity: Decimal
    day_count: int


@dataclass(frozen=True)
class UsageTotal:
    """Usage of everything shown."""

    event_count: int
    quantity: Decimal | None
    customer_count: int
    day_count: int


@dataclass(frozen=True)
class Dimension:
    """A dimension that a meter's usage carries."""

    dimension: str


METERS = """
select
    meter_id, meter_name, unit, aggregation, min(usage_date) as first_date,
    max(usage_date) as last_date, cast(sum(event_count) as bigint) as event_count
from reporting.rpt_usage_daily
group by meter_id, meter_name, unit, aggregation
order by meter_name, meter_id
"""

DIMENSIONS = """
select distinct jsonb_object_keys(cast(dimension_key as jsonb)) as dimension
from reporting.rpt_usage_daily
where meter_id = :meter_id
order by dimension
"""

WHERE = """
where meter_id = :meter_id
    and usage_date between :first_date and :last_date
    and (cast(:customer_id as text) is null or customer_id = :customer_id)
"""

GROUP_NAME = """
case
    when cast(:dimension as text) is null then customer_name || ' (' || customer_id || ')'
    else coalesce(cast(dimension_key as jsonb) ->> :dimension, :no_value)
end
"""

ADDED_AGGREGATIONS = ("count", "sum")
"""Aggregations whose days and groups add up; of the others, the largest is shown."""
MEASURE = "case when min(aggregation) in ('count', 'sum') then sum(quantity) else max(quantity) end"

DAILY_USAGE = f"""
with filtered as (
    select usage_date, aggregation, quantity, {GROUP_NAME} as group_name
    from reporting.rpt_usage_daily
    {WHERE}
),
ranked as (
    select
        group_name,
        row_number() over (order by {MEASURE} desc, group_name) as group_rank,
        count(*) over () as group_count
    from filtered
    group by group_name
),
shown as (
    select
        group_name,
        case
            when group_rank <= :top_count or group_count = :top_count + 1 then group_rank
            else :top_count + 1
        end as group_rank,
        group_rank > :top_count and group_count > :top_count + 1 as is_other
    from ranked
)
select
    filtered.usage_date,
    case when shown.is_other then :others else shown.group_name end as group_name,
    shown.group_rank,
    {MEASURE} as quantity
from filtered
inner join shown on filtered.group_name = shown.group_name
group by
    filtered.usage_date, case when shown.is_other then :others else shown.group_name end,
    shown.group_rank
order by filtered.usage_date, shown.group_rank
"""

GROUPS = f"""
select
    {GROUP_NAME} as group_name, cast(sum(event_count) as bigint) as event_count,
    {MEASURE} as quantity, count(distinct usage_date) as day_count
from reporting.rpt_usage_daily
{WHERE}
group by group_name
order by quantity desc, group_name
limit :limit
"""

TOTAL = f"""
select
    cast(coalesce(sum(event_count), 0) as bigint) as event_count, {MEASURE} as quantity,
    count(distinct customer_id) as customer_count, count(distinct usage_date) as day_count
from reporting.rpt_usage_daily
{WHERE}
"""

USAGE_CSV = f"""
select
    usage_date, {spreadsheet_safe("customer_id")} as customer_id,
    {spreadsheet_safe("customer_name")} as customer_name,
    {spreadsheet_safe("meter_id")} as meter_id, {spreadsheet_safe("meter_name")} as meter_name,
    {spreadsheet_safe("dimension_key")} as dimension_key, {spreadsheet_safe("unit")} as unit,
    aggregation, event_count, quantity
from reporting.rpt_usage_daily
where meter_id = %(meter_id)s
    and usage_date between %(first_date)s and %(last_date)s
    and (cast(%(customer_id)s as text) is null or customer_id = %(customer_id)s)
order by usage_date, customer_id, dimension_key
"""


@st.cache_data(**CACHE)
def load_meters(version: str) -> list[Meter]:
    """Returns the meters that have usage, by name."""
    return select_rows(Meter, METERS, {})


@st.cache_data(**CACHE)
def load_dimensions(version: str, *, meter_id: str) -> list[str]:
    """Returns the dimensions of a meter's usage, by name."""
    rows = select_rows(Dimension, DIMENSIONS, {"meter_id": meter_id})
    return [row.dimension for row in rows]


@st.cache_data(**CACHE)
def load_daily_usage(version: str, chosen: UsageFilter) -> list[DailyUsage]:
    """Returns usage by day for the nine largest groups, and for all others together."""
    return select_rows(DailyUsage, DAILY_USAGE, _parameters(chosen))


@st.cache_data(**CACHE)
def load_group_usage(version: str, chosen: UsageFilter, *, limit: int) -> list[GroupUsage]:
    """Returns usage by group, the largest first."""
    return select_rows(GroupUsage, GROUPS, {**_parameters(chosen), "limit": limit})


@st.cache_data(**CACHE)
def load_usage_total(version: str, chosen: UsageFilter) -> UsageTotal:
    """Returns the usage of everything shown, in one row."""
    return select_rows(UsageTotal, TOTAL, _parameters(chosen))[0]


def write_usage_csv(chosen: UsageFilter, *, target: BinaryIO) -> int:
    """Writes the usage that the filter lets through, by day, customer and dimensions.

    Returns:
        Count of rows.
    """
    return write_csv(USAGE_CSV, asdict(chosen), target=target)


def _parameters(chosen: UsageFilter) -> dict[str, object]:
    return {
        **asdict(chosen),
        "no_value": NO_VALUE,
        "others": OTHERS,
        "top_count": TOP_GROUP_COUNT,
    }
