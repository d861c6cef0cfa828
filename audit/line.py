"""The line of usage, hop by hop, from what was received to what was aggregated.

Each side of a hop is one SELECT. Parameters of all: `from_at`, `to_at` (half-open instants).
"""

from __future__ import annotations

from audit.hops import LANDED, LANDED_LATE, Hop
from audit.value_hops import VALUES

# landed loads that a build has admitted; what waits for one is reported, not compared
_ADMITTED = """
    select loads.load_id, loads.received_count, loads.landed_at, applied.row_count
    from ops.loads
    inner join ops.applied_loads as applied
        on applied.model_name = 'fct_usage_events' and applied.load_id = loads.load_id
    where loads.state = 'landed'
"""
# what facts do not hold any more, and customers of whom an aggregate still holds it: they wait for
# a build
_WITHDRAWN = """
    select retractions.* from ops.event_retractions as retractions
    inner join ops.applied_loads as applied
        on applied.model_name = 'fct_usage_events.retractions'
        and applied.load_id = retractions.decided_load_id
"""
_LANDED_IN_RANGE = "landed_at >= :from_at and landed_at < :to_at"
_LOADS_IN_RANGE = "loads.landed_at >= :from_at and loads.landed_at < :to_at"
_OCCURRED_IN_RANGE = "occurred_at >= :from_at and occurred_at < :to_at"
_HOURS = "hour_start >= :from_at and hour_start < :to_at"


def _units(model: str) -> str:
    """The (meter, load) pairs that a model has applied."""
    return (
        f"select substr(model_name, length('{model}/') + 1) as meter_id, load_id"  # noqa: S608
        f" from ops.applied_loads where starts_with(model_name, '{model}/')"
    )


def _hourly_by(period: str, model: str, bounds: str) -> str:
    """The hourly aggregate added up to longer periods, of what the longer model has applied."""
    return f"""
        select customer_id, meter_id, dimension_key, {period} as period_start,
            sum(event_count) as event_count, sum(quantity_sum) as quantity_sum,
            max(quantity_max) as quantity_max
        from marts.agg_usage_hourly inner join ({_units(model)}) as units using (meter_id, load_id)
        where {bounds}
        group by customer_id, meter_id, dimension_key, period_start
    """  # noqa: S608


_DAY = "(hour_start at time zone 'UTC')::date"
_MONTH = "date_trunc('month', hour_start at time zone 'UTC')::date"
# months that lie in the range whole
_FIRST_MONTH = "date_trunc('month', :from_at, 'UTC')"
_WHOLE_FROM = (
    f"(case when {_FIRST_MONTH} = :from_at then :from_at else {_FIRST_MONTH}"
    " + interval '1 month' end)"
)
_WHOLE_TO = "date_trunc('month', :to_at, 'UTC')"

HOPS = (
    Hop(
        name="files",
        left_name="ops.loads",
        right_name="ops.files",
        keys=("load_id",),
        measures=("received_count", "event_count", "rejected_count"),
        left=f"select load_id, received_count, event_count, rejected_count from ops.loads"  # noqa: S608
        f" where state = 'landed' and {_LANDED_IN_RANGE}",
        right=f"""
            select load_id, sum(files.received_count) as received_count,
                sum(files.event_count) as event_count, sum(files.rejected_count) as rejected_count
            from ops.files inner join ops.loads using (load_id)
            where state = 'landed' and {_LANDED_IN_RANGE} group by load_id
        """,  # noqa: S608
    ),
    Hop(
        name="raw rows",
        left_name="ops.files",
        right_name="raw_usage",
        keys=("load_id", "file_number"),
        measures=("event_count", "rejected_count"),
        left=f"""
            select load_id, file_number, files.event_count, files.rejected_count
            from ops.files inner join ops.loads using (load_id)
            where state = 'landed' and {_LANDED_IN_RANGE}
        """,  # noqa: S608
        right=f"""
            select load_id, file_number, sum(counted.event_count) as event_count,
                sum(counted.rejected_count) as rejected_count
            from (
                select load_id, file_number, count(*) as event_count, 0 as rejected_count
                from raw_usage.events where {LANDED} group by load_id, file_number
                union all
                select load_id, file_number, 0, count(*)
                from raw_usage.rejected where {LANDED} group by load_id, file_number
            ) as counted
            left join ops.loads using (load_id)
            where state is null or (state = 'landed' and {_LANDED_IN_RANGE})
            group by load_id, file_number
        """,  # noqa: S608
    ),
    Hop(
        name="one fate each",
        left_name="received",
        right_name="accepted + refused",
        keys=("load_id",),
        measures=("delivery_count",),
        left=f"select load_id, received_count as delivery_count"  # noqa: S608
        f" from ({_ADMITTED}) as admitted where {_LANDED_IN_RANGE}",
        right=f"""
            select load_id, row_count + coalesce(refused_count, 0) as delivery_count
            from ({_ADMITTED}) as admitted
            left join (
                select load_id, count(*) as refused_count from ops.event_fates
                where {LANDED} group by load_id
            ) as refused using (load_id)
            where {_LANDED_IN_RANGE}
        """,  # noqa: S608
    ),
    Hop(
        name="refused deliveries",
        left_name="raw_usage",
        right_name="ops.event_fates",
        keys=("load_id", "kind"),
        measures=("delivery_count",),
        left=f"""
            select load_id, kind, count(*) as delivery_count
            from (
                select load_id, 'line' as kind from raw_usage.rejected where {LANDED}
                union all
                select load_id, 'event' from raw_usage.events
                inner join ops.event_fates using (load_id, delivery_id) where {LANDED}
            ) as refused
            inner join ({_ADMITTED}) as admitted using (load_id)
            where {_LANDED_IN_RANGE} group by load_id, kind
        """,  # noqa: S608
        right=f"""
            select load_id, case when customer_id is null then 'line' else 'event' end as kind,
                count(*) as delivery_count
            from (select * from ops.event_fates where {LANDED}) as fates
            left join ops.loads using (load_id)
            left join ({_ADMITTED}) as admitted using (load_id)
            where state is distinct from 'landed'
                or (admitted.row_count is not null and {_LOADS_IN_RANGE})
            group by load_id, kind
        """,  # noqa: S608
    ),
    Hop(
        name="facts",
        left_name="raw_usage, not refused",
        right_name="fct_usage_events",
        keys=("load_id", "customer_id"),
        measures=("event_count", "quantity_sum"),
        left=f"""
            select load_id, customer_id, count(*) as event_count, sum(quantity) as quantity_sum
            from raw_usage.events as deliveries
            inner join ({_ADMITTED}) as admitted using (load_id)
            where {_OCCURRED_IN_RANGE} and {LANDED_LATE} and not exists (
                select from ops.event_fates as fates
                where fates.load_id = deliveries.load_id
                    and fates.delivery_id = deliveries.delivery_id
            ) and not exists (
                select from ({_WITHDRAWN}) as withdrawn
                where withdrawn.load_id = deliveries.load_id
                    and withdrawn.delivery_id = deliveries.delivery_id
            )
            group by load_id, customer_id
        """,  # noqa: S608
        right=f"""
            select load_id, customer_id, count(*) as event_count, sum(quantity) as quantity_sum
            from marts.fct_usage_events where {_OCCURRED_IN_RANGE} group by load_id, customer_id
        """,  # noqa: S608
    ),
    Hop(
        name="ledger of facts",
        left_name="fct_usage_events + withdrawn",
        right_name="ops.applied_loads",
        keys=("load_id",),
        measures=("event_count",),
        left=f"""
            select load_id, count(*) as event_count
            from (
                select load_id from marts.fct_usage_events where {LANDED}
                union all
                select load_id from ({_WITHDRAWN}) as withdrawn
            ) as counted
            left join ops.loads using (load_id)
            where landed_at is null or ({_LANDED_IN_RANGE}) group by load_id
        """,  # noqa: S608
        right=f"select load_id, row_count as event_count"  # noqa: S608
        f" from ({_ADMITTED}) as admitted where {_LANDED_IN_RANGE}",
    ),
    Hop(
        name="hourly",
        left_name="fct_usage_events",
        right_name="agg_usage_hourly",
        keys=("customer_id", "meter_id", "dimension_key", "hour_start", "load_id"),
        measures=("event_count", "quantity_sum", "quantity_max"),
        left=f"""
            select customer_id, meter_id, dimension_key, hour_start, load_id, event_count,
                quantity_sum, quantity_max
            from marts.agg_usage_rebuilt
            inner join ({_units("agg_usage_hourly")}) as units using (meter_id, load_id)
        """,  # noqa: S608
        right=f"""
            select customer_id, meter_id, dimension_key, hour_start, load_id, event_count,
                quantity_sum, quantity_max
            from marts.agg_usage_hourly
            where {_HOURS} and load_id not in (
                select load_id from ops.loads where state = 'landed' and not exists (
                    select from ops.applied_loads
                    where model_name = 'fct_usage_events'
                        and applied_loads.load_id = loads.load_id
                )
            )
        """,  # noqa: S608
    ),
    Hop(
        name="ledger of hours",
        left_name="agg_usage_hourly",
        right_name="ops.applied_loads",
        keys=("meter_id", "load_id"),
        measures=("row_count",),
        left=f"""
            select meter_id, load_id, count(*) as row_count from marts.agg_usage_hourly
            left join ops.loads using (load_id)
            where {LANDED} and (landed_at is null or ({_LANDED_IN_RANGE}))
            group by meter_id, load_id
        """,  # noqa: S608
        right=f"""
            select substr(model_name, length('agg_usage_hourly/') + 1) as meter_id, load_id,
                row_count
            from ops.applied_loads inner join ops.loads using (load_id)
            where starts_with(model_name, 'agg_usage_hourly/') and {_LANDED_IN_RANGE}
        """,  # noqa: S608
    ),
    Hop(
        name="daily",
        left_name="agg_usage_hourly",
        right_name="agg_usage_daily",
        keys=("customer_id", "meter_id", "dimension_key", "period_start"),
        measures=("event_count", "quantity_sum", "quantity_max"),
        left=_hourly_by(_DAY, "agg_usage_daily", _HOURS),
        right="""
            select customer_id, meter_id, dimension_key, usage_date as period_start, event_count,
                quantity_sum, quantity_max
            from marts.agg_usage_daily
            where usage_date::timestamp >= :from_at at time zone 'UTC'
                and usage_date::timestamp < :to_at at time zone 'UTC'
        """,
    ),
    Hop(
        name="monthly",
        left_name="agg_usage_hourly",
        right_name="agg_usage_monthly",
        keys=("customer_id", "meter_id", "dimension_key", "period_start"),
        measures=("event_count", "quantity_sum", "quantity_max"),
        left=_hourly_by(
            _MONTH,
            "agg_usage_monthly",
            f"hour_start >= {_WHOLE_FROM} and hour_start < {_WHOLE_TO}",
        ),
        right=f"""
            select customer_id, meter_id, dimension_key, usage_month as period_start, event_count,
                quantity_sum, quantity_max
            from marts.agg_usage_monthly
            where usage_month::timestamp >= {_WHOLE_FROM} at time zone 'UTC'
                and usage_month::timestamp < {_WHOLE_TO} at time zone 'UTC'
        """,  # noqa: S608
    ),
    VALUES,
    Hop(
        name="replays",
        left_name="ops.quarantine_resolutions",
        right_name="raw_usage, door replay",
        keys=("load_id", "delivery_id"),
        measures=("delivery_count",),
        left=f"""
            select replay_load_id as load_id, replay_delivery_id as delivery_id,
                count(*) as delivery_count
            from ops.quarantine_resolutions
            inner join ops.loads on loads.load_id = replay_load_id
            where action = 'replay' and {_LANDED_IN_RANGE}
            group by replay_load_id, replay_delivery_id
        """,  # noqa: S608
        right=f"""
            select load_id, delivery_id, count(*) as delivery_count
            from raw_usage.events
            where load_id in (
                select load_id from ops.loads
                where source = 'replay' and state = 'landed' and {_LANDED_IN_RANGE}
            )
            group by load_id, delivery_id
        """,  # noqa: S608
    ),
)
