{# A query of (problem, remedy): what stands against releasing a month of a customer; arguments are SQL literals. #}
{%- macro release_problems(entity, customer, period, released) -%}
    select
        'customer ' || {{ customer }} || ' was not left out of the close of ' || to_char({{ period }}, 'YYYY-MM')
        || ', or was released since' as problem,
        'release without a customer lists who waits' as remedy
    where
        not exists (
            select 1 from {{ ref('int_customer_months_left_out') }}
            where customer_id = {{ customer }} and month_start = {{ period }} and not is_released
        )
    union all
    select problem, remedy
    from ({{ close_gate_problems(entity, period, released) }}) as gates
    where gate = 'completeness'
    union all
    select
        'customer ' || {{ customer }} || ' is still parked, ' || reason,
        'mend that and run the build, then release'
    from {{ ref('int_customers_parked') }}
    where customer_id = {{ customer }} and month_start = {{ period }}
    union all
    select
        'an earlier month of customer ' || {{ customer }} || ' waits, ' || to_char(min(month_start), 'YYYY-MM'),
        'release it first'
    from {{ ref('int_customer_months_left_out') }}
    where customer_id = {{ customer }} and month_start < {{ period }} and not is_released
    having count(*) > 0
{%- endmacro -%}
