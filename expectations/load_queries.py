"""The queries that the suites run on: each restricted to one load by a literal range of its id."""

from __future__ import annotations

from datetime import UTC, datetime

# Great Expectations wants a query that starts with select
FIGURES = """select * from (
with load as (
    select received_count, event_count, rejected_count, landed_at
    from ops.loads
    where load_id = {load_id}
),

deliveries as (
    select delivery_id, count(*) as landed_count
    from raw_usage.events
    where load_id >= {load_id} and load_id < {load_id} + 1
    group by delivery_id
),

delivered as (
    select
        coalesce(sum(landed_count), 0)::bigint as landed_count,
        count(*) filter (where landed_count > 1) as repeated_count
    from deliveries
),

cells as (
    select
        events.customer_id,
        date_trunc('month', events.occurred_at at time zone 'UTC')::date as period_start,
        count(*) as event_count,
        count(*) filter (where events.quantity = 'NaN') as quantity_fault_count,
        count(*) filter (
            where events.occurred_at < '2000-01-01 00:00:00+00'
                or events.occurred_at >= load.landed_at + interval '24 hours'
        ) as time_fault_count
    from raw_usage.events as events
    cross join load
    where events.load_id >= {load_id} and events.load_id < {load_id} + 1
    group by events.customer_id, date_trunc('month', events.occurred_at at time zone 'UTC')::date
),

judged as (
    select
        coalesce(sum(cells.event_count), 0)::bigint as event_count,
        coalesce(sum(cells.quantity_fault_count), 0)::bigint as quantity_fault_count,
        coalesce(sum(cells.time_fault_count), 0)::bigint as time_fault_count,
        coalesce(
            sum(cells.event_count) filter (where closes.legal_entity_id is not null), 0
        )::bigint as late_count
    from cells
    left join raw_catalog.customers as customers
        on cells.customer_id = customers.customer_id
        and customers.catalog_version = {catalog_version}
    left join ops.closes as closes
        on customers.legal_entity_id = closes.legal_entity_id
        and cells.period_start = closes.period_start
),

rejected as (
    select count(*) as landed_count
    from raw_usage.rejected
    where load_id >= {load_id} and load_id < {load_id} + 1
),

files as (
    select coalesce(sum(received_count), 0)::bigint as received_count
    from ops.files
    where load_id = {load_id}
),

newest as (
    select max(landed_at) as landed_at
    from ops.loads
    where state = 'landed'
)

select
    abs(delivered.landed_count - load.event_count) as event_count_difference,
    abs(rejected.landed_count - load.rejected_count) as rejected_count_difference,
    abs(files.received_count - load.received_count) as received_count_difference,
    delivered.repeated_count as repeated_delivery_count,
    ceil(
        extract(epoch from timestamptz '{as_of}' - newest.landed_at)
    )::bigint as newest_load_age_seconds,
    judged.quantity_fault_count,
    judged.time_fault_count as occurred_at_out_of_range_count,
    (load.rejected_count * 1000 + greatest(load.received_count, 1) - 1)
        / greatest(load.received_count, 1) as rejected_per_thousand,
    (judged.late_count * 1000 + greatest(judged.event_count, 1) - 1)
        / greatest(judged.event_count, 1) as late_per_thousand
from load
cross join delivered
cross join judged
cross join rejected
cross join files
cross join newest
) as figures
"""

EVENT_TYPES = """select distinct event_type
from raw_usage.events
where load_id >= {load_id} and load_id < {load_id} + 1
"""


def figures_query(load_id: int, *, catalog_version: int, as_of: datetime) -> str:
    """Returns the query of a load's figures.

    Args:
        load_id: The load.
        catalog_version: The catalog version that says who issues a customer's invoices.
        as_of: The instant that ages are measured to; it carries its zone.

    Returns:
        A query of one row of whole numbers.
    """
    return FIGURES.format(
        load_id=int(load_id),
        catalog_version=int(catalog_version),
        as_of=as_of.astimezone(UTC).isoformat(),
    )


def event_types_query(load_id: int) -> str:
    """Returns the query of the event types of a load; grain: one row per event type."""
    return EVENT_TYPES.format(load_id=int(load_id))
