"""The look-ups of an explanation: what a line says, and the usage that its close had seen."""

from __future__ import annotations

from sqlalchemy import text

LINE = text("""
    select lines.*, meters.aggregation,
        coalesce(lines.charge_month, date_trunc('month', lines.service_start::timestamp)::date)
            as charge_month,
        coalesce(releases.applied_loads, closes.applied_loads)::text as seen_loads,
        case
            when lines.line_type = 'adjustment' then coalesce(closes_before.applied_loads, '{}')
            else '{}'
        end::text as loads_before
    from marts.fct_invoice_lines as lines
    left join intermediate.int_meters_defined as meters on meters.meter_id = lines.meter_id
    left join ops.closes
        on closes.legal_entity_id = lines.legal_entity_id
            and closes.period_start = lines.period_start
    left join ops.releases
        on releases.customer_id = lines.customer_id
            and releases.legal_entity_id = lines.legal_entity_id
            and releases.period_start = lines.period_start
    left join lateral (
        select earlier.applied_loads from ops.closes as earlier
        where earlier.legal_entity_id = closes.legal_entity_id
            and earlier.close_id < closes.close_id
        order by earlier.close_id desc limit 1
    ) as closes_before on true
    where lines.customer_id = :customer_id and lines.invoice_key = :invoice_key
        and lines.line_number = :line_number
""")
TIERS = text("""
    select tier_number, up_to, quantity, unit_price_unrounded, flat_fee_unrounded,
        amount_unrounded
    from marts.fct_invoice_line_tiers
    where customer_id = :customer_id and invoice_key = :invoice_key and line_key = :line_key
    order by tier_number
""")
# a day that a boundary of the service period cuts is told event by event
_CELLS = """
    select fates.meter_id, fates.dimension_key, fates.usage_date, exists (
        select from intermediate.int_usage_events_cut as cut
        where cut.customer_id = :customer_id and cut.meter_id = fates.meter_id
            and cut.dimension_key = fates.dimension_key and cut.usage_date = fates.usage_date
    ) as is_cut
    from marts.fct_usage_fates as fates
    where fates.customer_id = :customer_id and fates.subscription_id = :subscription_id
        and fates.price_version_id = :price_version_id and fates.month_start = :charge_month
"""
_SEEN = (
    "cast(:seen_loads as int8multirange) @> load_id"
    " and not cast(:loads_before as int8multirange) @> load_id"
)
# a day of UTC reaches over the days of the customer's zone
_FROM = "(cast(:service_start as timestamp) - interval '1 day') at time zone 'UTC'"
_TO = "(cast(:service_end as timestamp) + interval '1 day') at time zone 'UTC'"
_EVENTS = f"""
    select events.event_id, events.occurred_at, events.quantity, events.dimension_key,
        events.load_id, events.delivery_id, cells.usage_date, cells.is_cut
    from ({_CELLS}) as cells
    inner join marts.fct_metered_events as events
        on events.meter_id = cells.meter_id and events.dimension_key = cells.dimension_key
            and (events.occurred_at at time zone 'UTC')::date = cells.usage_date
    where events.customer_id = :customer_id and {_SEEN}
        and events.occurred_at >= {_FROM} and events.occurred_at < {_TO}
        and (not cells.is_cut or exists (
            select from intermediate.int_usage_events_cut as cut
            where cut.customer_id = :customer_id and cut.meter_id = events.meter_id
                and cut.event_id = events.event_id and cut.subscription_id = :subscription_id
                and cut.price_version_id = :price_version_id and cut.month_start = :charge_month
        ))
"""  # noqa: S608
_DAYS = f"""
    select cells.usage_date, cells.dimension_key, sum(hourly.event_count)::bigint as event_count,
        sum(hourly.quantity_sum) as quantity_sum, max(hourly.quantity_max) as quantity_max
    from ({_CELLS}) as cells
    inner join marts.agg_usage_hourly as hourly
        on hourly.meter_id = cells.meter_id and hourly.dimension_key = cells.dimension_key
            and (hourly.hour_start at time zone 'UTC')::date = cells.usage_date
    where hourly.customer_id = :customer_id and {_SEEN} and not cells.is_cut
        and hourly.hour_start >= {_FROM} and hourly.hour_start < {_TO}
    group by cells.usage_date, cells.dimension_key
    union all
    select usage_date, dimension_key, count(*), sum(quantity), max(quantity)
    from ({_EVENTS}) as events
    where is_cut
    group by usage_date, dimension_key
"""  # noqa: S608
DAYS = text(f"{_DAYS} order by usage_date, dimension_key offset :first limit :limit")
AGGREGATED = text(f"""
    select count(*) as day_count, coalesce(sum(event_count), 0)::bigint as event_count,
        coalesce(sum(quantity_sum), 0) as quantity_sum, max(quantity_max) as quantity_max
    from ({_DAYS}) as days
""")  # noqa: S608
COUNTED = text(f"""
    select count(*) as event_count, coalesce(sum(quantity), 0) as quantity_sum,
        max(quantity) as quantity_max
    from ({_EVENTS}) as events
""")  # noqa: S608
EVENTS = text(f"""
    with page as materialized (
        {_EVENTS} order by occurred_at, event_id offset :first limit :limit
    )
    select distinct on (page.occurred_at, page.event_id)
        page.event_id, page.occurred_at, page.quantity, page.dimension_key, page.load_id,
        page.delivery_id, loads.source, files.file_name, deliveries.line_number
    from page
    inner join ops.loads on loads.load_id = page.load_id
    left join raw_usage.events as deliveries
        on deliveries.load_id = page.load_id and deliveries.delivery_id = page.delivery_id
    left join ops.files
        on files.load_id = page.load_id and files.file_number = deliveries.file_number
    order by page.occurred_at, page.event_id
""")  # noqa: S608
