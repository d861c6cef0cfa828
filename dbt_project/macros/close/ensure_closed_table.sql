{# Makes a table of closed rows when it is missing, and extends it by what it lacks, from the contract of its
   model; for the views that read what is closed while they are made before the table's own model runs. #}
{%- macro ensure_closed_table(model_name) -%}
    {%- if execute -%}
        {%- set node = graph.nodes['model.' ~ project_name ~ '.' ~ model_name] -%}
        {%- set relation = api.Relation.create(
            database=node.database, schema=node.schema, identifier=node.name, type='table'
        ) -%}
        {%- do run_query("select pg_advisory_xact_lock(hashtextextended('" ~ relation ~ "', 0))") -%}
        {%- do create_load_applied_table(relation, node) -%}
    {%- endif -%}
    select 1
{%- endmacro -%}
