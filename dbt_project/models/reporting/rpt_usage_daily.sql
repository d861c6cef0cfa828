-- grain: one row per usage_date, customer_id, meter_id and dimension_key
with

daily_usage as (

    select
        usage_date,
        customer_id,
        meter_id,
        dimension_key,
        event_count,
        quantity_sum,
        quantity_max
    from {{ ref('agg_usage_daily') }}

),

daily_values as (

    select
        customer_id,
        meter_id,
        dimension_key,
        usage_date,
        quantity
    from {{ ref('fct_usage_daily_valued') }}

),

customers as (

    select
        customer_id,
        customer_name
    from {{ ref('dim_customers') }}

),

meters as (

    select
        meter_id,
        meter_name,
        unit,
        aggregation
    from {{ ref('dim_meters') }}

),

labelled as (

    select
        daily_usage.usage_date,
        daily_usage.customer_id,
        daily_usage.meter_id,
        daily_usage.dimension_key,
        customers.customer_name,
        meters.meter_name,
        meters.unit,
        meters.aggregation,
        daily_usage.event_count,
        case meters.aggregation
            when 'count' then daily_usage.event_count
            when 'sum' then daily_usage.quantity_sum
            when 'max' then daily_usage.quantity_max
            else coalesce(daily_values.quantity, 0)
        end::numeric(60, 9) as quantity
    from daily_usage
    inner join customers on daily_usage.customer_id = customers.customer_id
    inner join meters on daily_usage.meter_id = meters.meter_id
    left join daily_values
        on
            daily_usage.customer_id = daily_values.customer_id
            and daily_usage.meter_id = daily_values.meter_id
            and daily_usage.dimension_key = daily_values.dimension_key
            and daily_usage.usage_date = daily_values.usage_date

)

select * from labelled
