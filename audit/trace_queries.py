"""The look-ups of a trace: each goes by a key or by a load, so that history costs nothing."""

from __future__ import annotations

from sqlalchemy import text

PENDING_LOADS = text("""
    select load_id from ops.loads
    where state = 'landed' and not exists (
        select from ops.applied_loads
        where model_name = 'fct_usage_events' and applied_loads.load_id = loads.load_id
    )
""")
WAITING = text("""
    select load_id, delivery_id, customer_id, 'waiting' as fate, 'build' as reason,
        'landed, and not admitted yet: run ./meterhouse build' as detail, null as state
    from raw_usage.events
    where load_id = any(:loads) and event_id = :event_id
        and (cast(:customer_id as text) is null or customer_id = :customer_id)
""")
REFUSED = text("""
    select fates.load_id, fates.delivery_id, fates.customer_id, fates.fate, fates.reason,
        fates.detail,
        case when fates.fate = 'quarantined' then coalesce(decisions.state, 'open') end as state,
        decisions.who, decisions.why, decisions.replay_load_id, decisions.replay_delivery_id
    from ops.event_fates as fates
    left join intermediate.int_quarantine_resolved as decisions
        on decisions.load_id = fates.load_id and decisions.delivery_id = fates.delivery_id
    where fates.event_id = :event_id
        and (cast(:customer_id as text) is null or fates.customer_id = :customer_id)
""")
ACCEPTED = text("""
    select accepted.load_id, accepted.delivery_id, accepted.customer_id,
        case when withdrawn.reason is null then 'accepted' else 'withdrawn' end as fate,
        coalesce(withdrawn.reason, 'accepted') as reason,
        coalesce(
            'by ' || withdrawn.by_delivery_id || ' of load ' || withdrawn.by_load_id, ''
        ) as detail, null as state
    from (
        select * from staging.stg_ops__event_registry
        union all
        select * from staging.stg_ops__event_revisions
    ) as accepted
    left join ops.event_retractions as withdrawn
        on withdrawn.load_id = accepted.load_id and withdrawn.delivery_id = accepted.delivery_id
    where event_key_high = hashtextextended(:event_id, 0)
        and event_key_low = hashtextextended(:event_id, 1)
        and (cast(:customer_id as text) is null or accepted.customer_id = :customer_id)
""")
PLACES = text("""
    select distinct on (events.load_id, events.delivery_id)
        events.load_id, events.delivery_id, events.file_number, events.line_number,
        events.event_type, events.occurred_at, events.quantity, events.properties,
        files.file_name, loads.source, loads.mapping_name, loads.landed_at
    from raw_usage.events
    inner join ops.loads on loads.load_id = events.load_id
    left join ops.files
        on files.load_id = events.load_id and files.file_number = events.file_number
    where events.load_id = any(:loads) and events.delivery_id = any(:deliveries)
        and events.event_id = :event_id
""")
FACT = text("""
    select customer_id, event_id, meter_id, dimension_key, event_type, aggregation, unit,
        occurred_at, quantity, load_id, delivery_id
    from marts.fct_metered_events
    where occurred_at = :occurred_at and load_id = :load_id and customer_id = :customer_id
        and event_id = :event_id
    order by meter_id
""")
AGGREGATES = text("""
    select 'hour' as period, hour_start as starts_at, event_count, quantity_sum, quantity_max
    from marts.agg_usage_hourly
    where customer_id = :customer_id and meter_id = :meter_id and dimension_key = :dimension_key
        and hour_start = date_trunc('hour', cast(:occurred_at as timestamptz), 'UTC')
        and load_id = :load_id
    union all
    select 'day', usage_date::timestamp at time zone 'UTC', event_count, quantity_sum, quantity_max
    from marts.agg_usage_daily
    where customer_id = :customer_id and meter_id = :meter_id and dimension_key = :dimension_key
        and usage_date = (cast(:occurred_at as timestamptz) at time zone 'UTC')::date
    union all
    select 'month', usage_month::timestamp at time zone 'UTC', event_count, quantity_sum,
        quantity_max
    from marts.agg_usage_monthly
    where customer_id = :customer_id and meter_id = :meter_id and dimension_key = :dimension_key
        and usage_month
            = date_trunc('month', cast(:occurred_at as timestamptz) at time zone 'UTC')::date
""")
USAGE_FATE = text("""
    select fates.fate, fates.unpriced_reason, fates.subscription_id, fates.price_version_id,
        fates.month_start
    from marts.fct_usage_fates as fates
    left join intermediate.int_usage_events_cut as cut
        on cut.customer_id = fates.customer_id and cut.meter_id = fates.meter_id
            and cut.event_id = :event_id
    where fates.customer_id = :customer_id and fates.meter_id = :meter_id
        and fates.dimension_key = :dimension_key
        and fates.usage_date = (cast(:occurred_at as timestamptz) at time zone 'UTC')::date
        and (
            cut.event_id is null
            or (fates.subscription_id, fates.price_version_id, fates.month_start)
                is not distinct from (cut.subscription_id, cut.price_version_id, cut.month_start)
        )
""")
LINES = text("""
    select lines.line_key, lines.invoice_number, lines.line_number, lines.line_type, lines.status,
        lines.label, lines.charge_model, lines.quantity, lines.unit, lines.amount_minor,
        lines.currency_code, lines.currency_exponent, lines.service_start, lines.service_end,
        register.period_start
    from reporting.rpt_invoice_lines as lines
    inner join reporting.rpt_invoice_register as register
        on register.invoice_key = lines.invoice_key and register.customer_id = lines.customer_id
    where lines.customer_id = :customer_id and register.customer_id = :customer_id
        and lines.subscription_id = :subscription_id
        and lines.price_version_id = :price_version_id
        and coalesce(lines.charge_month, date_trunc('month', lines.service_start)) = :month_start
    order by register.period_start, lines.line_number
""")
TIERS = text("""
    select tier_number, up_to, quantity, unit_price_unrounded, flat_fee_unrounded,
        amount_unrounded, currency_code
    from reporting.rpt_invoice_line_tiers
    where line_key = :line_key
    order by tier_number
""")
CLOSE = text("""
    select closes.closed_at, closes.applied_loads @> cast(:load_id as bigint) as has_seen_it
    from ops.closes
    inner join reporting.rpt_customers as customers
        on customers.legal_entity_id = closes.legal_entity_id
    where customers.customer_id = :customer_id
        and closes.period_start = coalesce(
            cast(:month_start as date),
            date_trunc('month', cast(:occurred_at as timestamptz) at time zone 'UTC')
        )
""")
UNREADABLE = text("""
    select load_id, delivery_id, reason from raw_usage.rejected
    where position(:event_id in raw_text) > 0
    order by load_id, file_number, line_number limit 5
""")
