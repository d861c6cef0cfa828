-- grain: one row per load_id and delivery_id that is in quarantine
with

fates as (

    select
        load_id,
        delivery_id,
        customer_id,
        event_id,
        reason,
        detail,
        state,
        who,
        why,
        decided_at,
        replay_load_id,
        replay_delivery_id
    from {{ ref('int_quarantine_states') }}

),

rejected_lines as (

    select
        load_id,
        delivery_id,
        file_number,
        line_number,
        raw_text
    from {{ ref('stg_usage__rejected') }}

),

events as (

    select
        load_id,
        delivery_id,
        file_number,
        line_number,
        event_type,
        occurred_at,
        quantity,
        properties
    from {{ ref('stg_usage__events') }}

),

files as (

    select
        load_id,
        file_number,
        file_name
    from {{ ref('stg_ops__files') }}

),

-- a delivery that is an event keeps what it said; distinct, because a crash can land a delivery twice
quarantined_events as (

    select distinct on (fates.load_id, fates.delivery_id)
        fates.load_id,
        fates.delivery_id,
        events.file_number,
        events.line_number,
        jsonb_build_object(
            'customer_id', fates.customer_id,
            'event_id', fates.event_id,
            'event_type', events.event_type,
            'occurred_at', to_char(events.occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
            'quantity', events.quantity::text,
            'properties', events.properties
        )::text as raw_text
    from fates
    inner join events on fates.load_id = events.load_id and fates.delivery_id = events.delivery_id
    where fates.customer_id is not null
    order by fates.load_id, fates.delivery_id

),

texts as (

    select load_id, delivery_id, file_number, line_number, raw_text from quarantined_events
    union all
    select distinct load_id, delivery_id, file_number, line_number, raw_text from rejected_lines

),

quarantined as (

    select
        fates.load_id,
        fates.delivery_id,
        files.file_name,
        texts.line_number,
        fates.reason,
        fates.detail,
        fates.customer_id,
        fates.event_id,
        texts.raw_text,
        fates.state,
        fates.who,
        fates.why,
        fates.decided_at,
        fates.replay_load_id,
        fates.replay_delivery_id
    from fates
    left join texts on fates.load_id = texts.load_id and fates.delivery_id = texts.delivery_id
    left join files on fates.load_id = files.load_id and texts.file_number = files.file_number

)

select * from quarantined
