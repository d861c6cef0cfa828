-- grain: one row per customer_id, line_type, source_id, subscription_key, price_version_key and charge_month
with

lines as (

    select
        customer_id,
        line_type,
        source_id,
        coalesce(subscription_id, '') as subscription_key,
        coalesce(price_version_id, '') as price_version_key,
        month_start as charge_month,
        billed_month,
        plan_id,
        price_id,
        currency_code,
        amount_minor
    from {{ ref('int_lines_gathered') }}
    where line_type <> 'one_off'

),

discounted_months as (

    select
        customer_id,
        month_start,
        currency_code
    from {{ ref('int_discounts_scheduled') }}
    where position = 1

),

discountable as (

    select lines.*
    from lines
    inner join discounted_months
        on
            lines.customer_id = discounted_months.customer_id
            and lines.billed_month = discounted_months.month_start
            and lines.currency_code = discounted_months.currency_code

)

select * from discountable
