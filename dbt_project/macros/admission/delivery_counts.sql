{# What each load received, and how many deliveries have each fate. #}
{%- macro delivery_counts(relation, load_list) -%}
    select
        loads.load_id,
        loads.received_count,
        coalesce(accepted.delivery_count, 0) as accepted_count,
        coalesce(fates.duplicate_count, 0) as duplicate_count,
        coalesce(fates.quarantined_count, 0) as quarantined_count,
        coalesce(facts.delivery_count, 0) as fact_count
    from {{ source('ops', 'loads') }} as loads
    left join (
        select load_id, count(*) as delivery_count
        from {{ source('ops', 'event_registry') }}
        where load_id in {{ load_list }}
        group by load_id
    ) as accepted on loads.load_id = accepted.load_id
    left join (
        select
            load_id,
            count(*) filter (where fate = 'duplicate') as duplicate_count,
            count(*) filter (where fate = 'quarantined') as quarantined_count
        from {{ source('ops', 'event_fates') }}
        where load_id in {{ load_list }}
        group by load_id
    ) as fates on loads.load_id = fates.load_id
    left join (
        select load_id, count(*) as delivery_count
        from {{ relation }}
        where load_id in {{ load_list }}
        group by load_id
    ) as facts on loads.load_id = facts.load_id
    where loads.load_id in {{ load_list }}
    order by loads.load_id
{%- endmacro -%}
