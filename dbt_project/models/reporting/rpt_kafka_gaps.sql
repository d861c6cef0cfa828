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
        found_at,
        next_offset - first_offset as missing_count
    from {{ ref('fct_kafka_gaps') }}

)

select * from gaps
