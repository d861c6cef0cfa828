-- grain: one row per topic, topic_id, partition_number and first_offset
with

source_rows as (

    select
        topic,
        topic_id,
        partition_number,
        first_offset,
        next_offset,
        reason,
        found_at
    from {{ source('ops', 'kafka_gaps') }}

)

select * from source_rows
