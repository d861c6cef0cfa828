{# Inserts rows that are most likely new: as they are first, which costs a third less, and by the conflict clause
   where one of them is not. The rows come sorted by key, so the more there are that are not new, the sooner it is
   noticed. insert_sql gives each key once. #}
{%- macro insert_new_rows(insert_sql, conflict_clause) -%}
    do $insert_new_rows$
    begin
        {{ insert_sql }};
    exception when unique_violation then
        {{ insert_sql }}
        {{ conflict_clause }};
    end
    $insert_new_rows$
{%- endmacro -%}
