{# The customers whose rows of a model are to be made again, as an array in SQL; none when it is all of them.
   known: the model's row of ops.replaced_models, or none; newest: the newest round. #}
{%- macro touched_customers(known, newest) -%}
    {%- if known is none or known['round_id'] is none -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set rounds = run_query(
        'select bool_or(round_id = ' ~ known['round_id'] ~ ') as is_followed,'
        ~ ' bool_or(customer_ids is null and round_id > ' ~ known['round_id'] ~ ') as is_everybody'
        ~ ' from ' ~ source('ops', 'rating_rounds') ~ ' where round_id <= ' ~ newest
    ).rows[0] -%}
    {%- if not rounds['is_followed'] or rounds['is_everybody'] -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set touched = run_query(
        "select quote_literal(coalesce(array_agg(customer_id order by customer_id), '{}')::text) || '::text[]' as ids"
        ~ ' from (select distinct unnest(customer_ids) as customer_id from ' ~ source('ops', 'rating_rounds')
        ~ ' where round_id > ' ~ known['round_id'] ~ ' and round_id <= ' ~ newest ~ ') as named'
    ) -%}
    {{ return(touched.rows[0]['ids']) }}
{%- endmacro -%}
