{# A query of the deliveries of touched loads, customers and hours that were accepted and not withdrawn, each once. #}
{%- macro deliveries_left(touched, hour, load_list) -%}
    select distinct on (deliveries.load_id, deliveries.delivery_id)
        deliveries.customer_id,
        deliveries.event_type,
        touched.hour_start,
        deliveries.quantity,
        deliveries.properties,
        deliveries.load_id
    from {{ ref('stg_usage__events') }} as deliveries
    inner join ({{ touched }}) as touched
        on
            deliveries.load_id = touched.load_id
            and deliveries.customer_id = touched.customer_id
            and {{ hour.format('deliveries.occurred_at') }} = touched.hour_start
    where
        deliveries.load_id in {{ load_list }}
        {%- for refused in [source('ops', 'event_fates'), '(' ~ applied_retractions(model.name ~ '.retractions') ~ ')'] %}
        and not exists (
            select 1 from {{ refused }} as refused
            where
                refused.load_id in {{ load_list }}
                and refused.load_id = deliveries.load_id
                and refused.delivery_id = deliveries.delivery_id
        )
        {%- endfor %}
    order by deliveries.load_id, deliveries.delivery_id
{%- endmacro -%}
