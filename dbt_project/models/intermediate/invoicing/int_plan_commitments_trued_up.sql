-- grain: one row per customer_id, subscription_id, plan_id and month_start that comes to less than its plan's minimum
with

plans as (

    select
        catalog_version,
        plan_id,
        plan_name,
        minimum_commitment_unrounded
    from {{ ref('stg_catalog__plans') }}
    where minimum_commitment_unrounded is not null

),

covered as (

    select
        segments.customer_id,
        segments.subscription_id,
        segments.plan_id,
        segments.month_start,
        segments.legal_entity_id,
        segments.catalog_version,
        plans.plan_name,
        segments.currency_code,
        segments.currency_exponent,
        segments.rounding_mode,
        plans.minimum_commitment_unrounded,
        max(segments.period_end - segments.period_start) as days_in_period,
        min(segments.service_start) as service_start,
        max(segments.service_end) as service_end
    from {{ ref('int_segments_measured') }} as segments
    inner join plans
        on
            segments.catalog_version = plans.catalog_version
            and segments.plan_id = plans.plan_id
    group by
        segments.customer_id,
        segments.subscription_id,
        segments.plan_id,
        segments.month_start,
        segments.legal_entity_id,
        segments.catalog_version,
        plans.plan_name,
        segments.currency_code,
        segments.currency_exponent,
        segments.rounding_mode,
        plans.minimum_commitment_unrounded

),

counted_lines as (

    select
        customer_id,
        subscription_id,
        plan_id,
        month_start,
        catalog_version,
        amount_minor
    from {{ ref('int_charges_rounded') }}
    union all
    select
        customer_id,
        subscription_id,
        plan_id,
        month_start,
        catalog_version,
        amount_minor
    from {{ ref('int_spend_limited') }}

),

sums as (

    select
        counted_lines.customer_id,
        counted_lines.subscription_id,
        counted_lines.plan_id,
        counted_lines.month_start,
        sum(counted_lines.amount_minor) as amount_minor
    from counted_lines
    inner join plans
        on
            counted_lines.catalog_version = plans.catalog_version
            and counted_lines.plan_id = plans.plan_id
    group by
        counted_lines.customer_id,
        counted_lines.subscription_id,
        counted_lines.plan_id,
        counted_lines.month_start

),

commitments as (

    select
        covered.*,
        coalesce(sums.amount_minor, 0) as amount_minor,
        (covered.minimum_commitment_unrounded * (covered.service_end - covered.service_start))::numeric(60, 30)
        / covered.days_in_period as commitment_exact
    from covered
    left join sums
        on
            covered.customer_id = sums.customer_id
            and covered.subscription_id = sums.subscription_id
            and covered.plan_id = sums.plan_id
            and covered.month_start = sums.month_start

),

true_ups as (

    select
        customer_id,
        subscription_id,
        plan_id,
        month_start,
        legal_entity_id,
        catalog_version,
        plan_name || ' (up to the minimum)' as label,
        currency_code,
        currency_exponent,
        ({{ to_minor_units('commitment_exact', 'currency_exponent', 'rounding_mode') }} - amount_minor)::bigint
            as amount_minor,
        service_start,
        service_end
    from commitments

)

select * from true_ups
where amount_minor > 0
