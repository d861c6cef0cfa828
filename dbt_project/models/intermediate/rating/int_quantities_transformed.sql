-- grain: one row per subscription_id, price_version_id and month_start
with

segments as (

    select
        *,
        case
            when charge_model = 'dynamic' and is_negative_allowed then quantity
            else greatest(quantity, 0)
        end as used_quantity,
        -- a quotient that is not rounded is kept like every quantity
        case quantity_rounding when 'none' then 9 else quantity_rounding_places end as kept_places
    from {{ ref('int_segments_measured') }}

),

steps as (

    select
        *,
        quantity_rounding = 'none' and divide_by is null as is_as_measured,
        -- how much usage makes one of the last place; without it nothing can be divided
        nullif(coalesce(divide_by, 1) * power(10::numeric, -kept_places), 0) as step
    from segments

),

-- whole divisions and remainders: a quotient would be rounded before anything else could see it
transformed as (

    select
        *,
        case
            when is_as_measured then used_quantity
            when quantity_rounding = 'up'
                then (div(used_quantity, step) + sign(mod(used_quantity, step))) * power(10::numeric, -kept_places)
            when quantity_rounding = 'down' then div(used_quantity, step) * power(10::numeric, -kept_places)
            when quantity_rounding in ('nearest', 'none')
                then div(2 * used_quantity + step, 2 * step) * power(10::numeric, -kept_places)
        end as rated_quantity
    from steps

),

quantities as (

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
        tier_boundary,
        currency_exponent,
        is_zero_usage_flat_fee_charged,
        event_count,
        quantity,
        trim_scale(rated_quantity) as rated_quantity,
        free_units,
        trim_scale(rated_quantity - greatest(rated_quantity - free_units, 0)) as free_quantity,
        trim_scale(rated_quantity - least(rated_quantity, free_units)) as billable_quantity,
        unit_price_unrounded,
        package_size,
        package_price_unrounded,
        service_start,
        service_end
    from transformed

)

select * from quantities
