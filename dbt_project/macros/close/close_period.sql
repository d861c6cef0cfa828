{# Closes a billing month of a legal entity: copies its drafts, numbers and freezes them, in one transaction.
   Run as finance: dbt run-operation close_period --args
     '{legal_entity_id: acme, period_start: 2026-09-01, closed_at: "2026-10-04 08:00:00+00"}'
   A month that is closed already is left alone, and the log says so. Gates that fail stop the close before
   anything is written. With dry_run, nothing is written at all: the log says what a close would do. With
   waive_parked, parked customers are left out, and why and who decided it are recorded. #}
{%- macro close_period(legal_entity_id, period_start, closed_at, dry_run=false, waive_parked=none, who=none) -%}
    {%- set entity = quoted_literal(legal_entity_id | string) -%}
    {%- set period = quoted_literal(period_start | string) ~ '::date' -%}
    {%- set closed = quoted_literal(closed_at | string) ~ '::timestamptz' -%}
    {%- set waived = quoted_literal(waive_parked) -%}
    {# dbt's own COMMIT before an operation leaves the driver without a transaction: begin one of ours #}
    {%- call statement('begin') -%}
        commit; begin isolation level repeatable read
    {%- endcall -%}
    {# a lock that is taken before the snapshot: a close that had to wait sees what the other one did #}
    {%- do run_query('lock table ' ~ source('ops', 'invoice_number_series') ~ ' in exclusive mode') -%}
    {%- do run_query("set local timezone to 'UTC'") -%}
    {# joins of several keys look like a handful of rows to the planner, which would loop over them #}
    {%- do run_query('set local enable_nestloop = off') -%}
    {%- if is_period_closed(entity, period) -%}
        {%- do log('Already closed: ' ~ legal_entity_id ~ ' ' ~ period_start ~ '. Nothing was changed.', info=True) -%}
    {%- elif dry_run -%}
        {%- do report_dry_run(entity, period, closed, waived) -%}
    {%- else -%}
        {%- do refuse_problems(
            close_gate_problems(entity, period, closed, waived), 'The month can not be closed; nothing was changed.'
        ) -%}
        {%- do record_parked_customers(entity, period, closed, waived, quoted_literal(who)) -%}
        {%- do append_closed_invoices(entity, period, closed) -%}
        {%- do record_close(entity, period, closed) -%}
        {%- do crash_point('close.before_commit') -%}
    {%- endif -%}
    {%- do adapter.commit() -%}
{%- endmacro -%}
