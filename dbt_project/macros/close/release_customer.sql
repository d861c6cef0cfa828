{# Closes the invoices of a customer that the close of a month left out, once nothing stands against them: numbered
   next in the series, frozen, in one transaction. Run as finance: dbt run-operation release_customer --args
     '{legal_entity_id: acme, customer_id: c1, period_start: 2026-09-01, who: ada,
       released_at: "2026-10-08 08:00:00+00"}' #}
{%- macro release_customer(legal_entity_id, customer_id, period_start, released_at, who) -%}
    {%- set entity = quoted_literal(legal_entity_id | string) -%}
    {%- set customer = quoted_literal(customer_id | string) -%}
    {%- set period = quoted_literal(period_start | string) ~ '::date' -%}
    {%- set released = quoted_literal(released_at | string) ~ '::timestamptz' -%}
    {%- call statement('begin') -%}
        commit; begin isolation level repeatable read
    {%- endcall -%}
    {%- do run_query('lock table ' ~ source('ops', 'invoice_number_series') ~ ' in exclusive mode') -%}
    {%- do run_query("set local timezone to 'UTC'") -%}
    {%- do refuse_problems(release_problems(entity, customer, period, released), 'The customer was not released.') -%}
    {%- do append_closed_invoices(entity, period, released, customer) -%}
    {%- set faults = run_query(closed_total_faults(entity, period)) -%}
    {%- if faults.rows | length > 0 -%}
        {%- do exceptions.raise_compiler_error(
            'Invoice ' ~ faults.rows[0]['invoice_number'] ~ ' is not the sum of its lines; nothing was changed.'
        ) -%}
    {%- endif -%}
    {%- call statement('release') -%}
        insert into {{ source('ops', 'releases') }} (
            legal_entity_id, period_start, customer_id, who, catalog_version, applied_loads, invoice_count, line_count,
            released_at
        )
        select
            {{ entity }},
            {{ period }},
            {{ customer }},
            {{ quoted_literal(who | string) }},
            (select max(catalog_version) from {{ source('ops', 'catalog_versions') }} where state = 'landed'),
            (
                select coalesce(range_agg(int8range(applied.load_id, applied.load_id + 1)), '{}')
                from {{ source('ops', 'applied_loads') }} as applied
                where applied.model_name = 'fct_usage_events'
            ),
            count(*),
            coalesce(sum(line_count), 0),
            {{ released }}
        from {{ ref('fct_invoices') }}
        where legal_entity_id = {{ entity }} and period_start = {{ period }} and customer_id = {{ customer }}
    {%- endcall -%}
    {%- do crash_point('release.before_commit') -%}
    {%- do adapter.commit() -%}
{%- endmacro -%}
