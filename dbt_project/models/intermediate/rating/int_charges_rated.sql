-- grain: one row per subscription_id, price_version_id and month_start that is charged
{{ config(materialized='replaced', primary_key=['customer_id', 'subscription_id', 'price_version_id', 'month_start']) }}

with

segments as (

    select
        subscription_id,
        price_version_id,
        month_start,
        customer_id,
        price_id,
        plan_id,
        meter_id,
        legal_entity_id,
        catalog_version,
        charge_model,
        label,
        dimension_filter,
        currency_code,
        rounding_mode,
        currency_exponent,
        quantity,
        service_start,
        service_end
    from {{ ref('int_segments_measured') }}

),

rated as (

    select subscription_id, price_version_id, month_start, amount_exact, amount_unrounded
    from {{ ref('int_usage_rated_per_unit') }}
    union all
    select subscription_id, price_version_id, month_start, amount_exact, amount_unrounded
    from {{ ref('int_usage_rated_graduated') }}
    union all
    select subscription_id, price_version_id, month_start, amount_exact, amount_unrounded
    from {{ ref('int_usage_rated_volume') }}
    union all
    select subscription_id, price_version_id, month_start, amount_exact, amount_unrounded
    from {{ ref('int_usage_rated_package') }}
    union all
    select subscription_id, price_version_id, month_start, amount_exact, amount_unrounded
    from {{ ref('int_usage_rated_percentage') }}
    union all
    select subscription_id, price_version_id, month_start, amount_exact, amount_unrounded
    from {{ ref('int_usage_rated_stairstep') }}
    union all
    select subscription_id, price_version_id, month_start, amount_exact, amount_unrounded
    from {{ ref('int_usage_rated_graduated_percentage') }}
    union all
    select subscription_id, price_version_id, month_start, amount_exact, amount_unrounded
    from {{ ref('int_fees_rated_flat') }}

),

charges as (

    select
        segments.subscription_id,
        segments.price_version_id,
        segments.month_start,
        segments.customer_id,
        segments.price_id,
        segments.plan_id,
        segments.meter_id,
        segments.legal_entity_id,
        segments.catalog_version,
        segments.charge_model,
        segments.label,
        segments.dimension_filter,
        segments.currency_code,
        segments.rounding_mode,
        segments.currency_exponent,
        segments.quantity,
        rated.amount_exact,
        rated.amount_unrounded,
        segments.service_start,
        segments.service_end
    from segments
    inner join rated
        on
            segments.subscription_id = rated.subscription_id
            and segments.price_version_id = rated.price_version_id
            and segments.month_start = rated.month_start
    where segments.quantity <> 0 or rated.amount_exact <> 0

)

select * from charges
