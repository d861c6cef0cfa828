-- grain: one row per customer_id and event_id
{{
    config(
        materialized='load_applied',
        into='event_registry_0',
        pending='pending_landed_loads',
        before_insert='assert_landed_whole',
        after_insert='record_fates',
        row_counts='row_counts_of_lane',
        on_conflict={'keys': ['event_key_high', 'event_key_low', 'customer_id'], 'nothing': true},
        lane=0,
        crash_stage='admission.lane_0_',
        full_refresh=false,
        meta={'distribution': 'distributed'}
    )
}}
-- depends_on: {{ ref('stg_ops__loads') }}
-- depends_on: {{ ref('stg_usage__events') }}
-- depends_on: {{ ref('stg_usage__rejected') }}
-- depends_on: {{ ref('int_revisions_allowed') }}

with

admitted as (

    {{ deliveries_to_admit(lane=0) }}

)

select
    event_key_high,
    event_key_low,
    customer_id,
    payload_hash,
    load_id,
    delivery_id
from admitted
