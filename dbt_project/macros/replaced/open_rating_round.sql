{# Opens a round of rating when what it reads has changed since the last one: notes the loads that it now sees and
   the customers whose usage they brought; null where everybody may be touched, because the catalog or the months
   changed, or because they are too many to name. Runs in the transaction of the first model that is replaced. #}
{%- macro open_rating_round() -%}
    {%- set state = run_query(rating_input_state()).rows[0]['input_state'] -%}
    {%- set last = run_query(
        'select input_state from ' ~ source('ops', 'rating_rounds') ~ ' order by round_id desc limit 1'
    ) -%}
    {%- if not last.rows or last.rows[0]['input_state'] != state -%}
        {%- set seen = run_query(rated_loads_to_note()) -%}
        {%- set loads = seen.columns['load_id'].values() | map('int') | unique | sort | list -%}
        {%- set others = state.split(', catalog version ')[1] -%}
        {%- set is_usage_only = last.rows and last.rows[0]['input_state'].split(', catalog version ')[1] == others -%}
        {%- call statement('open_round') -%}
            insert into {{ source('ops', 'rating_rounds') }} (input_state, customer_ids)
            select {{ quoted_literal(state) }}, {{ customers_of_loads(loads) if is_usage_only else 'null::text[]' }}
        {%- endcall -%}
        {%- call statement('forget_rounds') -%}
            delete from {{ source('ops', 'rating_rounds') }}
            where round_id < (select max(round_id) - 1000 from {{ source('ops', 'rating_rounds') }})
        {%- endcall -%}
    {%- endif -%}
{%- endmacro -%}
