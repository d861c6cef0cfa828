{# Puts the pending loads into a load_applied table and the ledger; runs inside the model's transaction.
   units: list of {part, load_id, ledger_name}. #}
{%- macro apply_pending_units(target_relation, model_sql, units) -%}
    {%- set stage = config.require('crash_stage') -%}
    {%- set loads = units | map(attribute='load_id') | unique | sort | list -%}
    {%- set load_list = '(' ~ loads | join(', ') ~ ')' -%}
    {%- if config.get('partition_by') -%}
        {%- do create_month_partitions(
            target_relation, context[config.require('partition_months')](load_list)
        ) -%}
    {%- endif -%}
    {%- if config.get('before_insert') -%}
        {%- do context[config.get('before_insert')](load_list) -%}
    {%- endif -%}

    {%- set columns = model.columns.keys() | join(', ') -%}
    {%- set rows_sql = model_sql
        | replace(pending_loads() | trim, load_list)
        | replace(pending_parts() | trim, '(values ' ~ pending_part_values(units) ~ ')') -%}
    {%- set insert_sql -%}
        insert into {{ target_relation }} as applied ({{ columns }})
        select {{ columns }} from (
        {{ rows_sql }}
        ) as pending_rows
    {%- endset -%}
    {%- call statement('main') -%}
        {%- if config.get('into') -%}
            {{ insert_new_rows(insert_sql, on_conflict_clause()) }}
        {%- else -%}
            {{ insert_sql }}
            {{ on_conflict_clause() }}
        {%- endif -%}
    {%- endcall -%}
    {%- if config.get('after_insert') -%}
        {%- do context[config.get('after_insert')](target_relation, load_list) -%}
    {%- endif -%}

    {%- call statement('ledger') -%}
        insert into {{ source('ops', 'applied_loads') }} (model_name, load_id, row_count)
        select
            units.ledger_name,
            units.load_id,
            coalesce(counts.row_count, 0)
        from (values {{ pending_unit_values(units) }}) as units (ledger_name, part, load_id)
        left join ({{ context[config.require('row_counts')](target_relation, load_list) }}) as counts
            on units.part is not distinct from counts.part
            and units.load_id = counts.load_id
    {%- endcall -%}
    {%- if not config.get('into') -%}
        {%- do analyze_when_grown(target_relation, load_result('main').response.rows_affected) -%}
    {%- endif -%}
    {%- do crash_point(stage ~ 'before_commit') -%}
{%- endmacro -%}
