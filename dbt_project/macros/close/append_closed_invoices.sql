{# Copies the drafts of the month into the closed tables and numbers the invoices; arguments are SQL literals,
   customer null for all. #}
{%- macro append_closed_invoices(entity, period, closed, customer='null::text') -%}
    {%- set chosen -%}
        legal_entity_id = {{ entity }} and period_start = {{ period }}
        and customer_id = coalesce({{ customer }}, customer_id)
    {%- endset -%}
    {%- call statement('invoices') -%}
        insert into {{ ref('fct_invoices') }} ({{ closed_columns('fct_invoices') }})
        select {{ closed_columns('fct_invoices') }}
        from ({{ invoices_to_issue(entity, period, closed, customer) }}) as issued
    {%- endcall -%}
    {%- do crash_point('close.after_invoices') -%}
    {%- call statement('number') -%}
        insert into {{ source('ops', 'invoice_number_series') }} as series (legal_entity_id, issue_year, last_number)
        select {{ entity }}, extract(year from {{ closed }} at time zone 'UTC')::integer, count(*)
        from {{ ref('fct_invoices') }}
        where {{ chosen }}
        on conflict (legal_entity_id, issue_year)
        do update set last_number = series.last_number + excluded.last_number
    {%- endcall -%}
    {%- do crash_point('close.after_number') -%}
    {%- for table, draft in [
        ('fct_invoice_line_tiers', 'int_invoice_line_tiers_drafted'),
        ('fct_invoice_taxes', 'int_invoice_taxes_drafted'),
        ('fct_invoice_line_taxes', 'int_line_taxes_drafted'),
        ('fct_credit_applications', 'int_credit_applications_drafted'),
        ('fct_invoice_lines', 'int_invoice_lines_drafted')
    ] -%}
        {%- call statement('copy_' ~ table) -%}
            insert into {{ ref(table) }} ({{ closed_columns(table) }})
            select {{ closed_columns(table) }}
            from {{ ref(draft) }}
            where
                period_start = {{ period }}
                and invoice_key in (select invoice_key from {{ ref('fct_invoices') }} where {{ chosen }})
        {%- endcall -%}
    {%- endfor -%}
    {%- do crash_point('close.after_lines') -%}
{%- endmacro -%}
