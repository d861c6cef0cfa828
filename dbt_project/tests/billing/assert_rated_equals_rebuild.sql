{{ config(tags=['whole_history']) }}
-- What rating keeps and makes again by customer is what it gives when everything is made anew.
{%- set queries = {} -%}
{%- if execute -%}
    {%- for row in run_query('select model_name, model_sql from ' ~ source('ops', 'replaced_models')) -%}
        {%- do queries.update({row['model_name']: row['model_sql']}) -%}
    {%- endfor -%}
{%- endif -%}
{% for node in graph.nodes.values() if node.config.materialized == 'replaced' and queries.get(node.name) -%}
    {%- set columns = [] -%}
    {%- for column in node.columns.values() -%}
        {%- do columns.append(column.name ~ '::' ~ column.data_type ~ ' as ' ~ column.name) -%}
    {%- endfor -%}
    {%- set columns = columns | join(', ') %}
    select
        '{{ node.name }}' as model_name,
        differing.customer_id,
        differing.side
    from (
        select
            'kept' as side,
            kept.customer_id
        from (
            select {{ columns }} from {{ node.relation_name }}
            except all
            select {{ columns }} from ({{ queries[node.name] }}) as made_anew
        ) as kept
        union all
        select
            'made anew' as side,
            anew.customer_id
        from (
            select {{ columns }} from ({{ queries[node.name] }}) as made_anew
            except all
            select {{ columns }} from {{ node.relation_name }}
        ) as anew
    ) as differing
    {{ 'union all' if not loop.last }}
{%- else %}
    select
        model_name,
        input_state as customer_id,
        'kept' as side
    from {{ ref('fct_replaced_models') }}
    where false
{%- endfor %}
-- depends_on: {{ ref('int_segments_measured') }}
-- depends_on: {{ ref('int_charges_rated') }}
-- depends_on: {{ ref('int_charge_tiers_rated') }}
