{# Closes billing months one after another, each in a transaction of its own; the first that a gate refuses ends it.
   Run as finance: dbt run-operation close_periods --args
     '{periods: [{legal_entity_id: acme, period_start: 2026-09-01, closed_at: "2026-10-04 08:00:00+00"}]}' #}
{%- macro close_periods(periods) -%}
    {%- for period in periods -%}
        {%- do close_period(
            period.legal_entity_id,
            period.period_start,
            period.closed_at,
            waive_parked=period.get('waive_parked'),
            who=period.get('who')
        ) -%}
    {%- endfor -%}
{%- endmacro -%}
