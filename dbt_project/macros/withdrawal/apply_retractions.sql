{# Takes what was withdrawn out of a load_applied model, in its transaction: what is decided and the model still
   holds, and what was taken out earlier of the loads that it just took again, for a new meter.
   Settings of the model: withdraw (the macro that does it), withdraw_after (ledgers that come first). #}
{%- macro apply_retractions(target_relation, model_sql, units) -%}
    {%- set ledger_name = model.name ~ '.retractions' -%}
    {%- set decided = run_query(pending_retractions(ledger_name)).columns[0].values() -%}
    {%- set loads = units | map(attribute='load_id') | unique | list -%}
    {%- if decided -%}
        {%- call statement('ledger') -%}
            insert into {{ source('ops', 'applied_loads') }} (model_name, load_id, row_count)
            select
                {{ quoted_literal(ledger_name) }},
                decided_load_id,
                count(*)
            from {{ source('ops', 'event_retractions') }}
            where decided_load_id in ({{ decided | join(', ') }})
            group by decided_load_id
        {%- endcall -%}
    {%- endif -%}
    {%- if decided or loads -%}
        {%- set retracted -%}
            select * from ({{ applied_retractions(ledger_name) }}) as retracted
            where
                retracted.decided_load_id in ({{ decided | join(', ') or 'null' }})
                or retracted.load_id in ({{ loads | join(', ') or 'null' }})
        {%- endset -%}
        {%- set retracted_loads = run_query('select distinct load_id from (' ~ retracted ~ ') as r order by 1') -%}
        {%- if retracted_loads.rows -%}
            {%- do run_query('set local enable_nestloop = on; set local enable_sort = on') -%}
            {%- do context[config.require('withdraw')](
                target_relation, model_sql, retracted, '(' ~ retracted_loads.columns[0].values() | join(', ') ~ ')'
            ) -%}
            {%- do crash_point(config.require('crash_stage') ~ 'after_withdrawal') -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro -%}
