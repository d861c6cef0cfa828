-- grain: one row per customer_id, subscription_id, price_id, month_start and line_type
{{ config(
    materialized='replaced',
    primary_key=['customer_id', 'subscription_id', 'price_id', 'month_start', 'line_type']
) }}

with

segments as (

    select
        customer_id,
        subscription_id,
        price_version_id,
        month_start,
        price_id,
        plan_id,
        legal_entity_id,
        catalog_version,
        label,
        currency_code,
        rounding_mode,
        currency_exponent,
        period_start,
        period_end,
        service_start,
        service_end
    from {{ ref('int_segments_measured') }}

),

limits as (

    select
        catalog_version,
        price_version_id,
        minimum_commitment_unrounded,
        maximum_spend_unrounded
    from {{ ref('stg_catalog__prices') }}
    where num_nonnulls(minimum_commitment_unrounded, maximum_spend_unrounded) > 0

),

charges as (

    select
        customer_id,
        subscription_id,
        price_version_id,
        month_start,
        amount_minor
    from {{ ref('int_charges_rounded') }}

),

limited_segments as (

    select
        segments.*,
        coalesce(charges.amount_minor, 0) as amount_minor,
        limits.minimum_commitment_unrounded is not null as is_committed,
        limits.maximum_spend_unrounded is not null as is_capped,
        -- 30 decimals: enough that the division can't move an amount over a rounding boundary
        (limits.minimum_commitment_unrounded * (segments.service_end - segments.service_start))::numeric(60, 30)
        / (segments.period_end - segments.period_start) as commitment_exact,
        (limits.maximum_spend_unrounded * (segments.service_end - segments.service_start))::numeric(60, 30)
        / (segments.period_end - segments.period_start) as maximum_exact
    from segments
    inner join limits
        on
            segments.catalog_version = limits.catalog_version
            and segments.price_version_id = limits.price_version_id
    left join charges
        on
            segments.customer_id = charges.customer_id
            and segments.subscription_id = charges.subscription_id
            and segments.price_version_id = charges.price_version_id
            and segments.month_start = charges.month_start

),

limited_prices as (

    select
        customer_id,
        subscription_id,
        price_id,
        month_start,
        plan_id,
        legal_entity_id,
        catalog_version,
        max(label) as label,
        currency_code,
        currency_exponent,
        sum(amount_minor) filter (where is_capped) as capped_minor,
        coalesce(sum(amount_minor) filter (where is_committed), 0) as committed_minor,
        {{ to_minor_units('sum(maximum_exact)', 'currency_exponent', 'rounding_mode') }} as maximum_minor,
        {{ to_minor_units('sum(commitment_exact)', 'currency_exponent', 'rounding_mode') }} as commitment_minor,
        min(service_start) as service_start,
        max(service_end) as service_end
    from limited_segments
    group by
        customer_id,
        subscription_id,
        price_id,
        month_start,
        plan_id,
        legal_entity_id,
        catalog_version,
        currency_code,
        currency_exponent,
        rounding_mode

),

lines as (

    select
        limited_prices.customer_id,
        limited_prices.subscription_id,
        limited_prices.price_id,
        limited_prices.month_start,
        line_types.line_type,
        limited_prices.plan_id,
        limited_prices.legal_entity_id,
        limited_prices.catalog_version,
        limited_prices.label || line_types.label_ending as label,
        limited_prices.currency_code,
        limited_prices.currency_exponent,
        line_types.amount_minor::bigint as amount_minor,
        limited_prices.service_start,
        limited_prices.service_end
    from limited_prices
    cross join lateral (
        select coalesce(least(limited_prices.maximum_minor - limited_prices.capped_minor, 0), 0) as cut_minor
    ) as cuts
    cross join lateral (
        values
        ('maximum_spend', ' (above the maximum)', cuts.cut_minor),
        (
            'true_up',
            ' (up to the minimum)',
            greatest(limited_prices.commitment_minor - limited_prices.committed_minor - cuts.cut_minor, 0)
        )
    ) as line_types (line_type, label_ending, amount_minor)
    where line_types.amount_minor <> 0

)

select * from lines
