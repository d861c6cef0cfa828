-- grain: one row per customer_id, meter_id, dimension_key, usage_month, subscription_id, price_version_id and month_start
{{ config(
    materialized='replaced',
    primary_key=[
        'customer_id', 'meter_id', 'dimension_key', 'usage_month', 'subscription_id', 'price_version_id', 'month_start'
    ]
) }}

with

-- once for each UTC month that a segment touches
segments as (

    select
        subscription_id,
        price_version_id,
        month_start,
        customer_id,
        meter_id,
        dimension_filter,
        extract(epoch from period_ends_at - period_starts_at)::bigint as period_seconds,
        service_spans,
        generate_series(
            date_trunc('month', service_starts_at at time zone 'UTC'),
            date_trunc('month', (service_ends_at - interval '1 microsecond') at time zone 'UTC'),
            interval '1 month'
        )::date as usage_month
    from {{ ref('int_charge_segments') }}
    where meter_id is not null

),

cells as (

    select
        customer_id,
        meter_id,
        dimension_key,
        usage_month
    from {{ ref('agg_usage_monthly') }}
    union
    select
        customer_id,
        meter_id,
        dimension_key,
        usage_month
    from {{ ref('int_levels_carried') }}

),

candidates as (

    select
        cells.customer_id,
        cells.meter_id,
        cells.dimension_key,
        cells.usage_month,
        segments.subscription_id,
        segments.price_version_id,
        segments.month_start,
        segments.period_seconds,
        {{ utc_month_range('cells.usage_month') }} as month_range,
        segments.service_spans * tstzmultirange({{ utc_month_range('cells.usage_month') }}) as spans,
        count(*) over (
            partition by cells.customer_id, cells.meter_id, cells.dimension_key, cells.usage_month
        ) as candidate_count,
        row_number() over (
            partition by cells.customer_id, cells.meter_id, cells.dimension_key, cells.usage_month
            order by
                (select count(*) from jsonb_object_keys(segments.dimension_filter)) desc,
                segments.subscription_id,
                segments.price_version_id,
                segments.month_start
        ) as preference
    from cells
    inner join segments
        on
            cells.customer_id = segments.customer_id
            and cells.meter_id = segments.meter_id
            and cells.usage_month = segments.usage_month
            and cells.dimension_key::jsonb @> segments.dimension_filter

),

-- what a preferred price takes, the others do not get
priced as (

    select
        candidates.*,
        case
            when candidate_count = 1 then spans
            else spans - coalesce(
                range_agg(spans) filter (where candidate_count > 1) over (
                    partition by customer_id, meter_id, dimension_key, usage_month
                    order by preference
                    rows between unbounded preceding and 1 preceding
                ),
                tstzmultirange()
            )
        end as priced_spans
    from candidates

),

-- whole UTC days are measured from the aggregates, what is left from the events
days_of_spans as (

    select
        priced.*,
        priced_spans = tstzmultirange(month_range) as is_whole_month,
        case
            when priced_spans = tstzmultirange(month_range)
                then datemultirange(daterange(usage_month, (usage_month + interval '1 month')::date))
            else {{ whole_utc_days('priced_spans') }}
        end as priced_days
    from priced
    where not isempty(priced_spans)

),

priced_cells as (

    select
        customer_id,
        meter_id,
        dimension_key,
        usage_month,
        subscription_id,
        price_version_id,
        month_start,
        period_seconds,
        is_whole_month,
        priced_days,
        case when not is_whole_month then {{ spans_without_days('priced_spans', 'priced_days') }} end as cut_spans,
        priced_spans
    from days_of_spans

)

select * from priced_cells
