{# Checks that the closed invoices are the sums of their lines, and records the close with the catalog version and
   the loads that it had seen; arguments are SQL literals. #}
{%- macro record_close(entity, period, closed) -%}
    {%- set faults = run_query(closed_total_faults(entity, period)) -%}
    {%- if faults.rows | length > 0 -%}
        {%- do exceptions.raise_compiler_error(
            'Invoice ' ~ faults.rows[0]['invoice_number'] ~ ' is not the sum of its lines; nothing was changed. '
            ~ 'Run the build with its tests and close again.'
        ) -%}
    {%- endif -%}
    {%- call statement('close', fetch_result=True) -%}
        insert into {{ source('ops', 'closes') }} (
            legal_entity_id, period_start, period_end, closed_at, catalog_version, applied_loads, invoice_count, line_count
        )
        select
            months.legal_entity_id,
            months.month_start,
            months.month_end,
            {{ closed }},
            months.catalog_version,
            (
                select coalesce(range_agg(int8range(applied.load_id, applied.load_id + 1)), '{}')
                from {{ source('ops', 'applied_loads') }} as applied
                where applied.model_name = 'fct_usage_events'
            ),
            count(invoices.invoice_key),
            coalesce(sum(invoices.line_count), 0)
        from {{ ref('int_billing_months') }} as months
        left join {{ ref('fct_invoices') }} as invoices
            on
                months.legal_entity_id = invoices.legal_entity_id
                and months.month_start = invoices.period_start
        where months.legal_entity_id = {{ entity }} and months.month_start = {{ period }}
        group by months.legal_entity_id, months.month_start, months.month_end, months.catalog_version
        returning invoice_count, line_count
    {%- endcall -%}
    {%- set recorded = load_result('close').table.rows[0] -%}
    {%- do log(
        'Closed ' ~ entity ~ ' ' ~ period ~ ': ' ~ recorded['invoice_count'] ~ ' invoices, '
        ~ recorded['line_count'] ~ ' lines.', info=True
    ) -%}
{%- endmacro -%}
