{# The months of the accepted events of some loads; after the lanes have given every delivery its fate. #}
{%- macro months_of_accepted_events(load_list) -%}
    select to_char(month_start at time zone 'UTC', 'YYYY-MM') as month_name
    from (
        select distinct date_trunc('month', days.day_start, 'UTC') as month_start
        from (
            -- days first: to bin an instant costs a fraction of finding its month
            select distinct date_bin(interval '1 day', deliveries.occurred_at, timestamptz '2000-01-01 00:00:00+00') as day_start
            from {{ ref('stg_usage__events') }} as deliveries
            where
                deliveries.load_id in {{ load_list }}
                and not exists (
                    select 1 from {{ ref('stg_ops__event_fates') }} as refused
                    where
                        refused.load_id in {{ load_list }}
                        and refused.load_id = deliveries.load_id
                        and refused.delivery_id = deliveries.delivery_id
                )
        ) as days
    ) as months
    order by month_name
{%- endmacro -%}
