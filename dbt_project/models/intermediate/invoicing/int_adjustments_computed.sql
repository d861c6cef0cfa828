-- grain: one row per subscription_id, price_version_id and month_start whose closed amount is no longer right
with

live_charges as (

    select
        subscription_id,
        price_version_id,
        month_start,
        customer_id,
        price_id,
        meter_id,
        legal_entity_id,
        charge_model,
        label,
        plan_name,
        dimension_filter::text as dimension_filter,
        currency_code,
        currency_exponent,
        quantity,
        amount_unrounded,
        amount_minor,
        service_start,
        service_end
    from {{ ref('int_charges_rounded') }}
    where is_closed

),

billed_charges as (

    select
        subscription_id,
        price_version_id,
        date_trunc('month', service_start::timestamp)::date as month_start,
        customer_id,
        price_id,
        meter_id,
        legal_entity_id,
        charge_model,
        label,
        plan_name,
        dimension_filter,
        currency_code,
        currency_exponent,
        quantity,
        amount_unrounded,
        amount_minor,
        service_start,
        service_end
    from {{ ref('stg_closed__invoice_lines') }}

),

-- both sides, what was billed with its sign turned: their sum is what is still to bill
signed_charges as (

    select * from live_charges
    union all
    select
        subscription_id,
        price_version_id,
        month_start,
        customer_id,
        price_id,
        meter_id,
        legal_entity_id,
        charge_model,
        label,
        plan_name,
        dimension_filter,
        currency_code,
        currency_exponent,
        -quantity as quantity,
        -amount_unrounded as amount_unrounded,
        -amount_minor as amount_minor,
        service_start,
        service_end
    from billed_charges

),

differences as (

    select
        subscription_id,
        price_version_id,
        month_start,
        customer_id,
        price_id,
        meter_id,
        legal_entity_id,
        charge_model,
        max(label) as label,
        max(plan_name) as plan_name,
        max(dimension_filter) as dimension_filter,
        currency_code,
        currency_exponent,
        sum(quantity)::numeric(38, 9) as quantity,
        sum(amount_unrounded)::numeric(38, 12) as amount_unrounded,
        sum(amount_minor)::bigint as amount_minor,
        service_start,
        service_end
    from signed_charges
    group by
        subscription_id,
        price_version_id,
        month_start,
        customer_id,
        price_id,
        meter_id,
        legal_entity_id,
        charge_model,
        currency_code,
        currency_exponent,
        service_start,
        service_end
    having sum(quantity) <> 0 or sum(amount_unrounded) <> 0 or sum(amount_minor) <> 0

),

open_months as (

    select
        customer_id,
        month_start
    from {{ ref('int_customer_months') }}
    where not is_closed

),

adjustments as (

    select
        differences.*,
        (
            select min(open_months.month_start)
            from open_months
            where
                open_months.customer_id = differences.customer_id
                and open_months.month_start > differences.month_start
        ) as period_start
    from differences

)

select * from adjustments
