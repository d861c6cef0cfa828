{# Says what a close of the month would do, as JSON in the log, and changes nothing: every gate with what stands
   against it, the totals by currency, the first invoices; arguments are SQL literals. #}
{%- macro report_dry_run(entity, period, closed, waived) -%}
    {%- set gates -%}
        select gates.gate, problems.problem, problems.remedy
        from (values
            (1, 'billing month'), (2, 'completeness'), (3, 'grace period'), (4, 'order'), (5, 'reconciliation'),
            (6, 'parked customers')
        ) as gates (position, gate)
        left join ({{ close_gate_problems(entity, period, closed, waived) }}) as problems on gates.gate = problems.gate
        order by gates.position
    {%- endset -%}
    {%- set totals -%}
        select
            currency_code, currency_exponent, count(*) as invoice_count, sum(line_count) as line_count,
            sum(total_minor) as total_minor
        from ({{ invoices_to_issue(entity, period, closed) }}) as issued
        group by currency_code, currency_exponent
        order by currency_code
    {%- endset -%}
    {%- set invoices -%}
        select invoice_number, customer_id, customer_name, currency_code, currency_exponent, line_count, total_minor
        from ({{ invoices_to_issue(entity, period, closed) }}) as issued
        order by position
        limit 20
    {%- endset -%}
    {%- for name, query in [('gates', gates), ('totals', totals), ('invoices', invoices)] -%}
        {%- set rows = run_query(
            'select coalesce(jsonb_agg(to_jsonb(found)), jsonb_build_array())::text as document from ('
            ~ query ~ ') as found'
        ) -%}
        {%- do log('dry run ' ~ name ~ ': ' ~ rows.rows[0]['document'], info=True) -%}
    {%- endfor -%}
{%- endmacro -%}
