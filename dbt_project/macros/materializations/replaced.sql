{# A table that a build replaces whole when what it is made from has changed; readers see the old rows or the new.

   config:
     primary_key        columns; made with the table

   One transaction: lock, rows out, rows in, the state of the inputs noted in ops.replaced_models. Two runs at
   once: the second waits for the lock, then finds nothing to do. The table is made from the contract; a
   contract that has changed makes it anew, and the views on it are made again by the same build. #}
{% materialization replaced, adapter='postgres' %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- call statement('lock') -%}
        select pg_advisory_xact_lock(hashtextextended('{{ target_relation }}', 0))
    {%- endcall -%}
    {%- call statement('plan') -%}
        -- joins of several keys look like a handful of rows to the planner, which would loop over them
        set local enable_nestloop = off
    {%- endcall -%}
    {%- do drop_changed_table(target_relation, model) -%}
    {%- do create_load_applied_table(target_relation, model) -%}

    {#- without code_version (dbt run by hand) every run replaces -#}
    {%- set state = run_query(rating_input_state()).rows[0]['input_state']
        ~ ', code ' ~ var('code_version', invocation_id) -%}
    {%- set known = run_query(
        'select input_state from ' ~ source('ops', 'replaced_models')
        ~ ' where model_name = ' ~ quoted_literal(model.name)
    ) -%}
    {%- if known.rows and known.rows[0]['input_state'] == state -%}
        {%- call noop_statement('main', 'nothing changed', 'NO-OP', 0) -%}{%- endcall -%}
    {%- else -%}
        {%- set columns = model.columns.keys() | join(', ') -%}
        {%- call statement('remove') -%}
            delete from {{ target_relation }}
        {%- endcall -%}
        {%- call statement('main') -%}
            insert into {{ target_relation }} ({{ columns }})
            select {{ columns }} from (
            {{ sql }}
            ) as replacing_rows
        {%- endcall -%}
        {%- call statement('note') -%}
            insert into {{ source('ops', 'replaced_models') }} (model_name, input_state)
            values ({{ quoted_literal(model.name) }}, {{ quoted_literal(state) }})
            on conflict (model_name) do update set input_state = excluded.input_state, replaced_at = default
        {%- endcall -%}
        {%- do run_query('analyze ' ~ target_relation) -%}
        {%- do crash_point(model.name ~ '.before_commit') -%}
    {%- endif -%}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- do adapter.commit() -%}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
