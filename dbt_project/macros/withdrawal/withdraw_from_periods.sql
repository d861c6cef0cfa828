{# Makes the days or months of the customers from whom something was withdrawn again, by the model's own query: from
   all that it has applied in them. Settings of the model: withdraw_period (day or month), withdraw_column (the
   column of the period), withdraw_instant (the instant by which its source is read). #}
{%- macro withdraw_from_periods(relation, model_sql, retracted, load_list) -%}
    {%- set unit = config.require('withdraw_period') -%}
    {%- set touched -%}
        select distinct customer_id, date_trunc('{{ unit }}', occurred_at at time zone 'UTC')::date as period_start
        from ({{ retracted }}) as r
    {%- endset -%}
    {%- set is_touched = touched_spans(config.require('withdraw_instant'), retracted, unit)
        ~ ' and customer_id in (select touched.customer_id from (' ~ touched ~ ') as touched)' -%}
    {%- set columns = model.columns.keys() | join(', ') -%}
    {%- call statement('remove') -%}
        delete from {{ relation }}
        where (customer_id, {{ config.require('withdraw_column') }}) in ({{ touched }})
    {%- endcall -%}
    {%- call statement('withdraw') -%}
        insert into {{ relation }} ({{ columns }})
        select {{ columns }} from (
        {{ model_sql
            | replace('load_id in ' ~ pending_loads() | trim, is_touched)
            | replace(pending_parts() | trim, applied_parts()) }}
        ) as made_again
        where (customer_id, {{ config.require('withdraw_column') }}) in ({{ touched }})
    {%- endcall -%}
{%- endmacro -%}
