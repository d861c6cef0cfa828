-- grain: one row per customer_id, contract_id and month_start whose interval comes to less than its minimum
with

intervals as (

    select
        customer_id,
        contract_id,
        month_start,
        legal_entity_id,
        catalog_version,
        label,
        currency_code,
        currency_exponent,
        rounding_mode,
        interval_start,
        interval_end,
        -- 30 decimals: enough that the division can't move an amount over a rounding boundary
        (minimum_commitment_unrounded * (interval_end - interval_start))::numeric(60, 30)
        / (full_interval_end - interval_start) as commitment_exact
    from {{ ref('int_contract_intervals_dated') }}

),

counted_lines as (

    select
        customer_id,
        month_start,
        currency_code,
        amount_minor
    from {{ ref('int_charges_rounded') }}
    union all
    select
        customer_id,
        month_start,
        currency_code,
        amount_minor
    from {{ ref('int_spend_limited') }}
    union all
    select
        customer_id,
        month_start,
        currency_code,
        amount_minor
    from {{ ref('int_plan_commitments_trued_up') }}

),

sums as (

    select
        intervals.customer_id,
        intervals.contract_id,
        intervals.month_start,
        sum(counted_lines.amount_minor) as amount_minor
    from intervals
    inner join counted_lines
        on
            intervals.customer_id = counted_lines.customer_id
            and intervals.currency_code = counted_lines.currency_code
            and intervals.interval_start <= counted_lines.month_start
            and intervals.interval_end > counted_lines.month_start
    group by intervals.customer_id, intervals.contract_id, intervals.month_start

),

true_ups as (

    select
        intervals.customer_id,
        intervals.contract_id,
        intervals.month_start,
        intervals.legal_entity_id,
        intervals.catalog_version,
        intervals.label,
        intervals.currency_code,
        intervals.currency_exponent,
        (
            {{ to_minor_units(
                'intervals.commitment_exact', 'intervals.currency_exponent', 'intervals.rounding_mode'
            ) }} - coalesce(sums.amount_minor, 0)
        )::bigint as amount_minor,
        intervals.interval_start as service_start,
        intervals.interval_end as service_end
    from intervals
    left join sums
        on
            intervals.customer_id = sums.customer_id
            and intervals.contract_id = sums.contract_id
            and intervals.month_start = sums.month_start

)

select * from true_ups
where amount_minor > 0
