-- grain: one row per customer_id, legal_entity_id and period_start
with

source_rows as (

    select
        legal_entity_id,
        period_start,
        customer_id,
        reason,
        who,
        why,
        closed_at
    from {{ source('ops', 'parked_customers') }}

)

select * from source_rows
