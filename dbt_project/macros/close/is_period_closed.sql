{# Whether the legal entity has closed the month; arguments are SQL literals. #}
{%- macro is_period_closed(entity, period) -%}
    {%- set found = run_query(
        'select count(*) as close_count from ' ~ source('ops', 'closes')
        ~ ' where legal_entity_id = ' ~ entity ~ ' and period_start = ' ~ period
    ) -%}
    {{ return(found.rows[0]['close_count'] | int > 0) }}
{%- endmacro -%}
