{# A query of (gate, problem, remedy): what stands against closing the month; arguments are SQL literals. waived: why
   parked customers are left out, null when they stand against the close. #}
{%- macro close_gate_problems(entity, period, closed, waived='null::text') -%}
    select
        'billing month' as gate,
        'legal entity ' || {{ entity }} || ' has no billing month that starts on ' || {{ period }} as problem,
        'give a legal entity of the catalog and the first day of a month between its first subscription and its '
        || 'newest usage' as remedy
    where
        not exists (
            select 1 from {{ ref('int_billing_months') }}
            where legal_entity_id = {{ entity }} and month_start = {{ period }} and not is_ahead
        )
    union all
    select
        'completeness',
        count(*) || ' landed loads are not in the aggregates yet (' || min(load_id) || ' is the first)',
        'run the build, then close'
    from {{ ref('fct_loads') }}
    where not is_fully_applied
    having count(*) > 0
    union all
    select
        'completeness',
        'the drafts are not those of the newest usage and catalog (' || string_agg(names.model_name, ', ') || ')',
        'run the build, then close'
    from (
        values
        ('int_segments_measured'),
        ('int_charges_rated'),
        ('int_charge_tiers_rated'),
        ('int_spend_limited'),
        ('int_lines_agreed'),
        ('int_discounts_scheduled'),
        ('int_discounts_allocated')
    ) as names (model_name)
    cross join ({{ rating_input_state() }}) as current_state
    left join {{ source('ops', 'replaced_models') }} as replaced on names.model_name = replaced.model_name
    where split_part(replaced.input_state, ', months to ', 1)
        is distinct from split_part(current_state.input_state, ', months to ', 1)
    having count(*) > 0
    union all
    select
        'grace period',
        'the grace period of ' || entities.grace_period_days || ' days ends at '
        || to_char(months.month_end + entities.grace_period_days, 'YYYY-MM-DD') || ' 00:00 UTC, after closed_at',
        'close with a later closed_at, or shorten grace_period_days in the catalog'
    from {{ ref('int_billing_months') }} as months
    inner join {{ ref('stg_catalog__legal_entities') }} as entities
        on
            months.catalog_version = entities.catalog_version
            and months.legal_entity_id = entities.legal_entity_id
    where
        months.legal_entity_id = {{ entity }}
        and months.month_start = {{ period }}
        and {{ closed }} < (months.month_end + entities.grace_period_days)::timestamp at time zone 'UTC'
    union all
    select
        'order',
        'earlier months with usage are open: ' || string_agg(open_months.month_name, ', ' order by open_months.month_name),
        'close them first, in order'
    from (
        select distinct to_char(months.month_start, 'YYYY-MM') as month_name
        from {{ ref('int_billing_months') }} as months
        inner join {{ ref('agg_usage_monthly') }} as monthly_usage on months.month_start = monthly_usage.usage_month
        inner join {{ ref('int_customers_known') }} as customers
            on
                monthly_usage.customer_id = customers.customer_id
                and months.legal_entity_id = customers.legal_entity_id
        where
            months.legal_entity_id = {{ entity }}
            and months.month_start < {{ period }}
            and not months.is_closed
    ) as open_months
    having count(*) > 0
    union all
    select
        'reconciliation',
        count(*) || ' differences in the usage of the month; the first: ' || min(faults.difference),
        'find it with ./meterhouse reconcile, and report it'
    from ({{ month_usage_faults(entity, period) }}) as faults
    having count(*) > 0
    union all
    select
        'parked customers',
        count(*) || ' customers are parked; the first: ' || min(parked.customer_id || ', ' || parked.reason),
        'mend them and run the build, or close without them, --waive-parked REASON'
    from ({{ parked_customers_of_month(entity, period) }}) as parked
    where {{ waived }} is null
    having count(*) > 0
{%- endmacro -%}
