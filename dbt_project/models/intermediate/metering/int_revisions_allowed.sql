-- grain: one row per customer_id whose later payloads take the place of earlier ones
with

customers as (

    select
        customer_id,
        legal_entity_id,
        billing_time_zone
    from {{ ref('int_customers_known') }}

),

legal_entities as (

    select legal_entity_id
    from {{ ref('int_legal_entities_known') }}
    where duplicate_event_policy = 'last_wins_until_close'

),

closed_months as (

    select
        legal_entity_id,
        range_agg(daterange(period_start, period_end)) as closed_days
    from {{ ref('stg_ops__closes') }}
    group by legal_entity_id

),

allowed as (

    select
        customers.customer_id,
        customers.billing_time_zone,
        coalesce(closed_months.closed_days, '{}'::datemultirange) as closed_days
    from customers
    inner join legal_entities on customers.legal_entity_id = legal_entities.legal_entity_id
    left join closed_months on customers.legal_entity_id = closed_months.legal_entity_id

)

select * from allowed
