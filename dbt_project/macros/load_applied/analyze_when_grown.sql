{# Renews the planner's statistics of a table that grew by more than a fifth in this transaction; small loads
   leave it to autovacuum, so that their cost does not follow the size of the table. #}
{%- macro analyze_when_grown(relation, rows_added) -%}
    {%- set known = run_query(
        "select coalesce(sum(greatest(reltuples, 0)), 0)::bigint as row_count from pg_class where oid in ("
        ~ "select relid from pg_partition_tree('" ~ relation ~ "'))"
    ) -%}
    {%- if (rows_added or 0) * 5 > known.rows[0]['row_count'] | int -%}
        {%- do run_query('analyze ' ~ relation) -%}
    {%- endif -%}
{%- endmacro -%}
