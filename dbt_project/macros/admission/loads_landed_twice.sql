{# A query of the pending loads of which a crash landed a delivery twice: raw holds more than the load counted. #}
{%- macro loads_landed_twice() -%}
    select deliveries.load_id
    from {{ ref('stg_usage__events') }} as deliveries
    where deliveries.load_id in {{ pending_loads() }}
    group by deliveries.load_id
    having
        count(*) > (
            select loads.event_count
            from {{ ref('stg_ops__loads') }} as loads
            where loads.load_id = deliveries.load_id
        )
{%- endmacro -%}
