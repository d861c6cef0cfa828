-- accepted = rated + zero_rated + unpriced, per customer, meter and day, in events and quantities.
with

accepted as (

    select
        customer_id,
        meter_id,
        usage_date,
        sum(event_count) as event_count,
        sum(quantity_sum) as quantity_sum
    from {{ ref('agg_usage_daily') }}
    group by customer_id, meter_id, usage_date

),

fates as (

    select
        customer_id,
        meter_id,
        usage_date,
        sum(event_count) as event_count,
        sum(quantity_sum) as quantity_sum,
        bool_and(fate in ('rated', 'zero_rated') or unpriced_reason in ('no_subscription', 'no_price')) as is_explained
    from {{ ref('fct_usage_fates') }}
    group by customer_id, meter_id, usage_date

)

select
    accepted.customer_id,
    accepted.meter_id,
    accepted.usage_date
from accepted
full outer join fates
    on
        accepted.customer_id = fates.customer_id
        and accepted.meter_id = fates.meter_id
        and accepted.usage_date = fates.usage_date
where
    accepted.event_count is distinct from fates.event_count
    or accepted.quantity_sum is distinct from fates.quantity_sum
    or fates.is_explained is not true
