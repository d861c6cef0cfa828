-- grain: one row per legal_entity_id and month_start
with

newest_version as (

    select max(catalog_version) as catalog_version
    from {{ ref('stg_catalog__versions') }}
    where state = 'landed'

),

legal_entities as (

    select
        catalog_version,
        legal_entity_id
    from {{ ref('stg_catalog__legal_entities') }}

),

subscriptions as (

    select
        catalog_version,
        starts_on
    from {{ ref('stg_catalog__subscriptions') }}

),

closes as (

    select
        legal_entity_id,
        period_start,
        period_end,
        catalog_version
    from {{ ref('stg_ops__closes') }}

),

usage_months as (

    select max(usage_month) as newest_month
    from {{ ref('agg_usage_monthly') }}

),

months_looked_ahead as (

    select
        legal_entity_id,
        months_ahead
    from {{ ref('int_months_looked_ahead') }}

),

subscribed_months as (

    select
        date_trunc('month', min(subscriptions.starts_on)::timestamp)::date as first_month,
        date_trunc('month', max(subscriptions.starts_on)::timestamp)::date as last_start_month
    from subscriptions
    inner join newest_version on subscriptions.catalog_version = newest_version.catalog_version

),

entity_closes as (

    select
        legal_entity_id,
        min(period_start) as first_month,
        max(period_end) as first_month_after
    from closes
    group by legal_entity_id

),

entity_ids as (

    select legal_entities.legal_entity_id
    from legal_entities
    inner join newest_version on legal_entities.catalog_version = newest_version.catalog_version
    union
    select entity_closes.legal_entity_id
    from entity_closes

),

entity_ranges as (

    select
        entity_ids.legal_entity_id,
        newest_version.catalog_version as newest_version,
        least(subscribed_months.first_month, entity_closes.first_month) as first_month,
        coalesce(
            greatest(usage_months.newest_month, entity_closes.first_month_after),
            subscribed_months.last_start_month
        ) as last_month,
        coalesce(months_looked_ahead.months_ahead, 0) as months_ahead
    from entity_ids
    cross join newest_version
    cross join usage_months
    cross join subscribed_months
    left join entity_closes on entity_ids.legal_entity_id = entity_closes.legal_entity_id
    left join months_looked_ahead on entity_ids.legal_entity_id = months_looked_ahead.legal_entity_id

),

months as (

    select
        entity_ranges.legal_entity_id,
        entity_ranges.newest_version,
        month_starts.month_start::date as month_start,
        (month_starts.month_start + interval '1 month')::date as month_end,
        (entity_ranges.last_month + interval '1 month')::date as reached_until
    from entity_ranges
    cross join lateral generate_series(
        entity_ranges.first_month::timestamp,
        entity_ranges.last_month + make_interval(months => entity_ranges.months_ahead),
        interval '1 month'
    ) as month_starts (month_start)

),

billing_months as (

    select
        months.legal_entity_id,
        months.month_start,
        months.month_end,
        months.month_end - months.month_start as days_in_month,
        coalesce(closes.catalog_version, months.newest_version) as catalog_version,
        closes.catalog_version is not null as is_closed,
        months.month_start >= months.reached_until as is_ahead,
        months.reached_until
    from months
    left join closes
        on
            months.legal_entity_id = closes.legal_entity_id
            and months.month_start = closes.period_start

)

select * from billing_months
