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
        waiting_count
    from {{ ref('fct_delivery_counts') }}

),

meters as (

    select
        meter_id,
        event_type
    from {{ ref('dim_meters') }}

),

by_door as (

    select
        'door' as grain,
        counts.source as label,
        counts.counted_on,
        sum(counts.received_count)::bigint as received_count,
        sum(counts.accepted_count)::bigint as accepted_count,
        sum(counts.duplicate_count)::bigint as duplicate_count,
        sum(counts.open_count)::bigint as open_count,
        sum(counts.replayed_count)::bigint as replayed_count,
        sum(counts.discarded_count)::bigint as discarded_count,
        sum(counts.conflicting_count)::bigint as conflicting_count,
        sum(counts.waiting_count)::bigint as waiting_count
    from counts
    group by label, counts.counted_on

),

by_unit as (

    select
        'unit' as grain,
        coalesce(counts.file_name, '(unknown)') as label,
        counts.counted_on,
        sum(counts.received_count)::bigint as received_count,
        sum(counts.accepted_count)::bigint as accepted_count,
        sum(counts.duplicate_count)::bigint as duplicate_count,
        sum(counts.open_count)::bigint as open_count,
        sum(counts.replayed_count)::bigint as replayed_count,
        sum(counts.discarded_count)::bigint as discarded_count,
        sum(counts.conflicting_count)::bigint as conflicting_count,
        sum(counts.waiting_count)::bigint as waiting_count
    from counts
    group by label, counts.counted_on

),

by_customer as (

    select
        'customer' as grain,
        coalesce(nullif(counts.customer_id, ''), '(no event)') as label,
        counts.counted_on,
        sum(counts.received_count)::bigint as received_count,
        sum(counts.accepted_count)::bigint as accepted_count,
        sum(counts.duplicate_count)::bigint as duplicate_count,
        sum(counts.open_count)::bigint as open_count,
        sum(counts.replayed_count)::bigint as replayed_count,
        sum(counts.discarded_count)::bigint as discarded_count,
        sum(counts.conflicting_count)::bigint as conflicting_count,
        sum(counts.waiting_count)::bigint as waiting_count
    from counts
    group by label, counts.counted_on

),

by_meter as (

    select
        'meter' as grain,
        coalesce(meters.meter_id, '(no meter)') as label,
        counts.counted_on,
        sum(counts.received_count)::bigint as received_count,
        sum(counts.accepted_count)::bigint as accepted_count,
        sum(counts.duplicate_count)::bigint as duplicate_count,
        sum(counts.open_count)::bigint as open_count,
        sum(counts.replayed_count)::bigint as replayed_count,
        sum(counts.discarded_count)::bigint as discarded_count,
        sum(counts.conflicting_count)::bigint as conflicting_count,
        sum(counts.waiting_count)::bigint as waiting_count
    from counts
    left join meters on counts.event_type = meters.event_type
    group by label, counts.counted_on

),

by_day as (

    select
        'day' as grain,
        coalesce(counts.usage_date::text, '(no event)') as label,
        counts.counted_on,
        sum(counts.received_count)::bigint as received_count,
        sum(counts.accepted_count)::bigint as accepted_count,
        sum(counts.duplicate_count)::bigint as duplicate_count,
        sum(counts.open_count)::bigint as open_count,
        sum(counts.replayed_count)::bigint as replayed_count,
        sum(counts.discarded_count)::bigint as discarded_count,
        sum(counts.conflicting_count)::bigint as conflicting_count,
        sum(counts.waiting_count)::bigint as waiting_count
    from counts
    group by label, counts.counted_on

),

balance as (

    select
        grain,
        label,
        counted_on,
        received_count,
        accepted_count,
        duplicate_count,
        open_count,
        replayed_count,
        discarded_count,
        conflicting_count,
        waiting_count
    from by_door

    union all

    select
        grain,
        label,
        counted_on,
        received_count,
        accepted_count,
        duplicate_count,
        open_count,
        replayed_count,
        discarded_count,
        conflicting_count,
        waiting_count
    from by_unit

    union all

    select
        grain,
        label,
        counted_on,
        received_count,
        accepted_count,
        duplicate_count,
        open_count,
        replayed_count,
        discarded_count,
        conflicting_count,
        waiting_count
    from by_customer

    union all

    select
        grain,
        label,
        counted_on,
        received_count,
        accepted_count,
        duplicate_count,
        open_count,
        replayed_count,
        discarded_count,
        conflicting_count,
        waiting_count
    from by_meter

    union all

    select
        grain,
        label,
        counted_on,
        received_count,
        accepted_count,
        duplicate_count,
        open_count,
        replayed_count,
        discarded_count,
        conflicting_count,
        waiting_count
    from by_day

)

select * from balance
