{# What each load received, and how many different deliveries of it are in raw_usage; only a load that has more rows
   than it counted (a crash can land one twice) is counted by delivery. #}
{%- macro landed_counts(load_list) -%}
    {%- set tables = [
        [ref('stg_usage__events'), 'event_count'], [ref('stg_usage__rejected'), 'rejected_count']
    ] -%}
    select
        loads.load_id,
        loads.received_count,
        coalesce(sum(landed.delivery_count), 0)::bigint as landed_count
    from {{ ref('stg_ops__loads') }} as loads
    left join (
    {%- for table, expected in tables %}
        {%- if not loop.first %}
        union all
        {%- endif %}
        select
            counted.load_id,
            case
                when counted.row_count = expected.{{ expected }} then counted.row_count
                else (
                    select count(distinct deliveries.delivery_id)
                    from {{ table }} as deliveries
                    where deliveries.load_id = counted.load_id
                )
            end as delivery_count
        from (
            select
                load_id,
                count(*) as row_count
            from {{ table }}
            where load_id in {{ load_list }}
            group by load_id
        ) as counted
        inner join {{ ref('stg_ops__loads') }} as expected on counted.load_id = expected.load_id
    {%- endfor %}
    ) as landed on loads.load_id = landed.load_id
    where loads.load_id in {{ load_list }}
    group by loads.load_id, loads.received_count
    order by loads.load_id
{%- endmacro -%}
