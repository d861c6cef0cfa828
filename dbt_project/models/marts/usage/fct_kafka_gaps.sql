-- grain: one row per topic, topic_id, partition_number and first_offset
with

gaps as (

    select
        topic,
        topic_id,
        partition_number,
        first_offset,
        next_offset,
        reason,
        found_at
    from {{ ref('stg_ops__kafka_gaps') }}

)

select * from gaps
