{# A query of the accepted events of the pending loads, each once; for models that are applied by load, after the
   lanes have given every delivery its fate. Columns: those of the landed delivery. #}
{%- macro accepted_events() -%}
    select deliveries.*
    from {{ ref('stg_usage__events') }} as deliveries
    where
        deliveries.load_id in {{ pending_loads() }}
        and not exists (
            -- few rows to take out
            select 1 from {{ ref('stg_ops__event_fates') }} as refused
            where
                refused.load_id in {{ pending_loads() }}
                and refused.load_id = deliveries.load_id
                and refused.delivery_id = deliveries.delivery_id
        )
        -- decided once for the statement where no load landed twice, and not for each delivery
        and (
            (select count(*) from landed_twice) = 0
            or deliveries.load_id not in (select landed_twice.load_id from landed_twice)
        )
    union all
    (
        select distinct on (deliveries.load_id, deliveries.delivery_id) deliveries.*
        from {{ ref('stg_usage__events') }} as deliveries
        where
            -- decided once for the statement, so that the branch costs nothing when there is nothing to sort
            (select count(*) from landed_twice) > 0
            and deliveries.load_id in {{ pending_loads() }}
            and exists (
                select 1 from landed_twice
                where landed_twice.load_id = deliveries.load_id
            )
            and not exists (
                select 1 from {{ ref('stg_ops__event_fates') }} as refused
                where
                    refused.load_id in {{ pending_loads() }}
                    and refused.load_id = deliveries.load_id
                    and refused.delivery_id = deliveries.delivery_id
            )
        order by deliveries.load_id, deliveries.delivery_id
    )
{%- endmacro -%}
