-- grain: one row per customer_id, month_start, discount_id, line_type, source_id, subscription_key, price_version_key and charge_month
{{ config(
    materialized='replaced',
    primary_key=[
        'customer_id', 'month_start', 'discount_id', 'line_type', 'source_id', 'subscription_key', 'price_version_key',
        'charge_month'
    ]
) }}

-- one step for each discount of a month: it takes its part of what the discounts before it left
with recursive

discounts as (

    select
        customer_id,
        month_start,
        position,
        discount_id,
        subscription_id,
        plan_id,
        price_id,
        currency_code,
        rounding_mode,
        percent,
        discount_amount_minor,
        maximum_amount_minor
    from {{ ref('int_discounts_scheduled') }}

),

steps as (

    select
        customer_id,
        billed_month as month_start,
        0 as position,
        line_type,
        source_id,
        subscription_key,
        price_version_key,
        charge_month,
        plan_id,
        price_id,
        amount_minor::numeric as net_minor,
        0::numeric as discount_minor,
        0::numeric as discount_exact
    from {{ ref('int_lines_discountable') }}
    union all
    select
        customer_id,
        month_start,
        position + 1,
        line_type,
        source_id,
        subscription_key,
        price_version_key,
        charge_month,
        plan_id,
        price_id,
        net_minor - whole_minor - extra_minor,
        whole_minor + extra_minor,
        total_exact
    from (
        select
            divided.*,
            -- what the whole parts leave goes to the largest remainders, one minor unit each
            case
                when row_number() over (
                    partition by customer_id, month_start
                    order by remainder desc, line_type, source_id, subscription_key, price_version_key, charge_month
                ) <= total_minor - sum(whole_minor) over (partition by customer_id, month_start) then 1
                else 0
            end as extra_minor
        from (
            select
                totalled.*,
                mod(mod(total_minor * scope_minor, divisor) + divisor, divisor) as remainder,
                div(
                    total_minor * scope_minor - mod(mod(total_minor * scope_minor, divisor) + divisor, divisor), divisor
                ) as whole_minor
            from (
                select
                    based.*,
                    greatest(base_minor, 1) as divisor,
                    greatest(least(base_minor, maximum_amount_minor, discount_amount_minor, {{ to_minor_units(
                        'base_minor * percent * 0.01', '0', 'rounding_mode'
                    ) }}), 0) as total_minor,
                    least(base_minor, maximum_amount_minor, discount_amount_minor, base_minor * percent * 0.01)
                        as total_exact
                from (
                    select
                        steps.*,
                        discounts.percent,
                        discounts.discount_amount_minor,
                        discounts.maximum_amount_minor,
                        discounts.rounding_mode,
                        scoped.net_minor as scope_minor,
                        sum(scoped.net_minor) over (partition by steps.customer_id, steps.month_start) as base_minor
                    from steps
                    inner join discounts
                        on
                            steps.customer_id = discounts.customer_id
                            and steps.month_start = discounts.month_start
                            and discounts.position = steps.position + 1
                    cross join lateral (
                        select case
                            when
                                coalesce(discounts.subscription_id, steps.subscription_key) = steps.subscription_key
                                and (discounts.plan_id is null or discounts.plan_id = steps.plan_id)
                                and (discounts.price_id is null or discounts.price_id = steps.price_id)
                                then steps.net_minor
                            else 0
                        end as net_minor
                    ) as scoped
                ) as based
            ) as totalled
        ) as divided
    ) as parted

),

allocated as (

    select
        steps.customer_id,
        steps.month_start,
        discounts.discount_id,
        steps.line_type,
        steps.source_id,
        steps.subscription_key,
        steps.price_version_key,
        steps.charge_month,
        discounts.currency_code,
        steps.discount_minor::bigint as discount_minor,
        steps.discount_exact
    from steps
    inner join discounts
        on
            steps.customer_id = discounts.customer_id
            and steps.month_start = discounts.month_start
            and steps.position = discounts.position
    where steps.discount_minor <> 0

)

select * from allocated
