{# An append-only table that takes each load exactly once.

   config:
     applied_by         'load' (default), or 'close': only made here, filled by close_period
     pending            macro that gives SQL for the (part, load_id) pairs still to apply
     partition_by       timestamptz column; monthly range partitions in UTC, made before the insert
     partition_months   macro that gives SQL for the months of the pending rows
     before_insert      macro that runs in the same transaction before the insert (assertions)
     after_insert       macro that runs in the same transaction after the insert (fates, assertions)
     row_counts         macro that gives SQL for (part, load_id, row_count) of the ledger rows
     into               table of schema ops that takes the rows; the model makes none of its own then
     on_conflict        {keys, add, greatest, newest}: adds to rows that exist instead of failing;
                        {keys, nothing}: leaves them
     primary_key        columns; made with the table
     aggregation        which meters a model of one aggregation counts
     groups_by_hash     true: the model groups rows of the loads into far fewer
     brin               column of a BRIN index; made with the table
     withdraw           macro that takes withdrawn events out again; see apply_retractions
     crash_stage        prefix of the crash points

   One transaction: lock, what is pending, partitions, rows, ledger. Two runs at once: the second waits for
   the lock, then finds nothing to do. A killed run leaves nothing. --full-refresh is refused. #}
{% materialization load_applied, adapter='postgres' %}
    {%- set target_relation = source('ops', config.get('into')) if config.get('into')
        else this.incorporate(type='table') -%}
    {%- if flags.FULL_REFRESH -%}
        {%- do exceptions.raise_compiler_error(
            model.name ~ ' is append-only and holds what can not be made again from here: --full-refresh is refused. '
            ~ 'Run the build without --full-refresh; to compare it with a rebuild, run the test assert_aggregates_equal_rebuild.'
        ) -%}
    {%- endif -%}

    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- call statement('lock') -%}
        select pg_advisory_xact_lock(hashtextextended('{{ this }}', 0))
    {%- endcall -%}
    {%- call statement('plan') -%}
        -- a load that has just arrived is not in the planner's statistics: it would expect a handful of rows and
        -- loop over all of them for each other one
        set local enable_nestloop = off;
        {% if config.get('groups_by_hash') -%}
            -- it can't know either how few groups there will be, and would sort all rows by text
            set local enable_sort = off;
            -- many groups of a long load are still few bytes beside its events: they stay in memory
            set local hash_mem_multiplier = 8
        {%- endif %}
    {%- endcall -%}
    {%- if not config.get('into') -%}
        {%- do create_load_applied_table(target_relation, model) -%}
    {%- endif -%}

    {%- set units = [] -%}
    {%- if config.get('applied_by', 'load') == 'load' -%}
        {%- set units = pending_units(context[config.require('pending')]()) -%}
    {%- endif -%}
    {%- if units | length == 0 -%}
        {%- call noop_statement('main', 'nothing pending', 'NO-OP', 0) -%}{%- endcall -%}
    {%- else -%}
        {%- do apply_pending_units(target_relation, sql, units) -%}
    {%- endif -%}
    {%- if config.get('withdraw') -%}
        {%- do apply_retractions(target_relation, sql, units) -%}
    {%- endif -%}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- do adapter.commit() -%}
    {{ return({'relations': [] if config.get('into') else [target_relation]}) }}
{% endmaterialization %}
