{# Records the customers that a close leaves out, with who decided it and why; arguments are SQL literals. #}
{%- macro record_parked_customers(entity, period, closed, waived, who) -%}
    {%- call statement('parked') -%}
        insert into {{ source('ops', 'parked_customers') }} (
            legal_entity_id, period_start, customer_id, reason, who, why, closed_at
        )
        select {{ entity }}, {{ period }}, customer_id, reason, {{ who }}, {{ waived }}, {{ closed }}
        from ({{ parked_customers_of_month(entity, period) }}) as parked
    {%- endcall -%}
    {%- do crash_point('close.after_parked') -%}
{%- endmacro -%}
