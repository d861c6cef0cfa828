{# A query of every delivery of some loads that a lane did not accept, with its fate and reason. Lines that are no
   event have no key: lane 0 has them. #}
{%- macro fates_of_deliveries(load_list, lane) -%}
    {%- set has_revisions = run_query(
        'select exists (select 1 from ' ~ source('ops', 'event_revisions') ~ ')'
    ).rows[0][0] -%}
    with accepted as (
        select
            load_id,
            delivery_id
        from {{ registry_of_lane(lane) }}
        where load_id in {{ load_list }}
        union all
        select
            load_id,
            delivery_id
        from {{ source('ops', 'event_revisions') }}
        where load_id in {{ load_list }} and {{ is_in_lane('event_key_high', lane) }}
    ),

    refused as (
        select judged.*
        from {{ ref('int_usage_events_judged') }} as judged
        where
            judged.load_id in {{ load_list }}
            and {{ is_in_lane('judged.event_key_high', lane) }}
            and not exists (
                select 1 from accepted
                where
                    accepted.load_id = judged.load_id
                    and accepted.delivery_id = judged.delivery_id
            )
    )

    select
        refused.load_id,
        refused.delivery_id,
        refused.customer_id,
        refused.event_id,
        case
            when refused.quarantine_reason is null and refused.payload_hash = registry.payload_hash then 'duplicate'
            else 'quarantined'
        end as fate,
        case
            when refused.quarantine_reason is not null then refused.quarantine_reason
            when refused.payload_hash = registry.payload_hash then 'duplicate'
            else 'conflicting_duplicate'
        end as reason,
        coalesce(refused.quarantine_detail, 'first delivered as ' || registry.delivery_id) as detail,
        case when refused.quarantine_reason is null then registry.delivery_id end as first_delivery_id
    from refused
    left join lateral (
        -- one look-up by key for each of the few refused deliveries; a join could read the whole registry
        select
            known.payload_hash,
            known.delivery_id
        from (
            {{ accepted_payloads('refused', has_revisions) }}
        ) as known
        {%- if has_revisions %}
        order by (known.payload_hash = refused.payload_hash) desc, known.load_id, known.delivery_id
        {%- endif %}
        limit 1
    ) as registry on true
    {%- if lane == 0 %}
    union all
    select
        load_id,
        delivery_id,
        null,
        null,
        'quarantined',
        reason,
        detail,
        null
    from {{ source('raw_usage', 'rejected') }}
    where load_id in {{ load_list }}
    {%- endif %}
{%- endmacro -%}
