{# A table that a build makes again where what it is made from has changed; readers see the old rows or the new.

   config:
     primary_key        columns; made with the table
     opens_round        true for the one model that runs first: it finds out what has changed, and for whom

   One transaction: lock, rows of the touched customers out, theirs in, the round noted in ops.replaced_models. All
   models follow the same rounds, so each touches the customers of those that it has not followed; after other code,
   or when a round is for everybody, the whole table is made again. Two runs at once: the second waits for the lock,
   then finds nothing to do. The table is made from the contract; a contract that has changed makes it anew, and the
   views on it are made again by the same build. #}
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
    {%- if config.get('opens_round') -%}
        {%- do open_rating_round() -%}
    {%- endif -%}

    {%- set newest = run_query(
        'select round_id, input_state from ' ~ source('ops', 'rating_rounds') ~ ' order by round_id desc limit 1'
    ).rows -%}
    {%- set round = newest[0]['round_id'] if newest else 'null' -%}
    {#- without code_version (dbt run by hand) every run replaces -#}
    {%- set code = ', code ' ~ var('code_version', invocation_id) -%}
    {%- set state = (newest[0]['input_state'] if newest else 'none') ~ code -%}
    {%- set found = run_query(
        'select input_state, round_id from ' ~ source('ops', 'replaced_models')
        ~ ' where model_name = ' ~ quoted_literal(model.name)
    ).rows -%}
    {%- set known = found[0] if found and found[0]['input_state'].endswith(code) else none -%}
    {%- if newest and known is not none and known['round_id'] == round -%}
        {%- call noop_statement('main', 'nothing changed', 'NO-OP', 0) -%}{%- endcall -%}
    {%- else -%}
        {%- set touched = touched_customers(known, round) if newest else none -%}
        {%- do replace_rows(target_relation, sql, touched) -%}
        {%- call statement('note') -%}
            insert into {{ source('ops', 'replaced_models') }} (model_name, input_state, round_id, model_sql)
            values (
                {{ quoted_literal(model.name) }}, {{ quoted_literal(state) }}, {{ round }}, {{ quoted_literal(sql) }}
            )
            on conflict (model_name) do update set
                input_state = excluded.input_state,
                round_id = excluded.round_id,
                model_sql = excluded.model_sql,
                replaced_at = default
        {%- endcall -%}
        {%- do crash_point(model.name ~ '.before_commit') -%}
    {%- endif -%}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- do adapter.commit() -%}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
