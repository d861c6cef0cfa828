-- grain: one row per grain, label and counted_on
with

counts as (

    select
        customer_id,
        event_type,
        source,
        file_name,
        usage_date,
        counted_on,
        received_count,
        accepted_count,
        duplicate_count,
        open_count,
        replayed_count,
        discarded_count,
        conflicting_count,
        withdrawn_count,
        waiting_count
    from {{ ref('fct_delivery_counts') }}

),

meters as (

    select
        meter_id,
        event_type
    from {{ ref('dim_meters') }}

),

labelled as (

    select
        labels.grain,
        labels.label,
        counts.counted_on,
        counts.received_count,
        counts.accepted_count,
        counts.duplicate_count,
        counts.open_count,
        counts.replayed_count,
        counts.discarded_count,
        counts.conflicting_count,
        counts.withdrawn_count,
        counts.waiting_count
    from counts
    cross join lateral (
        values
        ('door', counts.source),
        ('unit', coalesce(counts.file_name, '(unknown)')),
        ('customer', coalesce(nullif(counts.customer_id, ''), '(no event)')),
        ('day', coalesce(counts.usage_date::text, '(no event)'))
    ) as labels (grain, label)

    union all

    select
        'meter' as grain,
        coalesce(meters.meter_id, '(no meter)') as label,
        counts.counted_on,
        counts.received_count,
        counts.accepted_count,
        counts.duplicate_count,
        counts.open_count,
        counts.replayed_count,
        counts.discarded_count,
        counts.conflicting_count,
        counts.withdrawn_count,
        counts.waiting_count
    from counts
    left join meters on counts.event_type = meters.event_type

),

balance as (

    select
        grain,
        label,
        counted_on,
        sum(received_count)::bigint as received_count,
        sum(accepted_count)::bigint as accepted_count,
        sum(duplicate_count)::bigint as duplicate_count,
        sum(open_count)::bigint as open_count,
        sum(replayed_count)::bigint as replayed_count,
        sum(discarded_count)::bigint as discarded_count,
        sum(conflicting_count)::bigint as conflicting_count,
        sum(withdrawn_count)::bigint as withdrawn_count,
        sum(waiting_count)::bigint as waiting_count
    from labelled
    group by grain, label, counted_on

)

select * from balance
