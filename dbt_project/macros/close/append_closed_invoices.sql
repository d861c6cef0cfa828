{# Copies the drafts of the month into the closed tables and numbers the invoices, without gaps, in the order of
   their customers; arguments are SQL literals. #}
{%- macro append_closed_invoices(entity, period, closed) -%}
    {%- set drafts -%}
        from {{ ref('int_invoices_drafted') }} as invoices
        where invoices.legal_entity_id = {{ entity }} and invoices.period_start = {{ period }}
    {%- endset -%}
    {%- call statement('number') -%}
        insert into {{ source('ops', 'invoice_number_series') }} as series (legal_entity_id, issue_year, last_number)
        select {{ entity }}, extract(year from {{ closed }} at time zone 'UTC')::integer, count(*)
        {{ drafts }}
        on conflict (legal_entity_id, issue_year)
        do update set last_number = series.last_number + excluded.last_number
    {%- endcall -%}
    {%- do crash_point('close.after_number') -%}
    {%- call statement('invoices') -%}
        insert into {{ ref('fct_invoices') }} ({{ closed_columns('fct_invoices') }})
        select
            invoices.invoice_key,
            entities.invoice_number_prefix || '-' || series.issue_year || '-' || case
                when numbered.number < 1000000 then lpad(numbered.number::text, 6, '0')
                else numbered.number::text
            end,
            invoices.legal_entity_id,
            invoices.legal_entity_name,
            invoices.customer_id,
            invoices.customer_name,
            invoices.country_code,
            invoices.currency_code,
            invoices.currency_exponent,
            invoices.catalog_version,
            invoices.line_count,
            invoices.total_minor,
            invoices.adjustment_minor,
            invoices.period_start,
            invoices.period_end,
            ({{ closed }} at time zone 'UTC')::date + invoices.payment_terms_days,
            {{ closed }}
        from (
            select
                invoices.*,
                count(*) over () as invoice_count,
                row_number() over (order by invoices.customer_id, invoices.currency_code) as position
            {{ drafts }}
        ) as invoices
        inner join {{ ref('stg_catalog__legal_entities') }} as entities
            on
                invoices.catalog_version = entities.catalog_version
                and invoices.legal_entity_id = entities.legal_entity_id
        inner join {{ source('ops', 'invoice_number_series') }} as series
            on
                invoices.legal_entity_id = series.legal_entity_id
                and series.issue_year = extract(year from {{ closed }} at time zone 'UTC')::integer
        cross join lateral (
            select series.last_number - invoices.invoice_count + invoices.position as number
        ) as numbered
    {%- endcall -%}
    {%- do crash_point('close.after_invoices') -%}
    {%- for table, draft in [
        ('fct_invoice_line_tiers', 'int_invoice_line_tiers_drafted'), ('fct_invoice_lines', 'int_invoice_lines_drafted')
    ] -%}
        {%- call statement('copy_' ~ table) -%}
            insert into {{ ref(table) }} ({{ closed_columns(table) }})
            select {{ closed_columns(table) }}
            from {{ ref(draft) }}
            where
                period_start = {{ period }}
                and invoice_key in (
                    select invoice_key from {{ ref('fct_invoices') }}
                    where legal_entity_id = {{ entity }} and period_start = {{ period }}
                )
        {%- endcall -%}
    {%- endfor -%}
    {%- do crash_point('close.after_lines') -%}
{%- endmacro -%}
